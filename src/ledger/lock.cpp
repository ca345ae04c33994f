#include "ledger/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace penstock {
namespace {

std::string contents(int fd) {
  char buffer[512];
  const ssize_t size = ::pread(fd, buffer, sizeof buffer, 0);
  return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : "another process";
}

class LockedFile final : public HeldLock {
 public:
  explicit LockedFile(int fd) : fd_(fd) {}
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  ~LockedFile() override { ::close(fd_); }

 private:
  int fd_;
};

class FileLocks final : public Locks {
 public:
  Result<SyncLock> acquire(const std::string& path, const std::string& sync,
                           const std::string& holder) override {
    return SyncLock::acquire(path, sync, holder);
  }
};

}  // namespace

Locks& file_locks() {
  static FileLocks locks;
  return locks;
}

// flock, not fcntl: the lock belongs to the open file, so it also holds between two runs in one process.
Result<SyncLock> SyncLock::acquire(const std::string& path, const std::string& sync,
                                   const std::string& holder) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0)
    return Error{ErrorKind::disk, fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                 "make the state directory writable for the user that runs penstock"};
  SyncLock lock(std::make_unique<LockedFile>(fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return Error{ErrorKind::disk, fmt::format("cannot lock {}: {}", path, std::strerror(errno)), ""};
    return Error{ErrorKind::locked, fmt::format("sync '{}' is being run by {}", sync, contents(fd)),
                 "wait until it has finished, or stop that process"};
  }
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, holder.data(), holder.size(), 0) < 0)
    return Error{ErrorKind::disk, fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                 "free some space on this disk"};
  return lock;
}

}  // namespace penstock
