#include "cli/history_view.h"

#include <fmt/format.h>

namespace penstock::cli {
namespace {

std::string status_word(const std::string& status, const Terminal& terminal) {
  const Style style = status == "succeeded"                                                   ? Style::green
                      : status == "partial" || status == "interrupted" || status == "running" ? Style::yellow
                                                                                              : Style::red;
  const char* mark = status == "succeeded" ? "✓ "
                     : status == "running" ? "… "
                     : status == "partial" ? "! "
                                           : "✗ ";
  return styled(mark + status, style, terminal.colour_out);
}

// What was special about a run: " (full, confirmed max_removed)".
std::string remarks(const RunRow& run) {
  std::vector<std::string> all;
  if (run.kind != "run") all.push_back(run.kind);
  if (!run.confirmed.empty()) all.push_back("confirmed " + run.confirmed);
  if (!run.plan.empty())
    all.push_back(run.approved_by.empty() ? "a plan file" : "a plan approved by " + run.approved_by);
  return all.empty() ? "" : fmt::format(" ({})", fmt::join(all, ", "));
}

}  // namespace

std::string runs_table(const std::vector<RunRow>& runs, Time now, const Terminal& terminal) {
  Table table(
      {"run", "sync", "status", "started", "took", "rows", "sent", "accepted", "rejected", "requests"});
  for (const auto& run : runs)
    table.add({run.run, run.sync, status_word(run.status, terminal) + remarks(run), ago(run.started, now),
               run.finished ? duration(run.seconds()) : "", number(run.rows), number(run.sent),
               number(run.accepted), number(run.rejected), number(run.requests)});
  return table.text(terminal);
}

// ---- status

static std::string waiting_text(const SyncStatus& status) {
  if (status.in_doubt == 0) return number(status.waiting);
  return fmt::format("{} ({} in doubt)", number(status.waiting), number(status.in_doubt));
}

std::string status_table(const std::vector<SyncStatus>& all, Time now, const Terminal& terminal) {
  Table table({"sync", "destination", "last run", "fresh", "there", "waiting", "next"});
  for (const auto& one : all) {
    std::string next = one.paused ? "paused" : one.schedule.empty() ? "on request" : one.schedule;
    if (!one.paused && one.next)
      next = *one.next <= now ? "due" : "in " + duration(in_seconds(*one.next - now));
    table.add(
        {one.sync, fmt::format("{} {}", one.destination, one.object),
         one.last ? fmt::format("{} {}", status_word(one.last->status, terminal), ago(one.last->started, now))
                  : "never",
         one.fresh_at ? ago(*one.fresh_at, now) : "", number(one.accepted), waiting_text(one), next});
  }
  return table.text(terminal);
}

// ---- operations and rows

namespace {

void append_request(std::string& out, const RequestRow& request, const Terminal& terminal) {
  const auto dim = [&](const std::string& text) { out += styled(text, Style::dim, terminal.colour_out); };
  dim(fmt::format("      {}  {} {}  ({} rows, {}, {:.0f} ms)\n", request.at, request.method, request.url,
                  request.rows, request.status == 0 ? "no reply" : fmt::format("status {}", request.status),
                  request.latency_ms));
  if (!request.request_body.empty()) dim(fmt::format("      → {}\n", shortened(request.request_body, 400)));
  if (!request.reply_body.empty()) dim(fmt::format("      ← {}\n", shortened(request.reply_body, 400)));
  if (!request.error.empty()) dim(fmt::format("      ← {}\n", request.error));
}

// A long payload is shown by its beginning; trace --json has all of it.
constexpr size_t kPayloadShown = 2000;

}  // namespace

std::string trace_text(const config::Sync& sync, const Trace& trace, Time now, const Terminal& terminal) {
  const bool colour = terminal.colour_out;
  std::string out = fmt::format("{} key {}\n", styled(sync.name, Style::bold, colour),
                                styled(trace.key, Style::bold, colour));
  for (const auto& [row, request, tries, before, was_read] : trace.operations) {
    const Style style = row.outcome == "accepted"  ? Style::green
                        : row.outcome == "skipped" ? Style::plain
                                                   : Style::red;
    out += fmt::format("\n  {}  run {}\n    {} {}: {}{}\n", row.at, row.run, row.change,
                       row.why.empty() ? "" : fmt::format("({})", row.why),
                       styled(fmt::format("{} {}", row.operation, row.outcome), style, colour),
                       row.attempt > 1 ? fmt::format(" after {} attempts", row.attempt) : "");
    if (!row.error_code.empty() || !row.error_message.empty())
      out += fmt::format("    {} {}\n", styled(row.error_code, Style::red, colour), row.error_message);
    if (!row.payload.empty()) out += fmt::format("    payload {}\n", shortened(row.payload, kPayloadShown));
    if (!row.kept.empty())
      out += fmt::format("    {} {}\n", styled("left to others", Style::yellow, colour),
                         shortened(row.kept, 400));
    if (!row.record_id.empty())
      out += fmt::format("    record {}{}\n", row.record_id, row.created ? ", made by this" : "");
    if (!before.empty())
      out += fmt::format("    before  {}{}\n", shortened(before, kPayloadShown),
                         was_read ? " (read there)" : "");
    for (const auto& earlier : tries) append_request(out, earlier, terminal);
    if (request) append_request(out, *request, terminal);
  }
  return out + fmt::format("\n  {} {}\n", styled("now:", Style::bold, colour), standing(trace, now));
}

}  // namespace penstock::cli
