// What tasks of one loop wait for, besides channels: an event, a permit, each other (task_group.h).
// First come, first served. A task that is destroyed while it waits leaves the queue, and gives back a permit
// that was already meant for it. Each may be destroyed before those who wait in it (they then wait until they
// are destroyed). Loop thread only.
#pragma once

#include <coroutine>
#include <cstddef>

#include "async/loop.h"
#include "async/task_group.h"
#include "async/waiter.h"

namespace penstock {

// Set or not set.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}

  class Wait;
  // co_await event.wait(): goes on when the event is set, or was set since.
  Wait wait();
  // Everyone who waits goes on, and so does who comes later, until reset.
  void set() {
    set_ = true;
    loop_.make_all_ready(waiting_);
  }
  void reset() { set_ = false; }
  bool is_set() const { return set_; }

 private:
  Loop& loop_;
  bool set_ = false;
  WaitList waiting_;
};

class Event::Wait : Waiter {
 public:
  explicit Wait(Event& event) : event_(event) {}
  bool await_ready() const { return event_.set_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    frame = waiting;
    event_.waiting_.push_back(*this);
  }
  void await_resume() const {}

 private:
  Event& event_;
};

inline Event::Wait Event::wait() {
  return Wait(*this);
}

// A number of permits.
class Semaphore {
 public:
  Semaphore(Loop& loop, size_t permits) : loop_(loop), free_(permits) {}

  class Acquire;
  // co_await semaphore.acquire(): takes a permit, waiting for one behind all who wait already.
  Acquire acquire();
  void release(size_t permits = 1) {
    free_ += permits;
    grant();
  }
  size_t available() const { return free_; }

 private:
  struct Granted;

  bool take() {
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  void grant();

  Loop& loop_;
  size_t free_;
  WaitList waiting_;
  LinkList<Link<Granted>, Granted> granted_;  // woken with a permit, not yet resumed
};

class Semaphore::Acquire : Waiter, Link<Granted> {
 public:
  explicit Acquire(Semaphore& semaphore) : semaphore_(semaphore) {}
  ~Acquire() {
    if (permit().linked()) semaphore_.release();
  }
  // Permits are free only when nobody waits: release() hands them out at once.
  bool await_ready() const { return semaphore_.take(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    frame = waiting;
    semaphore_.waiting_.push_back(*this);
  }
  void await_resume() { permit().unlink(); }

 private:
  friend Semaphore;
  Link<Granted>& permit() { return *this; }
  Semaphore& semaphore_;
};

inline Semaphore::Acquire Semaphore::acquire() {
  return Acquire(*this);
}

inline void Semaphore::grant() {
  while (!waiting_.empty() && take()) {
    Acquire& first = static_cast<Acquire&>(waiting_.front());
    granted_.push_back(first.permit());
    loop_.make_ready(first);
  }
}

}  // namespace penstock
