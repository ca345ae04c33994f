#include <fmt/format.h>

#include "base/spoken.h"
#include "declare/json.h"
#include "run/as_json.h"

namespace penstock {
namespace {

using declare::JsonWriter;

void add_count(JsonWriter& json, std::string_view name, uint64_t value) {
  json.key(name).integer(static_cast<int64_t>(value));
}

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

}  // namespace

std::string standing(const Trace& trace, Time now) {
  if (!trace.state) return trace.operations.empty() ? "never sent" : "not at the destination because of us";
  const KeyState& state = *trace.state;
  std::string text;
  if (state.waiting() && state.details->waiting->kind == Waiting::Kind::in_doubt &&
      (!state.accepted || *state.accepted == kUnknownPayload))
    return waiting_text(*state.details->waiting, now);
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
  for (const auto& [name, value] : kRunCounts) add_count(json, name, run.*value);
  json.text_if("error", run.error).text_if("confirmed", run.confirmed);
  return json.text_if("plan", run.plan).text_if("approved_by", run.approved_by).end_object().str();
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

std::string request_json(const RequestRow& request) {
  JsonWriter json;
  json.begin_object().key("number").integer(static_cast<int64_t>(request.number));
  json.text_if("operation", request.operation)
      .key("method")
      .text(request.method)
      .key("url")
      .text(request.url);
  json.key("rows").integer(static_cast<int64_t>(request.rows)).key("status").integer(request.status);
  json.key("at").text(request.at).key("latency_ms").raw(fmt::format("{:.1f}", request.latency_ms));
  if (!request.request_headers.empty()) json.key("headers").raw(request.request_headers);
  json.text_if("body", request.request_body);
  if (!request.reply_headers.empty()) json.key("reply_headers").raw(request.reply_headers);
  return json.text_if("reply", request.reply_body).text_if("error", request.error).end_object().str();
}

std::string trace_json(const config::Sync& sync, const Trace& trace, Time now) {
  JsonWriter json;
  json.begin_object().key("sync").text(sync.name).key("key").text(trace.key).key("operations").begin_array();
  for (const auto& traced : trace.operations) {
    json.begin_object();
    const std::string operation = operation_json(traced.operation);
    json.members(operation);
    if (!traced.before.empty())
      json.key("before")
          .raw(traced.before)
          .key("before_from")
          .text(traced.before_was_read ? "destination" : "accepted");
    if (traced.request) json.key("request").raw(request_json(*traced.request));
    if (!traced.tries.empty()) {
      json.key("tries").begin_array();
      for (const auto& request : traced.tries) json.raw(request_json(request));
      json.end_array();
    }
    json.end_object();
  }
  json.end_array().key("now").text(standing(trace, now));
  if (trace.state && trace.state->waiting()) {
    const Waiting& waiting = *trace.state->details->waiting;
    const bool is_held = waiting.kind == Waiting::Kind::in_doubt || waiting.kind == Waiting::Kind::held;
    json.key("waiting")
        .begin_object()
        .key("kind")
        .text(name_of(waiting.kind))
        .key("attempts")
        .integer(waiting.attempts)
        .key("since")
        .text(iso8601(waiting.since));
    if (!is_held) json.key("next_try").text(iso8601(waiting.next_try));
    json.text_if("code", waiting.code).text_if("message", waiting.message).end_object();
  }
  return json.end_object().str();
}

}  // namespace penstock
