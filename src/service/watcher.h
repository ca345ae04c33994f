// Who hears what goes on in the service: pages, alerts, metrics, logs.
#pragma once

#include <string>

#include "ledger/run_queue.h"
#include "run/run.h"
#include "service/loaded.h"

namespace penstock::service {

// Called on the loop's thread; must not block. What is not of interest need not be overridden.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Put into the queue, by this process.
  virtual void on_queued(const QueuedRun&) {}
  // How many lie there and are not taken, whoever put them in. Said once a second, also when nothing changed;
  // not by a process that only works (ServiceOptions::tells_queue).
  virtual void on_queue(uint64_t /*runs*/) {}
  // So many times of its schedule passed without a run, and are made up for by the one that was just put in.
  virtual void on_missed(const config::Sync&, uint64_t /*times*/) {}
  // Taken, by this process.
  virtual void on_begun(const QueuedRun&) {}
  virtual void on_progress(const QueuedRun&, const RunProgress&) {}
  // A request of a run has ended.
  virtual void on_request(const config::Sync&, const SentRequest&) {}
  // `sync`: null where the project does not have it any more; it belongs to `loaded`. `result`: what
  // run_sync() gave.
  virtual void on_ended(const QueuedRun&, const LoadedRef& /*loaded*/, const config::Sync* /*sync*/,
                        const Result<RunReport>& /*result*/) {}
  // Due at `since` and not begun, or, with a run's id, still going on when it was due again. Said again and
  // again while it is so.
  virtual void on_late(const config::Sync&, Time /*since*/, const std::string& /*run*/) {}
  // The files were read anew, and are in effect.
  virtual void on_loaded(const LoadedRef&) {}
  // Something that an operator should know: the queue cannot be reached, files have errors.
  virtual void on_trouble(const std::string& /*what*/, const Error&) {}
};

}  // namespace penstock::service
