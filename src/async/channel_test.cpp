#include "async/channel.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <vector>

#include "async/sim_loop.h"
#include "async/task_group.h"
#include "base/random.h"

namespace penstock {
namespace {

using Ints = Channel<int>;

Task<void> push_range(Ints& channel, int from, int to) {
  for (int i = from; i < to; ++i) EXPECT_TRUE(co_await channel.push(i));
}

Task<void> push_range_and_close(Ints& channel, int from, int to) {
  co_await push_range(channel, from, to);
  channel.close();
}

Task<void> pop_all(Ints& channel, std::vector<int>* popped) {
  while (const std::optional<int> item = co_await channel.pop()) popped->push_back(*item);
}

std::vector<int> range(int count) {
  std::vector<int> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST(Channel, keeps_the_order_at_every_capacity) {
  for (const size_t capacity : {1, 2, 3, 64, 5000}) {
    SimLoop loop;
    Ints channel(loop, capacity);
    std::vector<int> popped;
    loop.spawn(push_range_and_close(channel, 0, 1000));
    loop.run(pop_all(channel, &popped));
    EXPECT_EQ(popped, range(1000));
  }
}

TEST(Channel, who_pushes_waits_while_it_is_full) {
  SimLoop loop;
  Ints channel(loop, 4);
  std::vector<int> popped;
  loop.spawn(push_range_and_close(channel, 0, 10));
  struct Test {
    static Task<void> go(Loop& loop, Ints& channel) {
      co_await loop.sleep_for(1s);
      EXPECT_EQ(channel.size(), 4);
      EXPECT_EQ(*co_await channel.pop(), 0);
      co_await loop.sleep_for(1s);
      EXPECT_EQ(channel.size(), 4);
      EXPECT_FALSE(channel.closed());
    }
  };
  loop.run(Test::go(loop, channel));
  loop.run(pop_all(channel, &popped));
  EXPECT_EQ(popped.size(), 9);
}

TEST(Channel, closed_it_gives_what_is_inside_and_takes_nothing) {
  SimLoop loop;
  struct Test {
    static Task<void> push_into_full(Ints& channel, bool* accepted) { *accepted = co_await channel.push(9); }
    static Task<void> go(Loop& loop) {
      Ints channel(loop, 2);
      co_await push_range(channel, 0, 2);
      TaskGroup group(loop);
      bool accepted = true;
      group.spawn(push_into_full(channel, &accepted));
      co_await loop.yield();
      channel.close();
      EXPECT_FALSE(co_await channel.push(5));
      co_await group.join();
      EXPECT_FALSE(accepted);
      EXPECT_EQ(co_await channel.pop(), 0);
      EXPECT_EQ(co_await channel.pop(), 1);
      EXPECT_EQ(co_await channel.pop(), std::nullopt);
    }
  };
  loop.run(Test::go(loop));
}

Task<void> pop_one(Ints& channel, int name, std::vector<std::pair<int, std::optional<int>>>* got) {
  const std::optional<int> item = co_await channel.pop();
  got->emplace_back(name, item);
}

TEST(Channel, serves_who_waits_longest_first_and_wakes_the_rest_on_close) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      Ints channel(loop, 8);
      std::vector<std::pair<int, std::optional<int>>> got;
      TaskGroup group(loop);
      for (int name = 0; name < 4; ++name) group.spawn(pop_one(channel, name, &got));
      co_await loop.yield();
      co_await push_range(channel, 100, 103);
      channel.close();
      co_await group.join();
      const std::vector<std::pair<int, std::optional<int>>> expected = {
          {0, 100}, {1, 101}, {2, 102}, {3, std::nullopt}};
      EXPECT_EQ(got, expected);
    }
  };
  loop.run(Test::go(loop));
}

TEST(Channel, an_item_promised_to_a_destroyed_popper_goes_to_the_next) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      Ints channel(loop, 8);
      std::vector<std::pair<int, std::optional<int>>> got;
      TaskGroup cancelled(loop);
      TaskGroup group(loop);
      cancelled.spawn(pop_one(channel, 0, &got));
      co_await loop.yield();
      group.spawn(pop_one(channel, 1, &got));
      co_await loop.yield();
      EXPECT_TRUE(co_await channel.push(7));  // promised to the first, who is ready but has not resumed
      cancelled.cancel();
      co_await group.join();
      const std::vector<std::pair<int, std::optional<int>>> expected = {{1, 7}};
      EXPECT_EQ(got, expected);
    }
  };
  loop.run(Test::go(loop));
}

TEST(Channel, destroyed_right_after_closing_its_poppers_see_it_closed) {
  SimLoop loop;
  struct Test {
    static Task<void> go(Loop& loop) {
      std::vector<std::pair<int, std::optional<int>>> got;
      TaskGroup group(loop);
      auto channel = std::make_unique<Ints>(loop, 2);
      group.spawn(pop_one(*channel, 0, &got));
      co_await loop.yield();
      EXPECT_TRUE(co_await channel->push(1));
      channel->close();
      channel.reset();
      co_await group.join();
      EXPECT_EQ(got.at(0).second, std::nullopt);
    }
  };
  loop.run(Test::go(loop));
}

// Producers, consumers and cancelled consumers at random: every item that was accepted is popped exactly
// once.
struct Crowd {
  static Task<void> produce(Loop& loop, Channel<std::unique_ptr<int>>& channel, int from, uint64_t seed) {
    Random random(seed);
    for (int i = from; i < from + 50; ++i) {
      if (random.chance(0.3)) co_await loop.sleep_for(Duration(random.below(50)));
      EXPECT_TRUE(co_await channel.push(std::make_unique<int>(i)));
    }
  }
  static Task<void> consume(Loop& loop, Channel<std::unique_ptr<int>>& channel, std::vector<int>* seen,
                            uint64_t seed) {
    Random random(seed);
    while (std::optional<std::unique_ptr<int>> item = co_await channel.pop()) {
      seen->at(static_cast<size_t>(**item)) += 1;
      if (random.chance(0.3)) co_await loop.sleep_for(Duration(random.below(50)));
    }
  }
  static Task<void> pop_for_a_while(Loop& loop, Channel<std::unique_ptr<int>>& channel,
                                    std::vector<int>* seen, uint64_t seed) {
    Random random(seed);
    for (int round = 0; round < 40; ++round) {
      TaskGroup group(loop);
      group.spawn(consume(loop, channel, seen, random.next()));
      co_await loop.sleep_for(Duration(random.below(20)));
    }
  }
  static Task<void> go(Loop& loop, uint64_t seed) {
    Random random(seed);
    std::vector<int> seen(300, 0);
    Channel<std::unique_ptr<int>> channel(loop, 1 + random.below(5));
    TaskGroup producers(loop);
    TaskGroup consumers(loop);
    for (int p = 0; p < 6; ++p) producers.spawn(produce(loop, channel, p * 50, random.next()));
    for (int c = 0; c < 3; ++c) consumers.spawn(pop_for_a_while(loop, channel, &seen, random.next()));
    consumers.spawn(consume(loop, channel, &seen, random.next()));
    co_await producers.join();
    channel.close();
    co_await consumers.join();
    EXPECT_EQ(seen, std::vector<int>(300, 1));
  }
};

TEST(Channel, loses_and_repeats_nothing_under_cancellation) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SimLoop loop;
    loop.run(Crowd::go(loop, seed));
  }
}

}  // namespace
}  // namespace penstock
