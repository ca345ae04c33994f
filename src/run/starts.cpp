#include "run/starts.h"

#include <algorithm>

namespace penstock {

void Starts::open() {
  is_open_ = true;
  give();
}

Task<void> Starts::wait(const config::Sync& sync) {
  Event granted(loop_);
  waiting_.push_back({&sync, &granted});
  give();
  co_await granted.wait();
}

void Starts::ended(const config::Sync& sync) {
  --running_;
  --running_to_[*sync.destination];
  give();
}

void Starts::give() {
  const auto comes_first = [this](const Waiting& one, const Waiting& other) {
    if (one.sync->priority != other.sync->priority) return one.sync->priority > other.sync->priority;
    return running_to_[*one.sync->destination] < running_to_[*other.sync->destination];
  };
  while (is_open_ && running_ < at_once_ && !waiting_.empty()) {
    const auto next = std::min_element(waiting_.begin(), waiting_.end(), comes_first);
    ++running_;
    ++running_to_[*next->sync->destination];
    next->granted->set();
    waiting_.erase(next);
  }
}

}  // namespace penstock
