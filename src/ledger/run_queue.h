// Runs that were asked for and are not over: asked for by a schedule or a person, taken by a worker. What
// lies here survives every process.
//
//     put() -> queued -> take() -> taken -> end() -> kept for a while, with its report
//
// A run whose worker is gone is not begun again: it ends as interrupted, and another one, put in before that,
// takes its place (silent()).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace penstock {

struct QueuedRun {
  enum class State { queued, taken, ended };

  std::string run;  // its id, given by who asks
  std::string sync, destination;
  std::string kind = "run";  // run, full, baseline, retry
  std::string options;       // what else was asked for, as JSON; this folder does not look into it
  std::string cause;         // schedule, after, dbt, request
  std::string by;            // who asked
  std::string once;          // asks with the same text are one; empty: each is its own
  int64_t priority = 0;      // larger ones first
  Time asked{};              // when it was due, or a person asked
  State state = State::queued;
  std::string worker;        // who took it
  std::optional<Time> beat;  // when that worker last showed that it lives
  bool cancelled = false;    // a person wants it to end
  std::optional<Time> ended;
  std::string report;  // JSON; of ended ones
};

// What the scheduler remembers of a sync.
struct SyncMark {
  Time seen{};              // when it was first known
  std::optional<Time> due;  // the last due time that was seen to
  std::optional<Time> paused;
  std::string paused_by;
};

// What a project's files name since somebody entered it by the API: "crm.internal:443", or a whole text.
struct EnteredAddress {
  std::string address;
  std::string file;  // where it was entered first
  std::string by;
  Time at{};
};

struct PutRun {
  bool added = false;
  QueuedRun run;  // as it is there: the given one, or an earlier one that stands for it
};

// Thread-safe. Errors are of kind `disk`. Every call may be repeated when its answer was lost.
class RunQueue {
 public:
  virtual ~RunQueue() = default;

  // An ask with the same `once`, or one that is queued for the same sync, kind and options, stands for it.
  virtual Result<PutRun> put(const QueuedRun& run) = 0;
  // Puts it in and moves the sync's mark from `before` to the run's `asked`, in one step. False: somebody
  // else has moved the mark, and nothing is put in. One that is queued for the sync already stands for it.
  virtual Result<bool> put_due(const QueuedRun& run, std::optional<Time> before) = 0;
  // The next run whose sync has none that is taken: by priority, then to the destination that fewest are
  // writing to, then first come, first served. `claim`: another text for each call. Nullopt: there is none.
  virtual Result<std::optional<QueuedRun>> take(const std::string& worker, const std::string& claim,
                                                Time now) = 0;
  // That this worker lives and is at these runs. Gives those of them that a person wants to end, or that are
  // not this worker's any more.
  virtual Result<std::vector<std::string>> beat(const std::string& worker,
                                                const std::vector<std::string>& runs, Time now) = 0;
  virtual Result<void> end(const std::string& run, const std::string& report, Time now) = 0;
  // A run that was taken and not begun goes back.
  virtual Result<void> give_back(const std::string& run) = 0;
  // Taken runs whose worker has not shown itself since.
  virtual Result<std::vector<QueuedRun>> silent(Time since) = 0;
  // A queued run is over with this; of a taken one the worker is told. False: it is over, or was never there.
  virtual Result<bool> cancel(const std::string& run, Time now) = 0;
  // Queued and taken, first come first.
  virtual Result<std::vector<QueuedRun>> open_runs() = 0;
  virtual Result<std::optional<QueuedRun>> find(const std::string& run) = 0;
  virtual Result<void> forget(Time ended_before) = 0;

  virtual Result<std::map<std::string, SyncMark>> marks() = 0;
  // Of a sync that is not known yet; nothing for one that is.
  virtual Result<void> note_seen(const std::string& sync, Time now) = 0;
  // Without `by`: its schedule counts again.
  virtual Result<void> set_paused(const std::string& sync, const std::optional<std::string>& by,
                                  Time now) = 0;

  // For good, and for all machines; one that is known stays as it is. All or nothing.
  virtual Result<void> note_entered(const std::vector<EnteredAddress>& addresses) = 0;
  virtual Result<std::vector<EnteredAddress>> entered() = 0;
};

// In an SQLite file, which several processes may use.
Result<std::unique_ptr<RunQueue>> open_queue_file(const std::string& path);

std::string_view name_of(QueuedRun::State state);
// Every other word is `ended`.
QueuedRun::State state_named(std::string_view name);

}  // namespace penstock
