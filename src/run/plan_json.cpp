#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/units.h"
#include "run/as_json.h"

namespace penstock {
namespace {

void counts_json(declare::JsonWriter& json, const PlanCounts& counts) {
  const std::pair<const char*, uint64_t> all[] = {
      {"rows", counts.rows},       {"added", counts.added},         {"changed", counts.changed},
      {"removed", counts.removed}, {"unchanged", counts.unchanged}, {"invalid", counts.invalid},
      {"waiting", counts.waiting}};
  for (const auto& [name, value] : all) json.key(name).integer(static_cast<int64_t>(value));
}

void file_json(declare::JsonWriter& json, const PlannedSync& planned) {
  if (planned.kept) json.key("out").text(planned.kept->path).key("digest").text(planned.kept->digest);
  if (!planned.read) return;
  json.key("file").text(planned.read->path).key("digest").text(planned.read->digest);
  json.key("planned_at").text(iso8601(planned.read->facts.planned_at));
  json.text_if("approved_by", planned.approved_by);
  json.key("holds").boolean(!planned.moved);
  if (planned.moved) json.key("moved").text(planned.moved->message);
}

void sample_json(declare::JsonWriter& json, const SampleRow& sample) {
  json.begin_object()
      .key("change")
      .text(sample.change)
      .key("why")
      .text(sample.why)
      .key("key")
      .text(sample.key);
  json.key("fields").begin_object();
  for (const auto& field : sample.fields) {
    json.key(field.name);
    if (!field.value)
      json.raw("null");
    else
      json.text(field.personal ? kMask : std::string_view(*field.value));
  }
  json.end_object();
  if (std::any_of(sample.fields.begin(), sample.fields.end(),
                  [](const auto& field) { return field.before; })) {
    json.key("before").begin_object();
    for (const auto& field : sample.fields) {
      if (!field.before) continue;
      json.key(field.name);
      if (!*field.before)
        json.raw("null");
      else
        json.text(field.personal ? kMask : std::string_view(**field.before));
    }
    json.end_object();
  }
  json.end_object();
}

}  // namespace

std::string plan_json(const PlannedSync& planned) {
  const PlanCounts& counts = planned.plan.counts;
  declare::JsonWriter json;
  json.begin_object().key("sync").text(planned.sync);
  counts_json(json, counts);
  json.key("requests").integer(static_cast<int64_t>(planned.estimate.requests));
  if (planned.estimate.jobs > 0) json.key("jobs").integer(static_cast<int64_t>(planned.estimate.jobs));
  json.key("seconds").raw(fmt::format("{:.1f}", planned.estimate.seconds));
  if (const auto& quota = planned.estimate.quota_short)
    json.key("quota")
        .begin_object()
        .key("limit")
        .text(quota->group)
        .key("rate")
        .text(declare::show(quota->left.rate))
        .key("needed")
        .integer(static_cast<int64_t>(quota->needed))
        .key("left")
        .integer(static_cast<int64_t>(quota->left.left))
        .key("more_at")
        .text(iso8601(quota->left.more))
        .end_object();
  if (planned.looked) {
    json.key("before").begin_object();
    const std::pair<const char*, uint64_t> seen[] = {{"read", planned.looked->read},
                                                     {"absent", planned.looked->absent},
                                                     {"equal", planned.looked->equal},
                                                     {"kept_fields", planned.looked->kept_fields},
                                                     {"requests", planned.looked->requests}};
    for (const auto& [name, value] : seen) json.key(name).integer(static_cast<int64_t>(value));
    json.end_object();
  }
  json.key("to_send").integer(static_cast<int64_t>(counts.to_send));
  json.key("because_of_mapping").integer(static_cast<int64_t>(counts.remapped));
  json.key("because_of_doubt").integer(static_cast<int64_t>(counts.unknown));
  json.key("waiting_removals").integer(static_cast<int64_t>(counts.waiting_removals));
  json.key("samples").begin_array();
  for (const auto& sample : planned.plan.samples) sample_json(json, sample);
  json.end_array().key("invalid_rows").begin_array();
  for (const auto& row : planned.plan.invalid)
    json.begin_object().key("key").text(row.key).key("reason").text(row.reason).end_object();
  json.end_array();
  if (planned.guard)
    json.key("guard")
        .begin_object()
        .key("name")
        .text(planned.guard->guard)
        .key("message")
        .text(planned.guard->message)
        .end_object();
  file_json(json, planned);
  return json.end_object().str();
}

}  // namespace penstock
