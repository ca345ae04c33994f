#include "deliver/shared_spending.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penstock {
namespace {

constexpr char kMagic[8] = {'P', 'S', 'T', 'K', 'L', 'I', 'M', '1'};
constexpr size_t kProcesses = 32, kFewWindows = 64, kManyWindows = 1024, kParts = 512;
// A window lies in a bucket that its name gives, so that few are looked at.
constexpr size_t kBucket = 32;
// Bytes of the file that are locked; they need not be in it.
constexpr off_t kTurnByte = 0, kFirstSlotByte = 1;

Error failed(const std::string& what, const std::string& path) {
  return {ErrorKind::disk, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)), ""};
}

// Locks of the open file, not of the process: they also hold between two of these in one process, and end
// with it however it ends.
bool lock_byte(int fd, int command, short type, off_t byte) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  while (::fcntl(fd, command, &lock) != 0)
    if (errno != EINTR) return false;
  return command != F_OFD_GETLK || lock.l_type == F_UNLCK;
}

}  // namespace

struct SharedSpending::Window {
  uint64_t group;
  int64_t per_us;
  int64_t used_last_us;  // wall-clock time, to find the one that nobody uses any more
  uint32_t learned_concurrency;
  uint32_t in_use;
  uint32_t under_way[kProcesses];
  uint32_t at[kParts];  // which part of time is counted there
  uint32_t done[kParts];

  // A request counts until all of the part in which it was done is `per` ago.
  int64_t part_us() const { return std::max<int64_t>(1, per_us / static_cast<int64_t>(kParts - 1)); }
  uint32_t part(Time now) const { return static_cast<uint32_t>(unix_micros(now) / part_us()); }

  void count(uint64_t requests, Time now) {
    const uint32_t here = part(now);
    const size_t i = here % kParts;
    if (at[i] != here) done[i] = 0;
    at[i] = here;
    done[i] += static_cast<uint32_t>(requests);
  }

  uint64_t used(Time now) {
    const uint32_t here = part(now);
    uint64_t sum = 0, from_future = 0;
    for (size_t i = 0; i < kParts; ++i) {
      if (done[i] == 0) continue;
      const uint32_t age = here - at[i];
      if (age < kParts) {
        sum += done[i];
      } else {
        // The clock was set back: those were done a moment ago, whatever it said.
        if (age > UINT32_MAX / 2) from_future += done[i];
        done[i] = 0;
      }
    }
    if (from_future > 0) count(from_future, now);
    for (const uint32_t requests : under_way) sum += requests;
    return sum + from_future;
  }

  std::optional<Time> next_room(Time now) const {
    const uint32_t here = part(now);
    uint32_t oldest = 0;
    bool any = false;
    for (size_t i = 0; i < kParts; ++i)
      if (done[i] > 0 && here - at[i] < kParts) {
        oldest = std::max(oldest, here - at[i]);
        any = true;
      }
    if (!any) return std::nullopt;
    const int64_t part_begin = unix_micros(now) / part_us() * part_us();
    return from_unix_micros(part_begin + static_cast<int64_t>(kParts - oldest) * part_us());
  }
};

struct SharedSpending::File {
  char magic[8];
  uint64_t bytes;
};

std::span<SharedSpending::Window> SharedSpending::windows() const {
  return {reinterpret_cast<Window*>(file_ + 1), windows_};
}

// What one process does at a time.
class SharedSpending::Turn {
 public:
  explicit Turn(int fd) : fd_(fd) { (void)lock_byte(fd_, F_OFD_SETLKW, F_WRLCK, kTurnByte); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { (void)lock_byte(fd_, F_OFD_SETLK, F_UNLCK, kTurnByte); }

 private:
  int fd_;
};

Result<std::unique_ptr<SharedSpending>> SharedSpending::open(const std::string& path, Size size) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed("open", path);
  const Turn turn(fd);
  const size_t windows = size == Size::many ? kManyWindows : kFewWindows;
  const size_t bytes = sizeof(File) + windows * sizeof(Window);
  // All of it is there before it is mapped: a full disk must not be met later.
  const int full = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  void* memory = MAP_FAILED;
  if (full == 0) memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    if (full != 0) errno = full;
    Error error = failed("map", path);
    ::close(fd);
    return error;
  }
  std::unique_ptr<SharedSpending> shared(new SharedSpending(fd, static_cast<File*>(memory), windows));
  File& file = *shared->file_;
  if (std::memcmp(file.magic, kMagic, sizeof kMagic) != 0 || file.bytes != bytes) {
    std::memset(memory, 0, bytes);
    std::memcpy(file.magic, kMagic, sizeof kMagic);
    file.bytes = bytes;
  }
  if (!shared->take_slot())
    return Error{ErrorKind::disk,
                 fmt::format("{} processes share the limits in {} already", kProcesses, path), ""};
  return shared;
}

