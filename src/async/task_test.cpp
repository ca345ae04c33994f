#include "async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "async/sim_loop.h"

namespace penstock {
namespace {

Task<int> give(int value) {
  co_return value;
}

Task<int> add(int a, int b) {
  co_return co_await give(a) + co_await give(b);
}

TEST(Task, gives_its_value_through_several_levels) {
  SimLoop loop;
  EXPECT_EQ(loop.run(add(2, 3)), 5);
}

Task<void> note(std::vector<int>* order, int value) {
  order->push_back(value);
  co_return;
}

TEST(Task, starts_only_when_awaited) {
  SimLoop loop;
  std::vector<int> order;
  {
    const Task<void> never = note(&order, 1);
  }
  EXPECT_TRUE(order.empty());
  loop.run(note(&order, 2));
  EXPECT_EQ(order, std::vector{2});
}

// A value that can neither be copied nor made by default.
struct Parcel {
  explicit Parcel(int its_content) : content(std::make_unique<int>(its_content)) {}
  std::unique_ptr<int> content;
};

Task<Parcel> pack(int content) {
  co_return Parcel(content);
}
Task<int> unpack(Task<Parcel> parcel) {
  co_return *(co_await std::move(parcel)).content;
}

TEST(Task, carries_values_that_only_move) {
  SimLoop loop;
  EXPECT_EQ(loop.run(unpack(pack(7))), 7);
}

Task<Result<std::string>> fail() {
  co_return Error{ErrorKind::transient, "no", ""};
}

TEST(Task, carries_results) {
  SimLoop loop;
  const Result<std::string> result = loop.run(fail());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "no");
}

Task<int64_t> sum_to(int count) {
  int64_t sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await give(i);
  co_return sum;
}

TEST(Task, awaiting_a_million_finished_tasks_does_not_grow_the_stack) {
  SimLoop loop;
  EXPECT_EQ(loop.run(sum_to(1'000'000)), 499'999'500'000);
}

Task<int> nest(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nest(depth - 1);
}

TEST(Task, nests_deeply) {
  SimLoop loop;
  EXPECT_EQ(loop.run(nest(20'000)), 20'000);
}

struct Tracker {
  explicit Tracker(std::vector<int>& its_order, int its_name) : order(its_order), name(its_name) {}
  Tracker(const Tracker&) = delete;
  ~Tracker() { order.push_back(name); }
  std::vector<int>& order;
  int name;
};

Task<void> inner_that_sleeps(Loop& loop, std::vector<int>* order) {
  const Tracker tracker(*order, 1);
  co_await loop.sleep_for(1h);
  order->push_back(-1);
}

Task<void> outer_that_sleeps(Loop& loop, std::vector<int>* order) {
  const Tracker tracker(*order, 2);
  co_await inner_that_sleeps(loop, order);
  order->push_back(-2);
}

Task<void> cancel_after(Loop& loop, std::vector<int>* order) {
  TaskGroup group(loop);
  group.spawn(outer_that_sleeps(loop, order));
  co_await loop.sleep_for(1s);
  EXPECT_EQ(group.running(), 1);
  group.cancel();
  EXPECT_EQ(group.running(), 0);
  co_await loop.sleep_for(2h);
}

TEST(Task, destroyed_while_it_waits_it_unwinds_from_the_inside_out) {
  SimLoop loop;
  std::vector<int> order;
  loop.run(cancel_after(loop, &order));
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(TaskDeathTest, an_exception_that_leaves_it_ends_the_process) {
  struct Thrower {
    static Task<void> go() {
      throw 1;
      co_return;
    }
  };
  SimLoop loop;
  EXPECT_DEATH(loop.run(Thrower::go()), "exception left a coroutine");
}

}  // namespace
}  // namespace penstock
