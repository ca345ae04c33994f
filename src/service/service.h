// What a team leaves running: schedules put runs into the queue, workers carry them out. The face of this
// folder.
//
//     Timetable -> RunQueue -> Worker -> run_sync() -> Watchers
//
// `penstock serve` is one of these with the HTTP server before it, `penstock worker` one without schedules.
// Several of them may share a state: each due time is seen to once, each run is carried out by one.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.h"
#include "net/address_policy.h"
#include "service/loaded.h"
#include "service/options.h"
#include "service/timetable.h"
#include "service/watcher.h"
#include "service/worker.h"

namespace penstock::service {

struct ServiceOptions {
  std::string directory = ".";
  bool schedules = true;    // false: runs only what others put in
  bool tells_queue = true;  // false: nobody here wants to know its length
  WorkerOptions worker;
  Duration look_every = 1s;   // at the timetable
  Duration files_every = 2s;  // whether the project's files have changed
  AddressPolicy addresses{};  // for what was entered by the API (net/address_guard.h)
};

// All outlive the service.
struct ServiceParts {
  Loop& loop;
  Disk& disk;
  HttpClient& client;
  Random& random;
};

// How a sync stands in the service.
struct Standing {
  Due due;
  std::optional<QueuedRun> open;  // what is queued or goes on
};

class Service : private Watcher {
 public:
  // Reads the project. Errors: config; `problems` then says what is wrong with the files.
  static Result<std::unique_ptr<Service>> open(ServiceParts parts, ServiceOptions options,
                                               declare::Diagnostics& problems);
  ~Service() override;

  // Before run(); it outlives the service.
  void watch(Watcher& watcher) { watchers_.push_back(&watcher); }

  // Loop thread: goes on until stop(), and then until all runs have come to an orderly end.
  Task<void> run();
  void stop();
  size_t running() const { return worker_->running(); }

  // ---- Thread-safe from here on. What asks the queue blocks.

  LoadedRef project() const { return current_.get(); }
  declare::Diagnostics problems() const { return current_.problems(); }
  const std::string& directory() const { return current_.directory(); }
  // Reads the files anew. False: they have errors, and the project before stays in effect.
  bool reload();
  // Puts a run of the sync into the queue. Errors: config for an unknown sync, disk.
  Result<PutRun> ask(const std::string& sync, const RunAsk& ask, const std::string& by,
                     const std::string& once = "");
  // False: it is over, or never was.
  Result<bool> cancel(const std::string& run);
  // Without `by`: its schedule counts again.
  Result<void> pause(const std::string& sync, const std::optional<std::string>& by);
  Standing standing(const std::string& sync) const;
  RunQueue& queue() { return *queue_; }
  const AddressPolicy& addresses() const { return options_.addresses; }
  // The last that was heard of a run that goes on here.
  std::optional<RunProgress> progress(const std::string& run) const;

  // What is carried out on the loop's thread, with what a run is given. The workspace is the project's as it
  // is then.
  using LoopWork = std::function<Task<void>(RunParts parts, LoadedRef loaded)>;
  // Returns at once. False: the service is stopping, and nothing is begun.
  bool begin_on_loop(LoopWork work);
  // Waits for its end; the caller must not be the loop's thread. An error of kind `interrupted` when the
  // service stops meanwhile.
  template <class T>
  Result<T> on_loop(std::function<Task<Result<T>>(RunParts parts, LoadedRef loaded)> work);

 private:
  Service(ServiceParts parts, ServiceOptions options);
  void on_begun(const QueuedRun& run) override;
  void on_progress(const QueuedRun& run, const RunProgress& progress) override;
  void on_request(const config::Sync& sync, const SentRequest& request) override;
  void on_ended(const QueuedRun& run, const LoadedRef& loaded, const config::Sync* sync,
                const Result<RunReport>& result) override;
  void on_trouble(const std::string& what, const Error& error) override;
  Task<void> follow_timetable();
  Task<void> follow_queue();
  Task<void> follow_files();
  void have_loaded(bool usable);
  void note_dues(const LoadedRef& loaded);
  void put(const QueuedRun& run);
  Result<void> guard_addresses(const Workspace& workspace);

  const ServiceParts parts_;
  const ServiceOptions options_;
  std::vector<Watcher*> watchers_;
  Current current_;
  LoadedRef state_of_;  // whose state the queue and the accounts are in; lives as long as they do
  std::unique_ptr<RunQueue> queue_;
  std::unique_ptr<Timetable> timetable_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Worker> worker_;
  Semaphore looks_;  // plans and previews for people, beside those of runs
  Event stopping_;
  TaskGroup tasks_;
  Interruption looking_;  // of what on_loop() carries out

  mutable std::mutex mutex_;
  std::map<std::string, Due> dues_;
  std::map<std::string, QueuedRun> open_;  // by sync
  std::map<std::string, RunProgress> progress_;
  bool look_again_ = false;
  bool stopped_ = false;
};

template <class T>
Result<T> Service::on_loop(std::function<Task<Result<T>>(RunParts parts, LoadedRef loaded)> work) {
  const Error stopping{ErrorKind::interrupted, "the service is stopping", "try again in a moment"};
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  const bool begun = begin_on_loop([work = std::move(work), promise](RunParts parts, LoadedRef loaded) {
    return [](auto task, auto done, RunParts given, LoadedRef kept) -> Task<void> {
      done->set_value(co_await task(std::move(given), std::move(kept)));
    }(work, promise, std::move(parts), std::move(loaded));
  });
  promise.reset();  // if the task is destroyed, nobody holds it any more
  if (!begun) return stopping;
  try {
    return future.get();
  } catch (const std::future_error&) {
    return stopping;
  }
}

}  // namespace penstock::service
