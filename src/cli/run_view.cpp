#include "cli/run_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/session.h"
#include "declare/json.h"
#include "run/as_json.h"

namespace penstock::cli {
namespace {

std::string bar(uint64_t done, uint64_t of, size_t width) {
  const size_t filled = of == 0 ? width : std::min<size_t>(width, done * width / of);
  std::string out;
  for (size_t i = 0; i < width; ++i) out += i < filled ? "\u2588" : "\u2591";
  return out;
}

uint64_t ended(const DeliveryProgress& delivery) {
  return delivery.outcomes.sent() + delivery.outcomes.failed;
}

double rows_a_second(const RunProgress& progress, Instant now) {
  const double seconds = in_seconds(now - progress.started);
  return seconds > 0 ? static_cast<double>(ended(progress.delivery)) / seconds : 0;
}

}  // namespace

std::string progress_line(const RunProgress& progress, Instant now, const Terminal& terminal) {
  const std::string elapsed = duration(in_seconds(now - progress.started));
  switch (progress.stage) {
    case RunStage::opening:
      return fmt::format("{}: opening the source  {}", progress.sync, elapsed);
    case RunStage::planning:
      return fmt::format("{}: comparing  {}", progress.sync, elapsed);
    case RunStage::settling:
      return fmt::format("{}: recording  {}", progress.sync, elapsed);
    case RunStage::delivering:
      break;
  }
  const uint64_t done = ended(progress.delivery), total = progress.plan.to_send;
  const double rate = rows_a_second(progress, now);
  std::string line =
      fmt::format("{}: {} {} of {} rows", progress.sync, bar(done, total, terminal.width > 100 ? 24 : 12),
                  number(done), number(total));
  if (progress.delivery.outcomes.rejected > 0)
    line += styled(fmt::format("  {} rejected", number(progress.delivery.outcomes.rejected)), Style::red,
                   terminal.colour_err);
  if (rate >= 1) line += fmt::format("  {} rows/s", number(static_cast<uint64_t>(rate)));
  if (progress.delivery.throttled > 0) line += fmt::format("  throttled {}×", progress.delivery.throttled);
  for (const auto& [job_number, job] : progress.delivery.jobs) {
    line += fmt::format("  job {}: {}", job.id, job.state.empty() ? "begun" : job.state);
    if (job.processed)
      line += fmt::format(", {} of {} rows", number(*job.processed), number(job.total.value_or(job.rows)));
    if (progress.delivery.jobs.size() > 1)
      line += fmt::format("  (and {} more)", progress.delivery.jobs.size() - 1);
    break;
  }
  if (rate > 0 && done > 0 && done < total)
    line += fmt::format("  {} left", duration(static_cast<double>(total - done) / rate));
  return line;
}

std::string progress_json(const RunProgress& progress, Instant now) {
  declare::JsonWriter json;
  json.begin_object()
      .key("event")
      .text("progress")
      .key("run")
      .text(progress.run)
      .key("sync")
      .text(progress.sync);
  json.key("stage").text(name_of(progress.stage));
  json.key("to_send").integer(static_cast<int64_t>(progress.plan.to_send));
  json.key("accepted").integer(static_cast<int64_t>(progress.delivery.outcomes.accepted));
  json.key("rejected").integer(static_cast<int64_t>(progress.delivery.outcomes.rejected));
  json.key("requests").integer(static_cast<int64_t>(progress.delivery.requests));
  if (!progress.delivery.jobs.empty()) {
    json.key("jobs").begin_array();
    for (const auto& [number, job] : progress.delivery.jobs) {
      json.begin_object().key("id").text(job.id).key("state").text(job.state);
      json.key("rows").integer(static_cast<int64_t>(job.rows));
      if (job.processed) json.key("processed").integer(static_cast<int64_t>(*job.processed));
      json.end_object();
    }
    json.end_array();
  }
  json.key("seconds").raw(fmt::format("{:.1f}", in_seconds(now - progress.started)));
  add_waits(json, progress);
  return json.end_object().str();
}

namespace {

struct Verdict {
  const char* mark;
  Style style;
};

Verdict verdict_of(std::string_view status) {
  if (status == "succeeded") return {"✓", Style::green};
  if (status == "partial" || status == "interrupted") return {"!", Style::yellow};
  return {"✗", Style::red};
}

void append_counts(std::string& out, const RunRow& run, const Terminal& terminal) {
  const auto part = [&](uint64_t value, std::string_view word, Style style) {
    if (value == 0) return;
    out += fmt::format("{}{}", out.ends_with("  ") ? "" : ", ",
                       styled(fmt::format("{} {}", number(value), word), style, terminal.colour_out));
  };
  part(run.accepted, "accepted", Style::green);
  part(run.rejected, "rejected", Style::red);
  part(run.skipped, "skipped", Style::plain);
  part(run.in_doubt, "in doubt", Style::yellow);
  part(run.failed, "not delivered", Style::red);
  part(run.invalid, "invalid", Style::red);
  part(run.waiting, "waiting", Style::yellow);
  part(run.unchanged, "unchanged", Style::dim);
}

}  // namespace

namespace {

// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string report_text(const RunReport& report, const Terminal& terminal) {
  const RunRow& run = report.run;
  const Verdict verdict = verdict_of(run.status);
  std::string out = fmt::format("{} {} {}  ", styled(verdict.mark, verdict.style, terminal.colour_out),
                                styled(run.sync, Style::bold, terminal.colour_out), run.status);
  append_counts(out, run, terminal);
  if (run.kind == "baseline") out += fmt::format(", {} rows taken as sent", number(run.added + run.changed));
  out +=
      styled(fmt::format("  {}, {}\n", count(run.requests, "request", "requests"), duration(run.seconds())),
             Style::dim, terminal.colour_out);
  if (!run.approved_by.empty())
    out += styled(fmt::format("  approved by {}\n", run.approved_by), Style::dim, terminal.colour_out);
  if (report.equal > 0)
    out += styled(fmt::format("  {} said so already there, and {} not written\n",
                              count(report.equal, "row", "rows"), report.equal == 1 ? "was" : "were"),
                  Style::dim, terminal.colour_out);
  if (report.kept_fields > 0)
    out += styled(fmt::format("  {} of others left alone (penstock log {} tells which)\n",
                              count(report.kept_fields, "value", "values"), run.run),
                  Style::dim, terminal.colour_out);
  for (const auto& note : report.notes)
    out += styled("  note: " + note + "\n", Style::dim, terminal.colour_out);
  if (report.error) {
    out += fmt::format("  {} {}\n", styled("error:", Style::red, terminal.colour_out), report.error->message);
    if (!report.error->remedy.empty())
      out += styled("  → " + report.error->remedy + "\n", Style::dim, terminal.colour_out);
  }
  if (report.guard) {
    out += fmt::format("  {} {}\n",
                       styled(fmt::format("guard {}:", report.guard->guard), Style::red, terminal.colour_out),
                       report.guard->message);
    out += styled("  → " + report.guard->remedy + "\n", Style::dim, terminal.colour_out);
  }
  for (const auto& group : report.refused) {
    out += fmt::format("  {} {} {}\n",
                       styled(fmt::format("{:>8}×", number(group.rows)), Style::red, terminal.colour_out),
                       styled(group.code, Style::bold, terminal.colour_out), shortened(group.message, 110));
    out += styled(fmt::format("            key {}{}\n", fmt::join(group.keys, ", "),
                              group.rows > group.keys.size() ? ", …" : ""),
                  Style::dim, terminal.colour_out);
  }
  for (size_t i = 0; i < std::min<size_t>(3, report.invalid.size()); ++i)
    out += fmt::format("  {} key {}: {}\n", styled("invalid", Style::red, terminal.colour_out),
                       report.invalid[i].key, report.invalid[i].reason);
  if (!report.refused.empty()) {
    const auto& group = report.refused[0];
    out += styled(fmt::format("  next: penstock trace {} {}   or   penstock log {} --rejected\n", run.sync,
                              group.keys.empty() ? "KEY" : shell_word(group.keys[0]), run.run),
                  Style::dim, terminal.colour_out);
  }
  return out;
}

std::string not_begun_text(const EndedSync& ended, const Terminal& terminal) {
  return fmt::format("{} {} not run  it follows '{}', which did not come to its end\n",
                     styled("-", Style::yellow, terminal.colour_out),
                     styled(ended.sync.name, Style::bold, terminal.colour_out), ended.because);
}

int exit_of(const RunReport& report, int signal) {
  const std::string& status = report.run.status;
  if (status == "succeeded") return kDone;
  if (status == "partial") return kPartial;
  if (status == "interrupted") return interrupted_exit(signal);
  return status == "stopped" ? kStopped : kFailed;
}

}  // namespace penstock::cli
