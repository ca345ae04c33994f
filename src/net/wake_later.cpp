#include "net/wake_later.h"

#include <microhttpd.h>

#include <algorithm>

namespace penstock {

bool WakeLater::suspend(MHD_Connection* connection, Instant at) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
  MHD_suspend_connection(connection);
  const auto place = suspended_.emplace(at, connection);
  if (place == suspended_.begin()) changed_.notify_one();
  return true;
}

void WakeLater::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [at, connection] : suspended_) MHD_resume_connection(connection);
    suspended_.clear();
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool WakeLater::stopped() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void WakeLater::serve() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (suspended_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = suspended_.begin();
    const Instant at = first->first;
    const Instant now = real_clock().instant();
    if (at > now) {
      // By a time of its own, not the entry's, which may go meanwhile; and not the end of time, which the
      // library's nanoseconds cannot hold.
      changed_.wait_until(lock, std::min(at, now + 1h));
      continue;
    }
    MHD_resume_connection(first->second);
    suspended_.erase(first);
  }
}

}  // namespace penstock
