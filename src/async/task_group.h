// TaskGroup: tasks that run side by side and belong to one owner.
#pragma once

#include <coroutine>
#include <cstddef>

#include "async/task.h"
#include "async/waiter.h"

namespace penstock {

class Loop;

// Owns the tasks that it spawned: those still running when the group goes are destroyed, which cancels them.
// A task must not destroy the group that it runs in. Loop thread only.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop) : loop_(loop) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // The task starts on the loop's next turn.
  void spawn(Task<void> task);
  size_t running() const { return running_; }

  // co_await group.join(): goes on when no task of the group is running.
  auto join() { return Join(*this); }

  // Destroys all tasks that are still running.
  void cancel();

 private:
  struct Root;
  struct Member : Link<Member> {
    explicit Member(TaskGroup& its_group) : group(its_group) {}
    ~Member();
    TaskGroup& group;
    Waiter start;
  };
  class Join {
   public:
    explicit Join(TaskGroup& group) : group_(group) {}
    bool await_ready() const { return group_.running_ == 0; }
    void await_suspend(std::coroutine_handle<> frame) {
      waiter_.frame = frame;
      group_.joiners_.push_back(waiter_);
    }
    void await_resume() const {}

   private:
    TaskGroup& group_;
    Waiter waiter_;
  };
  static Root run(TaskGroup& group, Task<void> task);

  Loop& loop_;
  size_t running_ = 0;
  WaitList joiners_;
  LinkList<Member, Member> members_;
};

}  // namespace penstock
