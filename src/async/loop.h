// The event loop, and the seam for time: whoever waits, sleeps or needs another thread is handed a Loop.
// RealLoop (real_loop.h) runs on the machine's clock and sockets, SimLoop (sim_loop.h) in virtual time.
//
//   RealLoop loop;
//   const Summary summary = loop.run(deliver(loop, client, plan));
//
// A loop belongs to the thread that runs it; everything but post() is for that thread only. Whatever wakes a
// task (a timer, an event, a channel) puts it into the loop's ready queue, from which it is resumed in order
// of coming: O(1), without allocation, and never from inside the one who woke it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "async/timers.h"
#include "async/waiter.h"
#include "base/time.h"

namespace penstock {

// Work for another thread, and the place for what comes of it.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() noexcept = 0;
  // What came of it goes now: it may refer to what the task held.
  virtual void drop() noexcept = 0;

 private:
  friend class Loop;
  Waiter* waiter_ = nullptr;  // loop thread only; null once nobody waits
  bool is_owning_ = false;    // may outlive the task that asked for it
};

class Loop {
 public:
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop() = default;

  virtual const Clock& clock() const = 0;
  Instant now() const { return clock().instant(); }

  // Drives the loop until `task` is done and gives its value. Spawned tasks go on meanwhile; those that are
  // not done stay suspended until the next run, or are destroyed with the loop. Not from inside a task.
  template <class T>
  T run(Task<T> task);

  // The loop owns the task, which starts on the next turn.
  void spawn(Task<void> task) { tasks_.spawn(std::move(task)); }

  class Sleep;
  class Yield;
  // co_await loop.sleep_for(2s): a time that is past, or a duration below zero, waits for the next turn.
  Sleep sleep_for(Duration duration);
  Sleep sleep_until(Instant at);
  // co_await loop.yield(): lets everyone who is ready go first.
  Yield yield();

  // co_await loop.offload(f): f() on another thread, for what would block this one (files, name look-ups,
  // long computations). f may refer to what the awaiting task holds: if the task is destroyed, f is dropped
  // if it has not begun, and waited for otherwise.
  template <class F>
  Task<std::invoke_result_t<F&>> offload(F work) {
    return offload(std::move(work), false);
  }

  // The same for an f that owns all that it uses and may take long: nobody waits for it when the task is
  // destroyed; it runs to its end, and its value is dropped.
  template <class F>
  Task<std::invoke_result_t<F&>> offload_owning(F work) {
    return offload(std::move(work), true);
  }

  // Thread-safe: `call` is called on the loop's thread, during this run or the next one.
  void post(std::function<void()> call);

  // For those who build something to wait for (see sync.h).
  void make_ready(Waiter& waiter) { ready_.push_back(waiter); }
  void make_all_ready(WaitList& waiters) { ready_.splice(waiters); }
  void set_timer(Timer& timer, Instant at) { timers_.set(timer, at); }

 protected:
  Loop() : tasks_(*this) {}

  // Waits for something to happen, at most until `until` (empty: without end), and lets it happen. False: it
  // is certain that nothing can happen any more.
  virtual bool wait(std::optional<Instant> until) = 0;
  // Thread-safe: ends wait() now, or the next one.
  virtual void wake() = 0;
  // Runs the work somewhere else, then calls finish() on the loop's thread.
  virtual void start(std::shared_ptr<Work> work) = 0;
  // Nobody awaits the work any more: afterwards it neither runs nor will.
  virtual void abandon(const Work& work) = 0;

  void finish(Work& work);
  // Whether the task that asked for the work is still there.
  static bool is_awaited(const Work& work) { return work.waiter_ != nullptr; }
  // Destructors of loops call this first, while everything that tasks may use is still there.
  void destroy_tasks() { tasks_.cancel(); }
  // False if the task can never end (see wait); it is destroyed then.
  bool drive(Task<void> task);
  size_t spawned_running() const { return tasks_.running(); }

