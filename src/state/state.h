// Where a project's state is kept: a directory, or a place that many machines share. The face of this folder.
//
//     parse_place() -> State::open() -> disk(), locks(), runs(): all that a run needs of it
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/disk.h"
#include "deliver/spending.h"
#include "ledger/lock.h"
#include "ledger/run_queue.h"
#include "ledger/run_store.h"
#include "state/place.h"

namespace penstock::state {

// Thread-safe. Nothing is asked or made before it is needed: errors come from the calls.
class State {
 public:
  // A directory: `disk` as it is. A shared place: `cache` is a directory for copies, in which every process
  // takes a place of its own. `disk` must outlive the state.
  static Result<std::unique_ptr<State>> open(Disk& disk, const Place& place, const std::string& cache);
  virtual ~State() = default;

  // The directory that StatePaths start from: use it through disk() only.
  virtual const std::string& root() const = 0;
  virtual Disk& disk() = 0;
  virtual Locks& locks() = 0;
  virtual Result<RunStore> runs() = 0;
  // Nullopt: nothing has run yet, and nothing is made for a question.
  virtual Result<std::optional<RunStore>> existing_runs() = 0;
  // The queue of runs, for those who serve it. It may be used as long as the state is there. Errors: config
  // where the place cannot keep one.
  virtual Result<std::unique_ptr<RunQueue>> queue() = 0;
  // What is spent at an account by all processes that share the state; null: that cannot be known here.
  virtual std::unique_ptr<Spending> spending(const std::string& account, bool many) = 0;
  // What was seen of who holds a lock that could not be taken; it changes whenever he shows that he lives.
  // Empty where the system gives up locks of the dead by itself.
  virtual std::string standing(const std::string& path) = 0;
  // Why the lock at this path, which was taken here, does not hold any more.
  virtual std::optional<Error> lost(const std::string& path) = 0;
  // How long a request may be on its way at most, so that it arrives while the lease that it was sent under
  // holds; 0: there is no such end.
  virtual Duration on_its_way_max() const = 0;
  // How long a holder who shows nothing keeps his lock.
  virtual Duration patience() const = 0;
};

}  // namespace penstock::state
