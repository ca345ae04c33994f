#include "cli/history_view.h"

#include <fmt/format.h>

#include "declare/json.h"
#include "declare/units.h"
#include "run/doubt.h"
#include "run/warehouse_side.h"

namespace penstock::cli {
namespace {

using declare::JsonWriter;

void add_count(JsonWriter& json, const char* name, uint64_t value) {
  json.key(name).integer(static_cast<int64_t>(value));
}

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

std::string run_json(const RunRow& run) {
  JsonWriter json;
  json.begin_object()
      .key("run")
      .text(run.run)
      .key("sync")
      .text(run.sync)
      .key("status")
      .text(run.status)
      .key("kind")
      .text(run.kind);
  json.key("started").text(iso8601(run.started));
  if (run.finished)
    json.key("finished")
        .text(iso8601(*run.finished))
        .key("seconds")
        .raw(fmt::format("{:.3f}", run.seconds()));
  const std::pair<const char*, uint64_t> counts[] = {
      {"rows", run.rows},         {"added", run.added},         {"changed", run.changed},
      {"removed", run.removed},   {"unchanged", run.unchanged}, {"invalid", run.invalid},
      {"waiting", run.waiting},   {"sent", run.sent},           {"accepted", run.accepted},
      {"rejected", run.rejected}, {"skipped", run.skipped},     {"in_doubt", run.in_doubt},
      {"failed", run.failed},     {"requests", run.requests},   {"throttled", run.throttled}};
  for (const auto& [name, value] : counts) add_count(json, name, value);
  json.text_if("error", run.error).text_if("confirmed", run.confirmed);
  return json.text_if("plan", run.plan).text_if("approved_by", run.approved_by).end_object().str();
}

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

Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync, RunStore* store) {
  SyncStatus status{.sync = sync.name,
                    .destination = *sync.destination,
                    .object = *sync.object,
                    .mode = std::string(config::name_of(*sync.mode)),
                    .last = {},
                    .fresh_at = {},
                    .schedule = {},
                    .next = {}};
  status.paused = sync.paused;
  auto counts = state_counts(workspace, sync.name);
  if (!counts.ok()) return counts.error();
  status.accepted = counts->current;
  status.waiting = counts->waiting;
  if (status.waiting > 0) {
    auto in_doubt = count_in_doubt(workspace, sync.name);
    if (!in_doubt.ok()) return in_doubt.error();
    status.in_doubt = *in_doubt;
  }
  if (store != nullptr) {
    auto runs = store->list(sync.name, 50);
    if (!runs.ok()) return runs.error();
    if (!runs->empty()) status.last = runs->front();
    for (const auto& run : *runs)
      if (!status.fresh_at && (run.status == "succeeded" || run.status == "partial"))
        status.fresh_at = run.started;
  }
  if (sync.schedule && sync.schedule->every) {
    status.schedule = "every " + declare::show(*sync.schedule->every);
    if (status.last) status.next = status.last->started + *sync.schedule->every;
  } else if (sync.schedule && sync.schedule->cron) {
    status.schedule = "cron";
  } else if (sync.schedule) {
    for (const auto& after : sync.schedule->after)
      status.schedule += (status.schedule.empty() ? "after " : ", ") + *after;
  }
  return status;
}

std::string status_json(const SyncStatus& status) {
  JsonWriter json;
  json.begin_object()
      .key("sync")
      .text(status.sync)
      .key("destination")
      .text(status.destination)
      .key("object")
      .text(status.object);
  json.key("mode").text(status.mode).key("paused").boolean(status.paused);
  add_count(json, "accepted", status.accepted);
  add_count(json, "waiting", status.waiting);
  add_count(json, "in_doubt", status.in_doubt);
  if (status.last) json.key("last_run").raw(run_json(*status.last));
  if (status.fresh_at) json.key("fresh_at").text(iso8601(*status.fresh_at));
  json.text_if("schedule", status.schedule);
  if (status.next) json.key("next_run").text(iso8601(*status.next));
  return json.end_object().str();
}

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

std::string operation_json(const OperationRow& row) {
  JsonWriter json;
  json.begin_object()
      .key("run")
      .text(row.run)
      .key("sync")
      .text(row.sync)
      .key("key")
      .text(row.key)
      .key("change")
      .text(row.change);
  json.key("operation").text(row.operation).key("outcome").text(row.outcome);
  json.key("attempt").integer(static_cast<int64_t>(row.attempt)).key("status").integer(row.status);
  if (row.error_code.empty() && row.error_message.empty())
    json.key("error").raw("null");
  else
    json.key("error")
        .begin_object()
        .key("code")
        .text(row.error_code)
        .key("message")
        .text(row.error_message)
        .end_object();
  json.key("at").text(row.at).key("latency_ms").raw(fmt::format("{:.1f}", row.latency_ms));
  json.text_if("record_id", row.record_id).text_if("why", row.why);
  if (row.created) json.key("created").boolean(true);
  if (!row.payload.empty()) json.key("payload").raw(row.payload);
  if (!row.kept.empty()) json.key("kept").raw(row.kept);
  return json.end_object().str();
}

namespace {

std::string waiting_text(const Waiting& waiting, Time now) {
  switch (waiting.kind) {
    case Waiting::Kind::in_doubt:
      return "sent, and the reply never came: held until a person decides (penstock settle)";
    case Waiting::Kind::held:
      return "a run that wrote it was undone: held until the row changes, or a person releases it (penstock "
             "retry)";
    default:
      break;
  }
  const char* what = waiting.kind == Waiting::Kind::nothing_to_do      ? "no record to write to"
                     : waiting.kind == Waiting::Kind::removal_rejected ? "its removal was refused"
                                                                       : "refused";
  const std::string when =
      waiting.next_try <= now ? "with the next run" : "in " + duration(in_seconds(waiting.next_try - now));
  return fmt::format(
      "{} {} time{}: waits until the row, the mapping or the connector changes; tried again {}, or now with "
      "penstock retry",
      what, waiting.attempts, waiting.attempts == 1 ? "" : "s", when);
}

std::string standing(const Trace& trace, Time now) {
  if (!trace.state) return trace.operations.empty() ? "never sent" : "not at the destination because of us";
  const KeyState& state = *trace.state;
  std::string text;
  if (state.accepted && *state.accepted == kUnknownPayload)
    text = "what the destination holds is not known: the next run sends it again";
  else if (state.gone)
    text = "accepted; the row has left the model since (on_removed: ignore)";
  else if (state.accepted)
    text = "accepted: nothing is sent until the row changes";
  if (state.waiting())
    text += (text.empty() ? "" : "; the newest payload: ") + waiting_text(*state.details->waiting, now);
  return text;
}

void append_request(std::string& out, const RequestRow& request, const Terminal& terminal) {
  const auto dim = [&](const std::string& text) { out += styled(text, Style::dim, terminal.colour_out); };
  dim(fmt::format("      {} {}  ({} rows, {:.0f} ms)\n", request.method, request.url, request.rows,
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
  for (const auto& [row, request] : trace.operations) {
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
    if (request) append_request(out, *request, terminal);
  }
  return out + fmt::format("\n  {} {}\n", styled("now:", Style::bold, colour), standing(trace, now));
}

std::string trace_json(const config::Sync& sync, const Trace& trace, Time now) {
  JsonWriter json;
  json.begin_object().key("sync").text(sync.name).key("key").text(trace.key).key("operations").begin_array();
  for (const auto& [row, request] : trace.operations) {
    json.begin_object();
    const std::string operation = operation_json(row);
    json.members(operation);
    if (request) {
      json.key("request").begin_object().key("method").text(request->method).key("url").text(request->url);
      json.key("rows").integer(static_cast<int64_t>(request->rows)).key("status").integer(request->status);
      json.text_if("body", request->request_body)
          .text_if("reply", request->reply_body)
          .text_if("error", request->error)
          .end_object();
    }
    json.end_object();
  }
  json.end_array().key("now").text(standing(trace, now));
  if (trace.state && trace.state->waiting()) {
    const Waiting& waiting = *trace.state->details->waiting;
    json.key("waiting")
        .begin_object()
        .key("attempts")
        .integer(waiting.attempts)
        .key("since")
        .text(iso8601(waiting.since));
    json.key("next_try")
        .text(iso8601(waiting.next_try))
        .text_if("code", waiting.code)
        .text_if("message", waiting.message)
        .end_object();
  }
  return json.end_object().str();
}

}  // namespace penstock::cli
