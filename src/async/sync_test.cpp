#include "async/sync.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "async/sim_loop.h"
#include "base/random.h"

namespace penstock {
namespace {

Task<void> wait_and_note(Event& event, int name, std::vector<int>* order) {
  co_await event.wait();
  order->push_back(name);
}

TEST(Event, wakes_all_in_order_and_stays_set_until_reset) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      Event event(loop);
      std::vector<int> order;
      TaskGroup group(loop);
      for (int name = 0; name < 3; ++name) group.spawn(wait_and_note(event, name, &order));
      co_await loop.sleep_for(1s);
      EXPECT_TRUE(order.empty());
      event.set();
      EXPECT_TRUE(order.empty());  // nobody is resumed from inside set()
      co_await event.wait();
      co_await group.join();
      EXPECT_EQ(order, (std::vector{0, 1, 2}));
      event.reset();
      group.spawn(wait_and_note(event, 3, &order));
      co_await loop.sleep_for(1s);
      EXPECT_EQ(group.running(), 1);
    }
  };
  loop.run(Test::go(loop));
}

Task<void> hold(Loop& loop, Semaphore& semaphore, Duration time, int name, std::vector<int>* order) {
  co_await semaphore.acquire();
  order->push_back(name);
  co_await loop.sleep_for(time);
  semaphore.release();
}

TEST(Semaphore, grants_in_order_of_asking) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      Semaphore semaphore(loop, 2);
      std::vector<int> order;
      TaskGroup group(loop);
      for (int name = 0; name < 6; ++name) {
        group.spawn(hold(loop, semaphore, name % 2 ? 1s : 10s, name, &order));
      }
      co_await group.join();
      EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5}));
      EXPECT_EQ(semaphore.available(), 2);
    }
  };
  loop.run(Test::go(loop));
}

TEST(Semaphore, a_latecomer_does_not_overtake) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      Semaphore semaphore(loop, 0);
      std::vector<int> order;
      TaskGroup group(loop);
      group.spawn(hold(loop, semaphore, 1s, 1, &order));
      co_await loop.yield();
      semaphore.release();  // meant for the first, who has not resumed
      group.spawn(hold(loop, semaphore, 1s, 2, &order));
      co_await group.join();
      EXPECT_EQ(order, (std::vector{1, 2}));
    }
  };
  loop.run(Test::go(loop));
}

TEST(Semaphore, a_permit_meant_for_a_destroyed_task_goes_to_the_next) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      Semaphore semaphore(loop, 0);
      std::vector<int> order;
      TaskGroup first(loop);
      TaskGroup second(loop);
      first.spawn(hold(loop, semaphore, 1s, 1, &order));
      co_await loop.yield();
      second.spawn(hold(loop, semaphore, 1s, 2, &order));
      co_await loop.yield();
      semaphore.release();
      first.cancel();
      co_await second.join();
      EXPECT_EQ(order, std::vector{2});
      EXPECT_EQ(semaphore.available(), 1);
    }
  };
  loop.run(Test::go(loop));
}

// Tasks that wait for a permit are destroyed at random: the permits add up, and never more are out than
// exist.
struct Permits {
  static Task<void> use(Loop& loop, Semaphore& semaphore, size_t* out, size_t permits, uint64_t seed) {
    Random random(seed);
    co_await semaphore.acquire();
    EXPECT_LE(++*out, permits);
    co_await loop.sleep_for(Duration(random.below(30)));
    --*out;
    semaphore.release();
  }
  static Task<void> give_up_early(Loop& loop, Semaphore& semaphore, uint64_t seed) {
    TaskGroup group(loop);
    group.spawn(wait_only(semaphore));
    co_await loop.sleep_for(Duration(Random(seed).below(60)));
  }
  static Task<void> wait_only(Semaphore& semaphore) {
    co_await semaphore.acquire();
    semaphore.release();
  }
  static Task<void> go(Loop& loop, uint64_t seed) {
    Random random(seed);
    const size_t permits = 1 + random.below(4);
    Semaphore semaphore(loop, permits);
    size_t out = 0;
    TaskGroup group(loop);
    for (int i = 0; i < 100; ++i) {
      group.spawn(use(loop, semaphore, &out, permits, random.next()));
      group.spawn(give_up_early(loop, semaphore, random.next()));
      if (random.chance(0.2)) co_await loop.sleep_for(Duration(random.below(40)));
    }
    co_await group.join();
    EXPECT_EQ(semaphore.available(), permits);
  }
};

TEST(Semaphore, permits_add_up_under_cancellation) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SimLoop loop;
    loop.run(Permits::go(loop, seed));
  }
}

TEST(TaskGroup, join_of_an_empty_group_goes_straight_on) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      TaskGroup group(loop);
      co_await group.join();
    }
  };
  loop.run(Test::go(loop));
}

TEST(TaskGroup, goes_with_tasks_that_were_never_started) {
  SimLoop loop;
  std::vector<int> order;
  Event event(loop);
  event.set();
  {
    TaskGroup group(loop);
    group.spawn(wait_and_note(event, 1, &order));
  }
  loop.run(wait_and_note(event, 2, &order));
  EXPECT_EQ(order, std::vector{2});
}

TEST(Sync, may_go_before_those_who_were_woken) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      TaskGroup group(loop);
      std::vector<int> order;
      auto event = std::make_unique<Event>(loop);
      auto semaphore = std::make_unique<Semaphore>(loop, 0);
      struct Taker {
        static Task<void> take(Semaphore& from) { co_await from.acquire(); }
      };
      group.spawn(wait_and_note(*event, 1, &order));
      group.spawn(Taker::take(*semaphore));
      co_await loop.yield();
      event->set();
      semaphore->release();
      event.reset();
      semaphore.reset();
      co_await group.join();
      EXPECT_EQ(order, std::vector{1});
    }
  };
  loop.run(Test::go(loop));
}

}  // namespace
}  // namespace penstock
