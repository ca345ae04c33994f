#include "server/json.h"

#include <fmt/format.h>

#include "declare/json.h"
#include "run/as_json.h"

namespace penstock::server {

using declare::JsonWriter;

void add_number(JsonWriter& json, std::string_view name, uint64_t value) {
  json.key(name).integer(static_cast<int64_t>(value));
}

void add_times(JsonWriter& json, std::string_view name, const std::optional<Time>& time) {
  if (time) json.key(name).text(iso8601(*time));
}

void add_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const auto& text : texts) json.text(text);
  json.end_array();
}

namespace {

void add_asked(JsonWriter& json, const QueuedRun& run) {
  json.text_if("cause", run.cause).text_if("by", run.by);
}

}  // namespace

void add_plan_counts(JsonWriter& json, const PlanCounts& counts) {
  add_number(json, "rows", counts.rows);
  add_number(json, "added", counts.added);
  add_number(json, "changed", counts.changed);
  add_number(json, "removed", counts.removed);
  add_number(json, "unchanged", counts.unchanged);
  add_number(json, "invalid", counts.invalid);
  add_number(json, "waiting", counts.waiting);
}

std::string open_run_json(const QueuedRun& run) {
  JsonWriter json;
  json.begin_object().key("run").text(run.run).key("sync").text(run.sync).key("kind").text(run.kind);
  json.key("status").text(run.state == QueuedRun::State::queued ? "queued" : "running");
  json.key("started").text(iso8601(run.asked));
  add_asked(json, run);
  return json.end_object().str();
}

std::string ended_run_json(const QueuedRun& run, const Result<RunReport>& result) {
  if (result.ok()) return run_row_json(result->run, &run);
  JsonWriter json;
  json.begin_object().key("run").text(run.run).key("sync").text(run.sync).key("kind").text(run.kind);
  json.key("status").text(result.error().kind == ErrorKind::interrupted ? "interrupted" : "failed");
  json.key("started").text(iso8601(run.asked)).key("error").text(result.error().message);
  json.text_if("remedy", result.error().remedy);
  add_asked(json, run);
  return json.end_object().str();
}

std::string run_row_json(const RunRow& row, const QueuedRun* asked) {
  JsonWriter json;
  const std::string members = run_json(row);
  json.begin_object().members(members);
  if (asked != nullptr) add_asked(json, *asked);
  return json.end_object().str();
}

std::string progress_json(const std::string& run, const RunProgress& progress) {
  const double seconds = in_seconds(real_clock().instant() - progress.started);
  const DeliveryProgress& delivery = progress.delivery;
  const uint64_t ended = delivery.outcomes.sent() + delivery.outcomes.failed;
  JsonWriter json;
  json.begin_object().key("run").text(run).key("sync").text(progress.sync);
  json.key("stage").text(name_of(progress.stage)).key("seconds").raw(fmt::format("{:.3f}", seconds));
  json.key("plan").begin_object();
  add_plan_counts(json, progress.plan);
  json.end_object();
  add_number(json, "to_send", progress.plan.to_send);
  add_number(json, "rows_read", delivery.rows_read);
  add_number(json, "accepted", delivery.outcomes.accepted);
  add_number(json, "rejected", delivery.outcomes.rejected);
  add_number(json, "skipped", delivery.outcomes.skipped);
  add_number(json, "in_doubt", delivery.outcomes.in_doubt);
  add_number(json, "failed", delivery.outcomes.failed);
  add_number(json, "requests", delivery.requests);
  add_number(json, "throttled", delivery.throttled);
  add_number(json, "retries", delivery.retries);
  add_number(json, "in_flight", delivery.in_flight);
  json.key("rows_per_second")
      .raw(fmt::format("{:.1f}", seconds > 0 ? static_cast<double>(ended) / seconds : 0.0));
  add_waits(json, progress);
  json.key("stages").begin_array();
  for (const StageCost& cost : progress.stages) {
    json.begin_object().key("stage").text(name_of(cost.stage));
    json.key("seconds").raw(fmt::format("{:.3f}", in_seconds(cost.took))).end_object();
  }
  json.end_array();
  return json.end_object().str();
}

namespace {

void add_value(JsonWriter& json, std::string_view name, const std::optional<std::string>& value,
               bool personal) {
  json.key(name);
  if (!value)
    json.raw("null");
  else
    json.text(personal ? kMask : std::string_view(*value));
}

}  // namespace

std::string sample_json(const SampleRow& row) {
  JsonWriter json;
  json.begin_object().key("key").text(row.key).key("change").text(row.change).text_if("why", row.why);
  json.key("fields").begin_array();
  for (const auto& field : row.fields) {
    json.begin_object().key("field").text(field.name);
    if (field.before) add_value(json, "before", *field.before, field.personal);
    add_value(json, "after", field.value, field.personal);
    json.key("changed").boolean(!field.before || *field.before != field.value);
    json.key("masked").boolean(field.personal).end_object();
  }
  return json.end_array().end_object().str();
}

std::string invalid_json(const InvalidRow& row) {
  JsonWriter json;
  return json.begin_object().key("key").text(row.key).key("reason").text(row.reason).end_object().str();
}

}  // namespace penstock::server
