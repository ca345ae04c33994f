#include <fmt/format.h>

#include "declare/json.h"
#include "run/as_json.h"

namespace penstock {

std::string refused_json(const RefusedGroup& group) {
  declare::JsonWriter json;
  json.begin_object().key("code").text(group.code).key("message").text(group.message);
  json.key("rows").integer(static_cast<int64_t>(group.rows)).key("keys").begin_array();
  for (const auto& key : group.keys) json.text(key);
  return json.end_array().end_object().str();
}

std::string report_json(const RunReport& report) {
  const RunRow& run = report.run;
  declare::JsonWriter json;
  json.begin_object()
      .key("event")
      .text("result")
      .key("run")
      .text(run.run)
      .key("sync")
      .text(run.sync)
      .key("status")
      .text(run.status);
  for (const auto& [name, value] : kRunCounts) json.key(name).integer(static_cast<int64_t>(run.*value));
  json.key("equal").integer(static_cast<int64_t>(report.equal));
  json.key("kept_fields").integer(static_cast<int64_t>(report.kept_fields));
  json.key("seconds").raw(fmt::format("{:.3f}", run.seconds())).key("kind").text(run.kind);
  json.text_if("error", run.error);
  json.key("stages").begin_object();
  for (const StageCost& cost : report.stages.costs())
    json.key(name_of(cost.stage))
        .begin_object()
        .key("seconds")
        .raw(fmt::format("{:.3f}", in_seconds(cost.took)))
        .key("cpu_seconds")
        .raw(fmt::format("{:.3f}", in_seconds(cost.cpu)))
        .end_object();
  json.end_object();
  if (report.guard) json.key("guard").text(report.guard->guard);
  json.text_if("confirmed", run.confirmed).text_if("plan", run.plan).text_if("approved_by", run.approved_by);
  json.key("refused").begin_array();
  for (const auto& group : report.refused) json.raw(refused_json(group));
  return json.end_array().end_object().str();
}

std::string not_begun_json(const EndedSync& ended) {
  declare::JsonWriter json;
  json.begin_object().key("event").text("not_run").key("sync").text(ended.sync.name);
  return json.key("because").text(ended.because).end_object().str();
}

}  // namespace penstock
