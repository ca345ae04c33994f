// Takes runs from the queue and carries them out, many at once.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "async/sync.h"
#include "async/task_group.h"
#include "deliver/accounts.h"
#include "ledger/run_queue.h"
#include "service/loaded.h"
#include "service/watcher.h"

namespace penstock::service {

struct WorkerOptions {
  std::string name;  // another for each process: who has taken a run
  size_t runs_at_once = 32;
  size_t plans_at_once = 2;  // a plan takes the source's memory and all cores
  Duration look_every = 1s;  // for runs that other processes put in
  Duration beat_every = 2s;
  Duration silent_after = 12s;  // then a worker is taken for gone
};

// All outlive the worker.
struct WorkerParts {
  Loop& loop;
  HttpClient& client;
  Random& random;
  Accounts& accounts;
  RunQueue& queue;
  const Current& current;
  Watcher& watcher;
};

// Loop thread only.
class Worker {
 public:
  Worker(WorkerParts parts, WorkerOptions options);
  ~Worker();

  // Until stop(), and then until all that goes on has come to an orderly end.
  Task<void> run();
  // Nothing new is taken; runs end in good order, and others take their place in the queue.
  void stop();
  // Something was put into the queue.
  void look() { looked_for_.set(); }
  // False: it is not carried out here.
  bool cancel(const std::string& run);
  size_t running() const { return running_.size(); }

 private:
  struct Running {
    QueuedRun run;
    LoadedRef loaded;  // what it began with
    Interruption interruption;
    bool is_cancelled = false;
    bool is_lost = false;  // another worker has it
  };

  Task<void> take_runs();
  Task<void> carry(QueuedRun run);
  Task<Result<RunReport>> carry_out(std::shared_ptr<Running> running);
  Task<void> end(std::shared_ptr<Running> running, Result<RunReport> result);
  Task<void> record_failure(const Running& running, const Error& error);
  Task<void> beat();
  Task<void> replace_lost_runs();
  std::string next_claim();

  const WorkerParts parts_;
  const WorkerOptions options_;
  Semaphore plans_;
  Event looked_for_;
  Event stopping_;
  std::map<std::string, std::shared_ptr<Running>> running_;  // shared with the task that carries it
  uint64_t claims_ = 0;
  TaskGroup runs_, beside_;
};

}  // namespace penstock::service