SharedSpending::~SharedSpending() {
  ::munmap(file_, sizeof(File) + windows_ * sizeof(Window));
  ::close(fd_);
}

bool SharedSpending::take_slot() {
  for (slot_ = 0; slot_ < kProcesses; ++slot_)
    if (lock_byte(fd_, F_OFD_SETLK, F_WRLCK, kFirstSlotByte + static_cast<off_t>(slot_))) break;
  if (slot_ == kProcesses) return false;
  // Whoever had it before died with these under way; they count as done when somebody else looked, or now.
  for (Window& window : windows())
    if (window.in_use != 0 && window.under_way[slot_] > 0) {
      window.count(window.under_way[slot_], from_unix_micros(window.used_last_us));
      window.under_way[slot_] = 0;
    }
  return true;
}

bool SharedSpending::is_alive(size_t process) const {
  return process == slot_ ||
         !lock_byte(fd_, F_OFD_GETLK, F_WRLCK, kFirstSlotByte + static_cast<off_t>(process));
}

// Requests that a process had under way when it died lapse like any others.
void SharedSpending::settle_dead(Window& window, Time now) {
  for (size_t i = 0; i < kProcesses; ++i) {
    if (window.under_way[i] == 0 || is_alive(i)) continue;
    window.count(window.under_way[i], now);
    window.under_way[i] = 0;
  }
}

// The window, or the place of the one in its bucket that was not used for the longest time.
SharedSpending::Window* SharedSpending::find(uint64_t group, Duration per) {
  const size_t bucket = group % (windows_ / kBucket);
  Window* oldest = nullptr;
  for (Window& window : windows().subspan(bucket * kBucket, kBucket)) {
    if (window.in_use != 0 && window.group == group && window.per_us == per.count()) return &window;
    const bool is_free = window.in_use == 0;
    if (oldest == nullptr || (oldest->in_use != 0 && (is_free || window.used_last_us < oldest->used_last_us)))
      oldest = &window;
  }
  std::memset(oldest, 0, sizeof(Window));
  oldest->group = group;
  oldest->per_us = per.count();
  oldest->in_use = 1;
  return oldest;
}

std::optional<Spending::Refusal> SharedSpending::take(std::span<const SharedWindow> windows, Time now) {
  const Turn turn(fd_);
  for (size_t i = 0; i < windows.size(); ++i) {
    Window& window = *find(windows[i].group, windows[i].per);
    window.used_last_us = unix_micros(now);
    if (window.used(now) < windows[i].allowed) continue;
    settle_dead(window, now);
    if (window.used(now) < windows[i].allowed) continue;
    return Refusal{i, window.next_room(now)};
  }
  for (const auto& window : windows) ++find(window.group, window.per)->under_way[slot_];
  return std::nullopt;
}

void SharedSpending::finish(std::span<const SharedWindow> windows, Time now) {
  const Turn turn(fd_);
  for (const auto& wanted : windows) {
    Window& window = *find(wanted.group, wanted.per);
    window.used_last_us = unix_micros(now);
    if (window.under_way[slot_] > 0) --window.under_way[slot_];
    if (wanted.per > Duration(0)) window.count(1, now);
  }
}

void SharedSpending::give_back(std::span<const SharedWindow> windows) {
  const Turn turn(fd_);
  for (const auto& wanted : windows) {
    Window& window = *find(wanted.group, wanted.per);
    if (window.under_way[slot_] > 0) --window.under_way[slot_];
  }
}

uint64_t SharedSpending::used(const SharedWindow& wanted, Time now) {
  const Turn turn(fd_);
  Window& window = *find(wanted.group, wanted.per);
  settle_dead(window, now);
  return window.used(now);
}

uint32_t SharedSpending::learned_concurrency(uint64_t group) {
  const Turn turn(fd_);
  return find(group, Duration(0))->learned_concurrency;
}

void SharedSpending::remember_concurrency(uint64_t group, uint32_t learned) {
  const Turn turn(fd_);
  find(group, Duration(0))->learned_concurrency = learned;
}

}  // namespace penstock
