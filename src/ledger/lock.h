// One run of a sync at a time: on one machine by a locked file, on many by a lease.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"

namespace penstock {

// What stands behind a lock; given up with the object.
class HeldLock {
 public:
  virtual ~HeldLock() = default;
};

// Held as long as the object lives; given up when the process dies: by the system at once, or, where machines
// share the state, when the lease has run out.
class SyncLock {
 public:
  explicit SyncLock(std::unique_ptr<HeldLock> held) : held_(std::move(held)) {}
  // `path`: a file; its directory exists. When another process holds it the error (of kind `locked`) names
  // that process as it named itself in `holder`.
  static Result<SyncLock> acquire(const std::string& path, const std::string& sync,
                                  const std::string& holder);

 private:
  std::unique_ptr<HeldLock> held_;
};

// Takes locks by the paths that they have in the state directory, wherever they really are. Thread-safe.
class Locks {
 public:
  virtual ~Locks() = default;
  // As SyncLock::acquire().
  virtual Result<SyncLock> acquire(const std::string& path, const std::string& sync,
                                   const std::string& holder) = 0;
};

// Of files on this machine.
Locks& file_locks();

}  // namespace penstock
