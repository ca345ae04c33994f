// Task<T>: a coroutine that is awaited once and gives a T.
//
//   Task<int> answer(Loop& loop) {
//     co_await loop.sleep_for(1s);
//     co_return 42;
//   }
//
// A Task starts when it is awaited (or handed to Loop::run, Loop::spawn, TaskGroup::spawn), on the loop's
// thread. It owns the coroutine's frame: destroying a Task that is suspended destroys its locals in reverse
// order and takes it out of whatever it was waiting for; that is how work is cancelled. A Task that is
// running must not be destroyed. Nothing here is thread-safe.
//
// House rules for coroutines: parameters by value (or references to what plainly outlives the task), never a
// capturing lambda, no lock held across a co_await. Exceptions do not leave a task: one that escapes is a
// bug and ends the process.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/result.h"

namespace penstock {

template <class T>
class Task;

namespace detail {

// Ends a task by going straight on with whoever awaits it, without growing the stack.
struct GoOnWithAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    return ended.promise().awaiter;
  }
  void await_resume() const noexcept {}
};

struct TaskPromiseBase {
  std::coroutine_handle<> awaiter;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  GoOnWithAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { die("an exception left a coroutine"); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;

  Task<T> get_return_object() noexcept;
  template <class U>
    requires std::convertible_to<U, T>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return *std::move(value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  // Starts the task and waits for its value: `co_await std::move(task)` or `co_await make_task()`.
  auto operator co_await() && noexcept {
    check(frame_ && !frame_.promise().awaiter, "a task is awaited twice, or was moved from");
    return Awaiter{frame_};
  }

 private:
  friend promise_type;
  explicit Task(Handle frame) noexcept : frame_(frame) {}

  struct Awaiter {
    Handle frame;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) const noexcept {
      frame.promise().awaiter = awaiter;
      return frame;
    }
    T await_resume() const { return frame.promise().take(); }
  };

  void destroy() noexcept {
    if (frame_) std::exchange(frame_, nullptr).destroy();
  }

  Handle frame_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

}  // namespace detail
}  // namespace penstock
