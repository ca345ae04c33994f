#include <fmt/format.h>

#include "run/as_json.h"

namespace penstock {
namespace {

using declare::JsonWriter;

void add_queues(JsonWriter& json, const std::vector<StepQueue>& queues) {
  json.key("queues").begin_array();
  for (const StepQueue& queue : queues) {
    json.begin_object().key("step").text(queue.step);
    json.key("rows").integer(static_cast<int64_t>(queue.rows));
    json.key("capacity").integer(static_cast<int64_t>(queue.capacity)).end_object();
  }
  json.end_array();
}

void add_limits(JsonWriter& json, const std::vector<LimitUse>& limits) {
  json.key("limits").begin_array();
  for (const LimitUse& limit : limits) {
    json.begin_object().key("group").text(limit.limit);
    json.key("used").integer(static_cast<int64_t>(limit.used));
    json.key("allowed").integer(static_cast<int64_t>(limit.allowed));
    json.key("seconds").raw(fmt::format("{:g}", in_seconds(limit.window))).end_object();
  }
  json.end_array();
}

std::string millis(Duration duration) {
  return fmt::format("{:.1f}", in_seconds(duration) * 1000);
}

}  // namespace

void add_waits(JsonWriter& json, const RunProgress& progress) {
  if (!progress.delivery.queues.empty()) add_queues(json, progress.delivery.queues);
  if (!progress.limits.empty()) add_limits(json, progress.limits);
  if (const auto& latencies = progress.delivery.latencies) {
    json.key("latency_ms").begin_object().key("p50").raw(millis(latencies->p50));
    json.key("p90").raw(millis(latencies->p90)).key("p99").raw(millis(latencies->p99)).end_object();
  }
}

}  // namespace penstock
