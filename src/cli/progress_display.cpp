#include "cli/progress_display.h"

#include <cstdio>

#include "cli/run_view.h"

namespace penstock::cli {
namespace {

constexpr size_t kLinesMax = 8;  // of runs at once on a terminal

}  // namespace

void ProgressDisplay::show(const RunProgress& progress) {
  const Instant now = loop_.now();
  Shown& shown = runs_[progress.sync];
  shown.progress = progress;
  if (globals_.json) {
    if (now - shown.last < 1s) return;
    shown.last = now;
    std::fprintf(stdout, "%s\n", progress_json(progress, now).c_str());
    std::fflush(stdout);
  } else if (is_live()) {
    if (now - drawn_ < 100ms) return;
    draw();
  } else if (!globals_.quiet && now - shown.last >= 10s && now - progress.started >= 10s) {
    shown.last = now;
    std::fprintf(stderr, "%s\n", progress_line(progress, now, globals_.terminal).c_str());
  }
}

void ProgressDisplay::forget(const std::string& sync) {
  wipe();
  runs_.erase(sync);
}

void ProgressDisplay::draw() {
  wipe();
  drawn_ = loop_.now();
  std::string text;
  for (const auto& [sync, shown] : runs_) {
    if (lines_drawn_ == kLinesMax && runs_.size() > kLinesMax) {
      text += (lines_drawn_++ > 0 ? "\n" : "") +
              ("and " + count(runs_.size() - kLinesMax, "more run", "more runs"));
      break;
    }
    text += (lines_drawn_++ > 0 ? "\n" : "") + progress_line(shown.progress, drawn_, globals_.terminal);
  }
  std::fputs(text.c_str(), stderr);
}

// The cursor stands at the end of the last line.
void ProgressDisplay::wipe() {
  if (lines_drawn_ == 0) return;
  std::string text = "\r\x1b[K";
  for (; lines_drawn_ > 1; --lines_drawn_) text += "\x1b[A\x1b[K";
  lines_drawn_ = 0;
  std::fputs(text.c_str(), stderr);
}

}  // namespace penstock::cli
