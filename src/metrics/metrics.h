// What a monitoring system asks: counters, gauges and histograms in Prometheus' text format. The face of this
// folder.
//
//     Metrics metrics(clock, version);
//     metrics.know(workspace.project());
//     parts.on_request = [&](const config::Sync& sync, const SentRequest& sent) { metrics.on_request(sync,
//     sent); };
//     ... on_progress, on_run_ended, and so on, as things happen
//     metrics.text()                        // GET /metrics
//
// All metrics stand in one table (metrics/facts.h), from which the registry and docs/metrics.md are made.
// Labels are names of the project (syncs, destinations, limits of connectors) and words of the program: never
// keys, ids of runs or texts of errors. The format:
// https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4, seen 2026-11-27.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/facts.h"
#include "run/run.h"

namespace penstock {

// Things that wait for their turn in the service.
enum class Queue {
  runs,    // that are due or were asked for, and are not begun
  alerts,  // messages that are not sent yet
};

// What is known of a sync that has not run yet in this process.
struct SyncStanding {
  std::optional<Time> last_run{};      // began
  std::optional<Time> last_success{};  // began; a run that came to its end, whatever became of single rows
  uint64_t accepted = 0;               // rows that the destination holds because of us
  uint64_t waiting = 0;                // rows that were refused or are in doubt, and wait
};

// Where the metrics are read.
enum class Scrape {
  service,  // all of them
  file,  // a file that another exporter puts among its own: nothing of this process, which has ended by then
};

// Thread-safe. Nothing here fails: a metric that cannot be had is not there.
class Metrics {
 public:
  // `version`: of the program, for penstock_build_info.
  Metrics(const Clock& clock, std::string version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The syncs and destinations there are: what is known of others is forgotten. Again whenever the project
  // changes.
  void know(const config::Project& project);
  void set_standing(const std::string& sync, const SyncStanding& standing);

  void on_progress(const RunProgress& progress);
  void on_request(const config::Sync& sync, const SentRequest& request);
  void on_run_ended(const config::Sync& sync, const RunReport& report);
  // run_sync() gave an error: nothing was touched.
  void on_run_refused(const config::Sync& sync);
  // A run was begun `by` so long after it was due; zero when in time.
  void on_late(const std::string& sync, Duration by);
  // So many times passed without a run, since an earlier one was going on or nobody was there.
  void on_missed(const std::string& sync, uint64_t times);
  void on_alert(std::string_view alert, bool sent);
  // A request to our own API. `route`: as the API's description has it ("/runs/{run}"), never a path as it
  // came.
  void on_api_request(std::string_view route, int status, Duration took);
  void set_queue(Queue queue, uint64_t length);

  std::string text(Scrape scrape = Scrape::service) const;

  // Takes the numbers of an earlier text of ours on: counters go on from there, and what is known of other
  // syncs stays known. What is not a metric of ours, or has names that are not in the project, is passed
  // over.
  void carry_on(std::string_view text);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;  // no header of the library reaches who uses this
};

}  // namespace penstock
