#include "async/loop.h"

#include <algorithm>

namespace penstock {

Loop::Sleep Loop::sleep_for(Duration duration) {
  const Instant start = now();
  if (duration >= Instant::max() - start) return sleep_until(Instant::max());
  return sleep_until(start + std::max(duration, Duration::zero()));
}

void Loop::post(std::function<void()> call) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(call));
    if (has_posted_.exchange(true)) return;  // who came first has woken the loop
  }
  wake();
}

void Loop::finish(Work& work) {
  if (work.waiter_) make_ready(*std::exchange(work.waiter_, nullptr));
}

bool Loop::drive(Task<void> task) {
  check(!running_, "a loop is run from inside itself");
  running_ = true;
  TaskGroup main(*this);
  main.spawn(std::move(task));
  bool alive = true;
  while (main.running() > 0 && alive) {
    call_posted();
    if (!timers_.empty()) timers_.fire_due(now());
    resume_ready(main);
    if (main.running() == 0) break;
    const bool busy = !ready_.empty() || has_posted_;
    alive = wait(busy ? Instant::min() : timers_.next());
  }
  running_ = false;
  return alive;
}

void Loop::resume_ready(const TaskGroup& main) {
  turn_.splice(ready_);
  while (!turn_.empty() && main.running() > 0) {
    Waiter& waiter = turn_.front();
    waiter.unlink();
    waiter.frame.resume();
  }
}

void Loop::call_posted() {
  if (!has_posted_) return;
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(posted_mutex_);
    calls.swap(posted_);
    has_posted_ = false;
  }
  for (auto& call : calls) call();
}

}  // namespace penstock
