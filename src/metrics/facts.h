// The table of all metrics.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

enum class MetricKind { counter, gauge, histogram };
std::string_view name_of(MetricKind kind);

struct MetricFacts {
  std::string_view name;
  MetricKind kind;
  std::vector<std::string_view> labels;
  std::string_view help;          // a sentence without its stop
  bool of_process = false;        // of the service's process: not in the file of `penstock run --metrics`
  std::vector<double> buckets{};  // of a histogram: upper bounds
};

// The place of each metric in the table.
enum class MetricId : uint8_t {
  build_info,
  runs,
  run_duration,
  run_stage_time,
  last_run,
  last_success,
  rows_planned,
  rows,
  rows_of_model,
  rows_invalid,
  rows_waiting,
  rows_accepted,
  requests,
  requests_throttled,
  request_duration,
  requests_in_flight,
  limit_allowed,
  limit_used,
  runs_in_progress,
  queue_length,
  schedule_lateness,
  schedule_missed,
  alerts,
  api_requests,
  api_request_duration,
  process_cpu,
  process_memory,
  process_fds,
  process_fds_max,
  process_start,
  count
};

std::span<const MetricFacts> all_metrics();
const MetricFacts& facts_of(MetricId id);

// docs/metrics.md's tables, as Markdown.
std::string metrics_page();

}  // namespace penstock
