// Which syncs are due, and puts them into the queue.
#pragma once

#include <map>
#include <set>
#include <string>

#include "ledger/run_queue.h"
#include "schedule/schedule.h"
#include "service/loaded.h"
#include "service/watcher.h"

namespace penstock::service {

// A sync's place in the timetable.
struct Due {
  std::optional<Time> next;        // nullopt: on request, or what it follows has not run since
  std::optional<Time> late_since;  // a due time that is past, and no run of it has begun since
  std::optional<Time> paused;
  std::string paused_by;
  std::string trouble;         // why its schedule cannot be followed
  std::optional<Time> mark{};  // the last due time that was seen to, when this was found
};

// What was put into the queue.
struct PutDue {
  QueuedRun run;
  uint64_t missed =
      0;  // earlier times that passed without a run: an earlier one went on, or nobody was there
};

// Several of these may work on one queue: each due time is put in once. Blocks on the queue: to be called
// from one thread at a time, not the loop's.
class Timetable {
 public:
  // Both outlive it.
  Timetable(RunQueue& queue, const Clock& clock) : queue_(queue), clock_(clock) {}

  // Puts in what is due of this project; gives those runs. Errors are the queue's, or the records'. A sync
  // that is not due costs next to nothing, so that ten thousand of them may be asked for every second.
  Result<std::vector<PutDue>> put_due(const LoadedRef& loaded);
  // As of the last put_due().
  const std::map<std::string, Due>& dues() const { return dues_; }
  // What is queued or taken, by sync; as of then, with what it has put in.
  const std::map<std::string, QueuedRun>& open_runs() const { return open_; }
  // How many of all of them are not taken; as of then.
  uint64_t waiting() const { return waiting_; }
  // Somebody paused or resumed a sync: the next put_due() looks.
  void look_again() { marks_read_ = {}; }

 private:
  struct Known {
    std::optional<Time> last_started, ended;
  };
  Result<void> read_marks(const config::Project& project, Time now);
  Result<void> read_runs(const Workspace& workspace, Time now);
  Result<void> look_up(const Workspace& workspace, RunStore& store);
  void note(const RunRow& run);
  Result<std::optional<PutDue>> consider(const Loaded& loaded, const config::Sync& sync, Time now);
  bool still_holds(const Due& due, const config::Sync& sync, Time now) const;
  schedule::Past past_of(const Loaded& loaded, const config::Sync& sync, Time now);
  std::optional<Time> made_by_dbt(const Loaded& loaded, const config::Sync& sync, Time now);

  RunQueue& queue_;
  const Clock& clock_;
  LoadedRef loaded_;
  Time marks_read_{}, runs_read_{}, dbt_read_{};
  std::map<std::string, SyncMark> marks_;
  std::map<std::string, QueuedRun> open_;  // by sync: queued or taken
  uint64_t waiting_ = 0;
  std::map<std::string, Known> known_;       // of runs
  std::set<std::string> looked_up_;          // whose last run has been asked for
  std::map<std::string, Time> made_by_dbt_;  // models
  std::map<std::string, Due> dues_;
};

// How long after its due time a run that has not begun is late.
inline constexpr Duration kLateAfter = 60s;

// Those that are not taken.
uint64_t waiting_in(const std::vector<QueuedRun>& open);

// The queue's entry for a run of the sync.
QueuedRun queued_run(const config::Sync& sync, std::string id, std::string cause, Time asked);

}  // namespace penstock::service
