#include "async/task_group.h"

#include "async/loop.h"

namespace penstock {

// The frame at the foot of a spawned task: nobody awaits it, it destroys itself at its end.
struct TaskGroup::Root {
  struct promise_type : Member {
    explicit promise_type(TaskGroup& its_group, Task<void>&) : Member(its_group) {}
    Root get_return_object() {
      start.frame = std::coroutine_handle<promise_type>::from_promise(*this);
      return {*this};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { die("an exception left a spawned task"); }
  };
  Member& member;
};

TaskGroup::Member::~Member() {
  if (--group.running_ == 0) group.loop_.make_all_ready(group.joiners_);
}

TaskGroup::Root TaskGroup::run(TaskGroup&, Task<void> task) {
  co_await std::move(task);
}

void TaskGroup::spawn(Task<void> task) {
  Member& member = run(*this, std::move(task)).member;
  members_.push_back(member);
  ++running_;
  loop_.make_ready(member.start);
}

void TaskGroup::cancel() {
  while (!members_.empty()) members_.front().start.frame.destroy();
}

TaskGroup::~TaskGroup() {
  cancel();
}

}  // namespace penstock