  template <class T>
  static Task<void> keep_value(Task<T> task, std::optional<T>* value) {
    value->emplace(co_await std::move(task));
  }

 private:
  template <class R>
  using Kept = std::conditional_t<std::is_void_v<R>, std::monostate, R>;
  template <class F>
  class WorkOf;
  class Offload;
  template <class F>
  Task<std::invoke_result_t<F&>> offload(F work, bool is_owning);

  void resume_ready(const TaskGroup& main);
  void call_posted();

  TimerHeap timers_;
  WaitList ready_;
  WaitList turn_;  // what was ready when the turn began; the rest waits for the next
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> has_posted_ = false;
  bool running_ = false;
  TaskGroup tasks_;
};

class Loop::Sleep {
 public:
  Sleep(Loop& loop, Instant at) : loop_(loop), at_(at), alarm_(*this) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> frame) {
    waiter_.frame = frame;
    loop_.set_timer(alarm_, at_);
  }
  void await_resume() const {}

 private:
  struct Alarm : Timer {
    explicit Alarm(Sleep& its_sleep) : Timer(&ring), sleep(its_sleep) {}
    static void ring(Timer& timer) {
      Sleep& sleep = static_cast<Alarm&>(timer).sleep;
      sleep.loop_.make_ready(sleep.waiter_);
    }
    Sleep& sleep;
  };
  Loop& loop_;
  Instant at_;
  Alarm alarm_;
  Waiter waiter_;
};

class Loop::Yield {
 public:
  explicit Yield(Loop& loop) : loop_(loop) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> frame) {
    waiter_.frame = frame;
    loop_.make_ready(waiter_);
  }
  void await_resume() const {}

 private:
  Loop& loop_;
  Waiter waiter_;
};

class Loop::Offload {
 public:
  Offload(Loop& loop, std::shared_ptr<Work> work) : loop_(loop), work_(std::move(work)) {}
  ~Offload() {
    if (std::exchange(work_->waiter_, nullptr) == nullptr || work_->is_owning_) return;
    loop_.abandon(*work_);
    work_->drop();
  }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> frame) {
    waiter_.frame = frame;
    work_->waiter_ = &waiter_;
    loop_.start(work_);
  }
  void await_resume() const {}

 private:
  Loop& loop_;
  std::shared_ptr<Work> work_;
  Waiter waiter_;
};

template <class F>
class Loop::WorkOf final : public Work {
 public:
  using Value = std::invoke_result_t<F&>;
  explicit WorkOf(F work) : work_(std::move(work)) {}
  void run() noexcept override {
    if constexpr (std::is_void_v<Value>) {
      work_();
    } else {
      value_.emplace(work_());
    }
  }
  void drop() noexcept override { value_.reset(); }
  Value take() {
    if constexpr (!std::is_void_v<Value>) return *std::move(value_);
  }

 private:
  F work_;
  std::optional<Kept<Value>> value_;
};

inline Loop::Sleep Loop::sleep_until(Instant at) {
  return {*this, at};
}
inline Loop::Yield Loop::yield() {
  return Yield(*this);
}

template <class F>
Task<std::invoke_result_t<F&>> Loop::offload(F work, bool is_owning) {
  // Shared: the other thread may still hold it when the awaiting task is destroyed.
  auto shared = std::make_shared<WorkOf<F>>(std::move(work));
  shared->is_owning_ = is_owning;
  co_await Offload(*this, shared);
  co_return shared->take();
}

template <class T>
T Loop::run(Task<T> task) {
  constexpr std::string_view kStuck = "the loop's main task waits for something that can never happen";
  if constexpr (std::is_void_v<T>) {
    check(drive(std::move(task)), kStuck);
  } else {
    std::optional<T> value;
    check(drive(keep_value(std::move(task), &value)), kStuck);
    return *std::move(value);
  }
}

}  // namespace penstock
