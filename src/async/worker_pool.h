// A few threads for work that blocks.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "async/loop.h"

namespace penstock {

// start() is for one thread; `on_done` is called on the worker's thread with work that was run.
class WorkerPool {
 public:
  WorkerPool(size_t threads_max, std::function<void(std::shared_ptr<Work>)> on_done);
  // Waits for work that is running; what has not begun is dropped.
  ~WorkerPool();

  void start(std::shared_ptr<Work> work);
  // Afterwards the work neither runs nor will: drops it, or waits for its end. The thread of start().
  void abandon(const Work& work);

 private:
  void serve();

  const size_t threads_max_;
  const std::function<void(std::shared_ptr<Work>)> on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<Work>> queue_;
  std::vector<const Work*> running_;
  size_t idle_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace penstock
