#include "async/real_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "async/worker_pool.h"

namespace penstock {
namespace {

constexpr size_t kEventsPerPoll = 128;
// While tasks are ready the sockets are looked at only every few turns: a system call for each turn would
// cost more than the turn.
constexpr int kTurnsPerPoll = 8;

void check_system(bool holds, const char* call) {
  if (!holds) [[unlikely]]
    die(std::string(call) + ": " + std::strerror(errno));
}

}  // namespace

RealLoop::RealLoop(size_t workers)
    : pool_(std::make_unique<WorkerPool>(workers, [this](std::shared_ptr<Work> work) {
        post([this, done = std::move(work)] { finish(*done); });
      })) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  check_system(epoll_ >= 0, "epoll_create1");
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  check_system(wake_fd_ >= 0, "eventfd");
  watch(wake_fd_, EPOLLIN, [this](uint32_t) {
    uint64_t count;
    check_system(read(wake_fd_, &count, sizeof count) == sizeof count || errno == EAGAIN,
                 "read of an eventfd");
  });
}

RealLoop::~RealLoop() {
  destroy_tasks();
  pool_.reset();
  close(wake_fd_);
  close(epoll_);
}

void RealLoop::watch(int fd, uint32_t events, OnReady on_ready) {
  if (watched_.size() <= static_cast<size_t>(fd)) watched_.resize(static_cast<size_t>(fd) + 1);
  Watched& watched = watched_[static_cast<size_t>(fd)];
  const int operation = watched.active ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  watched.on_ready = std::move(on_ready);
  watched.events = events;
  watched.active = true;
  control(operation, fd, events, ++watched.generation);
}

void RealLoop::change_events(int fd, uint32_t events) {
  Watched& watched = watched_[static_cast<size_t>(fd)];
  check(watched.active, "an fd that is not watched changes its events");
  if (std::exchange(watched.events, events) != events) control(EPOLL_CTL_MOD, fd, events, watched.generation);
}

void RealLoop::unwatch(int fd) {
  Watched& watched = watched_[static_cast<size_t>(fd)];
  if (!std::exchange(watched.active, false)) return;
  ++watched.generation;
  watched.on_ready = nullptr;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);  // fails if the fd was closed, which has removed it
}

void RealLoop::control(int operation, int fd, uint32_t events, uint32_t generation) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
  if (epoll_ctl(epoll_, operation, fd, &event) == 0) return;
  // The fd was closed and its number given to another file while it was watched.
  check_system(operation == EPOLL_CTL_MOD && errno == ENOENT, "epoll_ctl");
  check_system(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

bool RealLoop::wait(std::optional<Instant> until) {
  const bool busy = until == Instant::min();
  if (busy && ++polls_skipped_ < kTurnsPerPoll) return true;
  polls_skipped_ = 0;
  std::array<epoll_event, kEventsPerPoll> events;
  int64_t micros = -1;
  if (busy) {
    micros = 0;
  } else if (until && until != Instant::max()) {
    micros = std::max<int64_t>(0, (*until - now()).count());
  }
  const int count = poll(events.data(), events.size(), micros);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    deliver(static_cast<uint32_t>(event.data.u64), static_cast<uint32_t>(event.data.u64 >> 32), event.events);
  }
  return true;
}

int RealLoop::poll(epoll_event* events, size_t capacity, int64_t micros) {
  const int capacity_int = static_cast<int>(capacity);
  int count = -1;
  if (!coarse_ && micros > 0) {
    const timespec limit{micros / 1'000'000, micros % 1'000'000 * 1000};
    count = epoll_pwait2(epoll_, events, capacity_int, &limit, nullptr);
    coarse_ = count < 0 && (errno == ENOSYS || errno == EPERM);
  }
  if (micros <= 0 || coarse_) {
    const int64_t millis = micros <= 0 ? micros : std::min<int64_t>((micros + 999) / 1000, 1 << 30);
    count = epoll_wait(epoll_, events, capacity_int, static_cast<int>(millis));
  }
  check_system(count >= 0 || errno == EINTR, "epoll_wait");
  return count;
}

void RealLoop::deliver(uint32_t fd, uint32_t generation, uint32_t events) {
  Watched& watched = watched_[fd];
  if (!watched.active || watched.generation != generation) return;
  // Held here during the call, in which it may unwatch its own fd.
  OnReady on_ready = std::move(watched.on_ready);
  on_ready(events);
  if (watched.active && watched.generation == generation) watched.on_ready = std::move(on_ready);
}

void RealLoop::wake() {
  const uint64_t one = 1;
  check_system(write(wake_fd_, &one, sizeof one) == sizeof one || errno == EAGAIN, "write to an eventfd");
}

void RealLoop::start(std::shared_ptr<Work> work) {
  pool_->start(std::move(work));
}

void RealLoop::abandon(const Work& work) {
  pool_->abandon(work);
}

}  // namespace penstock
