// What processes spend together: each SharedSpending here stands for a process.
#include "deliver/shared_spending.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "async/sim_loop.h"
#include "base/random.h"
#include "base/temp_directory.h"
#include "deliver/rate_limits.h"

namespace penstock {
namespace {

const Time kSomeTime = from_unix_micros(1'793'610'000'000'000);

class SharedSpendingTest : public testing::Test {
 protected:
  std::unique_ptr<SharedSpending> process() const { return *SharedSpending::open(path); }
  TempDirectory directory;
  const std::string path = directory.path("account");
  const std::vector<SharedWindow> windows{{7, 10s, 5}};
};

TEST_F(SharedSpendingTest, ProcessesTogetherStayWithinAWindow) {
  const auto a = process(), b = process();
  Time now = kSomeTime;
  for (int i = 0; i < 5; ++i) {
    const auto& one = i % 2 ? a : b;
    EXPECT_FALSE(one->take(windows, now));
    one->finish(windows, now);
  }
  const auto refusal = a->take(windows, now);
  ASSERT_TRUE(refusal && refusal->next);
  EXPECT_GE(*refusal->next, now + 10s);
  EXPECT_LE(*refusal->next, now + 10s + 20ms);
  EXPECT_TRUE(b->take(windows, now + 9990ms));
  EXPECT_FALSE(b->take(windows, *refusal->next));
}

TEST_F(SharedSpendingTest, RemembersAWindowOfEachOfManyKeys) {
  const auto open = [&] { return *SharedSpending::open(path, SharedSpending::Size::many); };
  const auto a = open(), b = open();
  constexpr uint64_t kKeys = 300;
  const auto window_of = [](uint64_t key) {
    return std::vector<SharedWindow>{{key * 0x9E3779B97F4A7C15, 1s, 1}};
  };
  for (uint64_t key = 0; key < kKeys; ++key) {
    EXPECT_FALSE(a->take(window_of(key), kSomeTime)) << key;
    a->finish(window_of(key), kSomeTime);
  }
  for (uint64_t key = 0; key < kKeys; ++key) {
    EXPECT_TRUE(b->take(window_of(key), kSomeTime + 500ms)) << key;
    EXPECT_FALSE(b->take(window_of(key), kSomeTime + 1100ms)) << key;
  }
}

TEST_F(SharedSpendingTest, AFileOfAnotherSizeIsBegunAnew) {
  {
    const auto few = process();
    EXPECT_FALSE(few->take(windows, kSomeTime));
  }
  const auto many = *SharedSpending::open(path, SharedSpending::Size::many);
  EXPECT_EQ(many->used(windows[0], kSomeTime), 0u);
}

TEST_F(SharedSpendingTest, WhatIsUnderWayCountsAndMayBeGivenBack) {
  const auto a = process(), b = process();
  const std::vector<SharedWindow> at_once{{7, Duration(0), 2}};
  EXPECT_FALSE(a->take(at_once, kSomeTime));
  EXPECT_FALSE(b->take(at_once, kSomeTime));
  EXPECT_TRUE(b->take(at_once, kSomeTime));
  a->give_back(at_once);
  EXPECT_FALSE(b->take(at_once, kSomeTime));
}

TEST_F(SharedSpendingTest, ReservationsOfADeadProcessLapse) {
  const auto a = process();
  {
    const auto dead = process();
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(dead->take(windows, kSomeTime));
  }
  EXPECT_TRUE(a->take(windows, kSomeTime)) << "they may have been sent";
  EXPECT_FALSE(a->take(windows, kSomeTime + 10s + 40ms));
}

TEST_F(SharedSpendingTest, TodaysSpendingIsRememberedByTheNextProcess) {
  const SharedWindow day{7, 24h, 1000};
  {
    const auto first = process();
    for (int i = 0; i < 300; ++i) {
      EXPECT_FALSE(first->take({&day, 1}, kSomeTime));
      first->finish({&day, 1}, kSomeTime);
    }
    first->remember_concurrency(9, 12);
  }
  const auto next = process();
  EXPECT_EQ(next->used(day, kSomeTime + 12h), 300u);
  EXPECT_EQ(next->used(day, kSomeTime + 25h), 0u);
  EXPECT_EQ(next->learned_concurrency(9), 12u);
  EXPECT_EQ(next->learned_concurrency(10), 0u);
}

TEST_F(SharedSpendingTest, AClockThatIsSetBackHoldsNobodyLongerThanAWindow) {
  const auto a = process();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(a->take(windows, kSomeTime));
    a->finish(windows, kSomeTime);
  }
  const Time back = kSomeTime - 1h;
  EXPECT_TRUE(a->take(windows, back));
  EXPECT_FALSE(a->take(windows, back + 10s + 40ms));
}

TEST_F(SharedSpendingTest, AFileThatIsGarbageIsBegunAnew) {
  std::ofstream(path) << std::string(5000, 'x');
  const auto a = process();
  EXPECT_FALSE(a->take(windows, kSomeTime));
  EXPECT_EQ(std::filesystem::status(path).type(), std::filesystem::file_type::regular);
}

TEST_F(SharedSpendingTest, MoreProcessesThanThereIsRoomForAreToldSo) {
  std::vector<std::unique_ptr<SharedSpending>> all;
  for (int i = 0; i < 32; ++i) all.push_back(process());
  EXPECT_FALSE(SharedSpending::open(path).ok());
  all.pop_back();
  EXPECT_TRUE(SharedSpending::open(path).ok());
}

// ---- Through the limits of two processes

Task<void> send_all(SimLoop& loop, RateLimits& limits, LimitUser& user, LimitSet set, int requests,
                    std::vector<Instant>& arrivals) {
  for (int i = 0; i < requests; ++i) {
    Turn turn = co_await limits.acquire(user, set);
    if (!turn.permit) co_return;
    turn.permit->sent();
    co_await loop.sleep_for(10ms);
    arrivals.push_back(loop.now());
    turn.permit->end(RequestEnd::answered);
  }
}

TEST_F(SharedSpendingTest, TwoProcessesShareAnAccountsLimit) {
  SimLoop loop;
  connector::LimitRule rule;
  rule.rates = {{50, 10s}};
  RateLimits first(loop, 1, process()), second(loop, 1, process());
  const LimitSet of_first{std::make_shared<RateLimit>(rule, 1, 7)},
      of_second{std::make_shared<RateLimit>(rule, 1, 7)};
  LimitUser a(first, 8), b(second, 8);
  std::vector<Instant> arrivals;
  TaskGroup group(loop);
  for (int i = 0; i < 8; ++i) {
    group.spawn(send_all(loop, first, a, of_first, 25, arrivals));
    group.spawn(send_all(loop, second, b, of_second, 25, arrivals));
  }
  loop.run([](TaskGroup& all) -> Task<void> { co_await all.join(); }(group));
  ASSERT_EQ(arrivals.size(), 400u);
  std::sort(arrivals.begin(), arrivals.end());
  for (size_t i = 50; i < arrivals.size(); ++i) EXPECT_GE(arrivals[i] - arrivals[i - 50], 10s - 10ms);
  EXPECT_LT(in_seconds(loop.now() - kFirstInstant), 70 * 1.01) << "eight windows' worth";
}

TEST_F(SharedSpendingTest, ADaysAllowanceThatAnotherProcessSpentIsUsedUp) {
  SimLoop loop;
  connector::LimitRule rule;
  rule.rates = {{10, 24h}};
  RateLimits first(loop, 1, process()), second(loop, 1, process());
  LimitUser a(first, 8), b(second, 8);
  std::vector<Instant> arrivals;
  loop.run(send_all(loop, first, a, {std::make_shared<RateLimit>(rule, 1, 7)}, 10, arrivals));
  const Turn turn = loop.run(second.acquire(b, {std::make_shared<RateLimit>(rule, 1, 7)}));
  ASSERT_TRUE(turn.used_up);
  EXPECT_EQ(turn.used_up->rate, (declare::Rate{10, 24h}));
}

}  // namespace
}  // namespace penstock
