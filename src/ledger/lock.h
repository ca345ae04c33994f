// One run of a sync at a time, on one machine.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace penstock {

// Held as long as the object lives; given up by the system when the process dies.
class SyncLock {
 public:
  // `path`: a file; its directory exists. When another process holds it the error (of kind `locked`) names
  // that process as it named itself in `holder`.
  static Result<SyncLock> acquire(const std::string& path, const std::string& sync,
                                  const std::string& holder);
  SyncLock(SyncLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SyncLock& operator=(SyncLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~SyncLock();

 private:
  explicit SyncLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace penstock
