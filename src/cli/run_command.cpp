#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/run_view.h"
#include "cli/session.h"

namespace penstock::cli {
namespace {

struct RunOptionsGiven {
  std::vector<std::string> syncs;
  RunRequest request;
  bool full = false, baseline = false;
};

// Shows progress: a line that is rewritten on a terminal, JSON with --json, else a plain line now and then.
class ProgressDisplay {
 public:
  ProgressDisplay(const Globals& globals, Loop& loop) : globals_(globals), loop_(loop) {}

  void show(const RunProgress& progress) {
    const Instant now = loop_.now();
    if (globals_.json) {
      if (now - last_ < 1s) return;
      last_ = now;
      fmt::print("{}\n", progress_json(progress, now));
      std::fflush(stdout);
    } else if (globals_.quiet) {
      return;
    } else if (globals_.terminal.live) {
      std::fprintf(stderr, "\r\x1b[K%s", progress_line(progress, now, globals_.terminal).c_str());
    } else if (now - last_ >= 10s && now - progress.started >= 10s) {
      last_ = now;
      std::fprintf(stderr, "%s\n", progress_line(progress, now, globals_.terminal).c_str());
    }
  }
  void clear() {
    if (globals_.terminal.live && !globals_.json && !globals_.quiet) std::fputs("\r\x1b[K", stderr);
  }

 private:
  const Globals& globals_;
  Loop& loop_;
  Instant last_{};
};

// Of several syncs the worst exit counts.
int worse(int a, int b) {
  static constexpr int kOrder[] = {kDone, kPartial, kStopped, kFailed, kUsage, kInterrupted, kTerminated};
  const auto rank = [](int exit) {
    return std::find(std::begin(kOrder), std::end(kOrder), exit) - std::begin(kOrder);
  };
  return rank(a) >= rank(b) ? a : b;
}

int run(const Globals& globals, const RunOptionsGiven& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto syncs = choose_syncs(globals, *workspace, given.syncs);
  if (syncs.empty()) return kUsage;
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  ProgressDisplay display(globals, (*session)->loop());
  int exit = kDone;
  for (const auto* sync : syncs) {
    declare::Diagnostics diagnostics;
    auto parts = (*session)->parts([&](const RunProgress& progress) { display.show(progress); });
    auto report = (*session)->loop().run(run_sync(std::move(parts), *sync, given.request, diagnostics));
    display.clear();
    if (!report.ok()) {
      exit = worse(exit, !diagnostics.ok() ? print_diagnostics(globals, diagnostics)
                                           : print_error(globals, report.error()));
    } else {
      fmt::print("{}", globals.json ? report_json(*report) + "\n" : report_text(*report, globals.terminal));
      std::fflush(stdout);
      exit = worse(exit, exit_of(*report, (*session)->signal()));
    }
    if ((*session)->signal() != 0) return interrupted_exit((*session)->signal());
  }
  return exit;
}

}  // namespace

void add_run(Door door) {
  auto* command = door.app.add_subcommand("run", "Plan and deliver: send what has changed");
  command->footer(
      "Exit codes: 0 all accepted, 1 failed, 2 configuration, 3 some rows rejected or invalid, 4 stopped by "
      "a guard.\n"
      "Examples:\n  penstock run\n  penstock run customers_to_crm --limit 10\n  penstock run "
      "customers_to_crm --baseline");
  auto given = std::make_shared<RunOptionsGiven>();
  command->add_option("SYNC", given->syncs, "Syncs to run; all of them when none is named");
  auto* full = command->add_flag("--full", given->full, "Send every row again");
  command->add_flag("--baseline", given->baseline, "Take the model as already sent; send nothing")
      ->excludes(full);
  auto* limit = command->add_option("--limit", given->request.limit, "Send at most so many rows")
                    ->check(CLI::PositiveNumber);
  command->add_option("--key", given->request.key, "Only this row; parts of a longer key separated by commas")
      ->excludes(limit);
  command->callback([door, given] {
    if (given->full) given->request.kind = RunKind::full;
    if (given->baseline) given->request.kind = RunKind::baseline;
    door.run = [door, given] { return run(door.globals, *given); };
  });
}

void add_retry(Door door) {
  auto* command = door.app.add_subcommand("retry", "Try waiting rows of a sync now");
  command->footer(
      "Rows that were refused wait until they change, or their time comes. This tries them at once,\n"
      "together with whatever else has changed.");
  auto given = std::make_shared<RunOptionsGiven>();
  command->add_option("SYNC", given->syncs, "The sync")->required();
  given->request.kind = RunKind::retry;
  command->callback([door, given] { door.run = [door, given] { return run(door.globals, *given); }; });
}

}  // namespace penstock::cli
