#include "metrics/facts.h"

#include <fmt/format.h>

#include "base/result.h"

namespace penstock {
namespace {

using enum MetricKind;

// In the order of MetricId.
const std::vector<MetricFacts>& metric_table() {
  static const std::vector<double> kOfRuns{1, 5, 15, 60, 300, 900, 3600, 14400};
  static const std::vector<double> kOfRequests{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  static const std::vector<MetricFacts> table{
      {"penstock_build_info", gauge, {"version"}, "Always 1; the label says which version answers"},
      {"penstock_runs_total",
       counter,
       {"sync", "status"},
       "Runs that have ended: succeeded, partial, failed, stopped (by a guard), interrupted, refused "
       "(nothing was "
       "touched: configuration, or another run was going on)"},
      {"penstock_run_duration_seconds",
       histogram,
       {"sync"},
       "How long runs took, from start to end",
       false,
       kOfRuns},
      {"penstock_run_stage_seconds_total",
       counter,
       {"sync", "stage"},
       "Where the time of runs went: opening (of the source), planning, delivering, settling (of the "
       "ledger)"},
      {"penstock_last_run_timestamp_seconds",
       gauge,
       {"sync"},
       "When the last run began, in seconds since 1970"},
      {"penstock_last_success_timestamp_seconds",
       gauge,
       {"sync"},
       "When the last run began that came to its end (succeeded or partial): the destination is as fresh as "
       "that"},
      {"penstock_rows_planned_total",
       counter,
       {"sync", "change"},
       "Rows that plans of runs wanted to send: added, changed, removed"},
      {"penstock_rows_total",
       counter,
       {"sync", "outcome"},
       "Rows that were sent, by what became of them: accepted, rejected, skipped, in_doubt; and failed, "
       "which were "
       "certainly not written and go again"},
      {"penstock_model_rows", gauge, {"sync"}, "Rows of the model in the last plan"},
      {"penstock_rows_invalid", gauge, {"sync"}, "Rows of the last plan that cannot be sent as they are"},
      {"penstock_rows_waiting",
       gauge,
       {"sync"},
       "Rows that were refused or are in doubt, and wait until they change, their time comes or a person "
       "decides"},
      {"penstock_rows_there", gauge, {"sync"}, "Rows that the destination holds because of this sync"},
      {"penstock_requests_total",
       counter,
       {"destination", "status"},
       "Requests of runs to a destination, by status: 2xx, 3xx, 4xx, 5xx, or none where no reply came"},
      {"penstock_requests_throttled_total",
       counter,
       {"destination"},
       "Requests that the destination refused as too fast"},
      {"penstock_request_duration_seconds",
       histogram,
       {"destination"},
       "From the sending of a request to its whole reply",
       false,
       kOfRequests},
      {"penstock_requests_in_flight", gauge, {"destination"}, "Requests that are under way", true},
      {"penstock_rate_limit_requests",
       gauge,
       {"destination", "limit", "window"},
       "How many requests our share of a limit of the destination allows in a window, while a run writes "
       "there",
       true},
      {"penstock_rate_limit_used_requests",
       gauge,
       {"destination", "limit", "window"},
       "How many requests of this process count in that window now",
       true},
      {"penstock_runs_in_progress", gauge, {"stage"}, "Runs that are going on, by stage", true},
      {"penstock_queue_length",
       gauge,
       {"queue"},
       "What waits: runs (due or asked for, not begun by any worker), alerts (outages and recoveries that "
       "are "
       "not told yet)",
       true},
      {"penstock_schedule_lateness_seconds",
       gauge,
       {"sync"},
       "How long after its time the last scheduled run was begun",
       true},
      {"penstock_schedule_missed_total",
       counter,
       {"sync"},
       "Times of the schedule that passed without a run of their own, since an earlier one was going on or "
       "nobody was there: one run makes up for all of them",
       true},
      {"penstock_alerts_total", counter, {"alert", "result"}, "Messages of alerts: sent, failed", true},
      {"penstock_api_requests_total",
       counter,
       {"route", "status"},
       "Requests to the service's own API",
       true},
      {"penstock_api_request_duration_seconds",
       histogram,
       {"route"},
       "How long the service took to answer",
       true,
       {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5}},
      {"process_cpu_seconds_total", counter, {}, "Processor time of the service's process", true},
      {"process_resident_memory_bytes", gauge, {}, "Memory of the process", true},
      {"process_open_fds", gauge, {}, "Open files and connections of the process", true},
      {"process_max_fds", gauge, {}, "How many of these it may have", true},
      {"process_start_time_seconds", gauge, {}, "When the process began, in seconds since 1970", true},
  };
  check(table.size() == static_cast<size_t>(MetricId::count), "a row for each MetricId");
  return table;
}

}  // namespace

std::string_view name_of(MetricKind kind) {
  switch (kind) {
    case counter:
      return "counter";
    case gauge:
      return "gauge";
    case histogram:
      return "histogram";
  }
  die("a MetricKind without a name");
}

std::span<const MetricFacts> all_metrics() {
  return metric_table();
}

const MetricFacts& facts_of(MetricId id) {
  return metric_table()[static_cast<size_t>(id)];
}

std::string metrics_page() {
  std::string page;
  for (const bool of_process : {false, true}) {
    page += of_process ? "\n### Of the service only\n\n" : "### Of runs\n\n";
    page += "| metric | type | labels | |\n| --- | --- | --- | --- |\n";
    for (const MetricFacts& facts : all_metrics()) {
      if (facts.of_process != of_process) continue;
      std::string labels;
      for (const auto label : facts.labels)
        labels += fmt::format("{}`{}`", labels.empty() ? "" : ", ", label);
      std::string help(facts.help);
      if (!facts.buckets.empty()) help += fmt::format(" (buckets up to {})", fmt::join(facts.buckets, ", "));
      page += fmt::format("| `{}` | {} | {} | {} |\n", facts.name, name_of(facts.kind), labels, help);
    }
  }
  return page;
}

}  // namespace penstock
