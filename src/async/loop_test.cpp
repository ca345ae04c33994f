#include "async/loop.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <thread>
#include <vector>

#include "async/real_loop.h"
#include "async/sim_loop.h"
#include "async/sync.h"

namespace penstock {
namespace {

Task<void> sleep_and_note(Loop& loop, Duration duration, int name, std::vector<int>* order) {
  co_await loop.sleep_for(duration);
  order->push_back(name);
}

Task<void> sleep_side_by_side(Loop& loop, std::vector<Duration> durations, std::vector<int>* order) {
  TaskGroup group(loop);
  int name = 0;
  for (const Duration duration : durations) group.spawn(sleep_and_note(loop, duration, name++, order));
  co_await group.join();
}

TEST(SimLoop, sleepers_wake_in_order_of_time_then_of_going_to_sleep) {
  SimLoop loop;
  const Instant start = loop.now();
  const Time wall_start = loop.clock().now();
  std::vector<int> order;
  loop.run(sleep_side_by_side(loop, {3h, 1s, 2s, 1s, 0s, -5s}, &order));
  EXPECT_EQ(order, (std::vector{4, 5, 1, 3, 2, 0}));
  EXPECT_EQ(loop.now() - start, 3h);
  EXPECT_EQ(loop.clock().now() - wall_start, 3h);
}

TEST(RealLoop, sleepers_wake_in_order_of_time) {
  RealLoop loop;
  const Instant start = loop.now();
  std::vector<int> order;
  loop.run(sleep_side_by_side(loop, {12ms, 1ms, 6ms, 500us}, &order));
  EXPECT_EQ(order, (std::vector{3, 1, 2, 0}));
  EXPECT_GE(loop.now() - start, 12ms);
}

TEST(SimLoop, the_wall_clock_may_jump_without_waking_anyone) {
  SimLoop loop;
  const Instant start = loop.now();
  const Time wall = loop.clock().now();
  loop.sim_clock().jump_wall(-2h);
  EXPECT_EQ(loop.clock().now(), wall - 2h);
  EXPECT_EQ(loop.now(), start);
}

Task<void> count_turns(Loop& loop, int turns, int name, std::vector<int>* order) {
  for (int i = 0; i < turns; ++i) {
    order->push_back(name);
    co_await loop.yield();
  }
}

Task<void> take_turns(Loop& loop, std::vector<int>* order) {
  TaskGroup group(loop);
  for (const int name : {1, 2, 3}) group.spawn(count_turns(loop, 3, name, order));
  co_await group.join();
}

TEST(Loop, ready_tasks_take_turns) {
  SimLoop loop;
  std::vector<int> order;
  loop.run(take_turns(loop, &order));
  EXPECT_EQ(order, (std::vector{1, 2, 3, 1, 2, 3, 1, 2, 3}));
}

Task<void> note_after(Loop& loop, Duration duration, std::string* text, char letter) {
  co_await loop.sleep_for(duration);
  text->push_back(letter);
}

TEST(Loop, spawned_tasks_go_on_over_several_runs) {
  std::string text;
  {
    SimLoop loop;
    loop.spawn(note_after(loop, 5s, &text, 'b'));
    loop.spawn(note_after(loop, 50s, &text, 'd'));
    loop.run(note_after(loop, 1s, &text, 'a'));
    EXPECT_EQ(text, "a");
    loop.run(note_after(loop, 6s, &text, 'c'));
    EXPECT_EQ(text, "abc");
  }
  EXPECT_EQ(text, "abc");
}

Task<void> many_sleepers(Loop& loop, int count, int* done) {
  struct Sleeper {
    static Task<void> go(Loop& its_loop, int number, int* its_done) {
      for (int i = 0; i < 5; ++i)
        co_await its_loop.sleep_for(Duration((number * 7919 + i * 104729) % 10'000));
      ++*its_done;
    }
  };
  TaskGroup group(loop);
  for (int i = 0; i < count; ++i) group.spawn(Sleeper::go(loop, i, done));
  co_await group.join();
}

TEST(Loop, carries_twenty_thousand_tasks) {
  SimLoop sim;
  int done = 0;
  sim.run(many_sleepers(sim, 20'000, &done));
  EXPECT_EQ(done, 20'000);
  RealLoop real;
  done = 0;
  real.run(many_sleepers(real, 20'000, &done));
  EXPECT_EQ(done, 20'000);
}

Task<void> wait_for(Event& event) {
  co_await event.wait();
}

TEST(SimLoop, says_that_a_task_can_never_end) {
  SimLoop loop;
  Event event(loop);
  loop.spawn(wait_for(event));
  const Result<void> stuck = loop.try_run(wait_for(event));
  ASSERT_FALSE(stuck.ok());
  EXPECT_NE(stuck.error().message.find("nothing is ready and no timer is set (1 spawned"), std::string::npos)
      << stuck.error().message;
  event.set();
  EXPECT_TRUE(loop.try_run(wait_for(event)).ok());
}

TEST(SimLoopDeathTest, run_ends_the_process_when_its_task_can_never_end) {
  SimLoop loop;
  Event event(loop);
  EXPECT_DEATH(loop.run(wait_for(event)), "can never happen");
}

Task<int> work_elsewhere(Loop& loop, std::thread::id* worker) {
  struct Square {
    int number;
    std::thread::id* ran_on;
    int operator()() const {
      *ran_on = std::this_thread::get_id();
      return number * number;
    }
  };
  co_return co_await loop.offload(Square{12, worker});
}

TEST(RealLoop, offload_works_on_another_thread) {
  RealLoop loop;
  std::thread::id worker;
  EXPECT_EQ(loop.run(work_elsewhere(loop, &worker)), 144);
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(SimLoop, offload_works_at_once) {
  SimLoop loop;
  const Instant start = loop.now();
  std::thread::id worker;
  EXPECT_EQ(loop.run(work_elsewhere(loop, &worker)), 144);
  EXPECT_EQ(worker, std::this_thread::get_id());
  EXPECT_EQ(loop.now(), start);
}

Task<void> offload_void(Loop& loop, std::atomic<int>* count) {
  co_await loop.offload([count] { ++*count; });
}

Task<void> offload_many(Loop& loop, std::atomic<int>* count) {
  TaskGroup group(loop);
  for (int i = 0; i < 1000; ++i) group.spawn(offload_void(loop, count));
  co_await group.join();
}

TEST(SimLoop, offloaded_work_takes_the_time_that_it_is_given) {
  SimLoop loop;
  loop.set_offload_time([] { return 2s; });
  const Instant start = loop.now();
  Instant worked;
  loop.run(loop.offload([&] { worked = loop.now(); }));
  EXPECT_EQ(worked - start, 2s);
  EXPECT_EQ(loop.now() - start, 4s);
}

TEST(SimLoop, a_loop_goes_on_where_another_one_ended) {
  SimLoop first;
  first.run([](Loop& loop) -> Task<void> { co_await loop.sleep_for(5s); }(first));
  SimLoop second(first.clock().now(), first.now());
  EXPECT_EQ(second.now(), first.now());
  EXPECT_EQ(second.clock().now(), first.clock().now());
}

TEST(RealLoop, offloads_a_thousand_times_with_few_threads) {
  RealLoop loop(3);
  std::atomic<int> count = 0;
  loop.run(offload_many(loop, &count));
  EXPECT_EQ(count, 1000);
}

Task<void> abandon_work(Loop& loop, std::atomic<int>* count) {
  TaskGroup group(loop);
  for (int i = 0; i < 10; ++i) group.spawn(offload_void(loop, count));
  co_await loop.yield();  // the work has been handed over
}

TEST(RealLoop, work_whose_task_is_gone_is_harmless) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> count = 0;
    RealLoop loop;
    loop.run(abandon_work(loop, &count));
    loop.run(offload_void(loop, &count));
    EXPECT_GE(count, 1);
  }
}

Task<void> lend_a_local(Loop& loop, std::atomic<int>* begun, std::atomic<int>* seen) {
  std::vector<int> mine(1000, 7);
  (void)co_await loop.offload([&] {
    ++*begun;
    std::this_thread::sleep_for(20ms);
    for (const int each : mine) *seen += each;
    return std::span(mine);
  });
}

Task<void> cancel_when_it_works(Loop& loop, std::atomic<int>* begun, std::atomic<int>* seen) {
  TaskGroup group(loop);
  for (int i = 0; i < 10; ++i) group.spawn(lend_a_local(loop, begun, seen));
  while (*begun == 0) co_await loop.sleep_for(1ms);
}

// `penstock serve`, cut off from its database, crashed when it was stopped: the work still used the task.
TEST(RealLoop, work_may_use_what_its_task_holds_even_when_the_task_is_destroyed) {
  std::atomic<int> begun = 0, seen = 0;
  RealLoop loop(2);
  loop.run(cancel_when_it_works(loop, &begun, &seen));
  EXPECT_GE(begun, 1);
  EXPECT_EQ(seen, begun * 7000) << "what had begun came to its end while the task was there";
}

Task<void> keep_the_owner_waiting(Loop& loop, std::shared_ptr<std::atomic<bool>> go_on,
                                  std::atomic<bool>* done) {
  co_await loop.offload_owning([go_on, done] {
    go_on->wait(false);
    *done = true;
    done->notify_all();
  });
}

Task<void> leave_to_itself(Loop& loop, std::shared_ptr<std::atomic<bool>> go_on, std::atomic<bool>* done) {
  TaskGroup group(loop);
  group.spawn(keep_the_owner_waiting(loop, go_on, done));
  co_await loop.sleep_for(5ms);
}

TEST(RealLoop, nobody_waits_for_work_that_owns_what_it_uses) {
  const auto go_on = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> done = false;
  RealLoop loop;
  loop.run(leave_to_itself(loop, go_on, &done));
  EXPECT_FALSE(done);
  *go_on = true;
  go_on->notify_all();
  done.wait(false);
}

TEST(RealLoop, posts_from_other_threads_arrive_in_order) {
  RealLoop loop;
  Event all(loop);
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) {
      loop.post([&seen, &all, i] {
        seen.push_back(i);
        if (i == 999) all.set();
      });
    }
  });
  loop.run(wait_for(all));
  poster.join();
  ASSERT_EQ(seen.size(), 1000);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(SimLoop, a_post_is_called_even_if_nothing_else_happens) {
  SimLoop loop;
  Event event(loop);
  loop.post([&] { event.set(); });
  loop.run(wait_for(event));
}

TEST(Loop, destroys_what_is_left_whatever_it_waits_for) {
  std::vector<int> order;
  auto loop = std::make_unique<SimLoop>();
  auto event = std::make_unique<Event>(*loop);
  for (int i = 0; i < 3; ++i) loop->spawn(wait_for(*event));
  loop->spawn(sleep_and_note(*loop, 1h, 1, &order));
  loop->spawn(count_turns(*loop, 1000, 2, &order));
  loop->run(count_turns(*loop, 2, 3, &order));
  event.reset();  // before those who wait in it
  loop.reset();
  EXPECT_LT(order.size(), 8);
}

}  // namespace
}  // namespace penstock
