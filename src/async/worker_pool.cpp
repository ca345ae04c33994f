#include "async/worker_pool.h"

#include <algorithm>

namespace penstock {

WorkerPool::WorkerPool(size_t threads_max, std::function<void(std::shared_ptr<Work>)> on_done)
    : threads_max_(threads_max), on_done_(std::move(on_done)) {
  check(threads_max > 0, "a pool without workers");
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    queue_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::start(std::shared_ptr<Work> work) {
  size_t waiting;
  size_t idle;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    waiting = queue_.size();
    idle = idle_;
  }
  if (waiting > idle && threads_.size() < threads_max_) threads_.emplace_back([this] { serve(); });
  changed_.notify_one();
}

void WorkerPool::abandon(const Work& work) {
  std::unique_lock lock(mutex_);
  std::erase_if(queue_, [&](const auto& queued) { return queued.get() == &work; });
  done_.wait(lock, [&] { return std::ranges::find(running_, &work) == running_.end(); });
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (queue_.empty()) {
      ++idle_;
      changed_.wait(lock);
      --idle_;
      continue;
    }
    std::shared_ptr<Work> work = std::move(queue_.front());
    queue_.pop_front();
    running_.push_back(work.get());
    lock.unlock();
    work->run();
    lock.lock();
    std::erase(running_, work.get());
    lock.unlock();
    done_.notify_all();
    on_done_(std::move(work));
    lock.lock();
  }
}

}  // namespace penstock
