// The loop of a real process: epoll, the machine's clock, a few threads for blocking work.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "async/loop.h"

struct epoll_event;

namespace penstock {

class WorkerPool;

class RealLoop final : public Loop {
 public:
  // `workers`: threads for offload(), started when first needed.
  explicit RealLoop(size_t workers = 2);
  // Destroys the tasks that are left, then waits for work that is being done on other threads.
  ~RealLoop() override;

  const Clock& clock() const override { return real_clock(); }

  // Calls `on_ready(events)` whenever one of `events` (EPOLLIN, EPOLLOUT; errors and hang-ups always) holds
  // for the descriptor, until unwatch(fd). Watching an fd that is watched changes its events and its
  // callback. Loop thread only.
  using OnReady = std::function<void(uint32_t events)>;
  void watch(int fd, uint32_t events, OnReady on_ready);
  void change_events(int fd, uint32_t events);  // of a watched fd
  void unwatch(int fd);                         // before the descriptor is closed

 private:
  struct Watched {
    OnReady on_ready;
    uint32_t events = 0;
    uint32_t generation = 0;  // tells an event for a former owner of the same fd number
    bool active = false;
  };

  bool wait(std::optional<Instant> until) override;
  void wake() override;
  void start(std::shared_ptr<Work> work) override;
  void abandon(const Work& work) override;

  // `micros`: 0 returns at once, below 0 waits without end.
  int poll(epoll_event* events, size_t capacity, int64_t micros);
  void control(int operation, int fd, uint32_t events, uint32_t generation);
  void deliver(uint32_t fd, uint32_t generation, uint32_t events);

  int epoll_ = -1;
  int wake_fd_ = -1;
  int polls_skipped_ = 0;
  bool coarse_ = false;          // the kernel has no epoll_pwait2
  std::deque<Watched> watched_;  // by fd; a deque, so that growing moves no entry
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace penstock
