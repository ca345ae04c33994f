// Limits in virtual time, with a destination that counts what arrives.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "async/sim_loop.h"
#include "base/random.h"
#include "deliver/limit_news.h"
#include "deliver/rate_limits.h"

namespace penstock {
namespace {

connector::LimitRule rule_of(std::vector<declare::Rate> rates, std::optional<uint64_t> concurrency = {}) {
  connector::LimitRule rule;
  rule.rates = std::move(rates);
  rule.concurrency = concurrency;
  return rule;
}

RateLimitRef limit_of(connector::LimitRule rule, double share = 1) {
  return std::make_shared<RateLimit>(rule, share);
}

// Counts what arrives. A request arrives at some time between its begin and its end.
class Counting {
 public:
  Counting(SimLoop& loop, RateLimits& limits) : loop_(loop), limits_(limits) {}

  // `requests` one after the other.
  Task<void> send(LimitUser& user, LimitSet limits, uint64_t requests, Duration before, Duration after) {
    for (uint64_t i = 0; i < requests; ++i) {
      Turn turn = co_await limits_.acquire(user, limits);
      if (turn.used_up) used_up.push_back(*turn.used_up);
      if (!turn.permit) co_return;
      turn.permit->sent();
      co_await loop_.sleep_for(before);
      arrivals.push_back(loop_.now());
      most = std::max(most, ++in_flight_);
      co_await loop_.sleep_for(after);
      --in_flight_;
      turn.permit->end(RequestEnd::answered);
    }
    ++done;
    last = loop_.now();
  }

  // The most that arrived in any stretch of so long.
  uint64_t most_in(Duration per) {
    std::sort(arrivals.begin(), arrivals.end());
    uint64_t most_there = 0;
    for (size_t first = 0, end = 0; end < arrivals.size(); ++end) {
      while (arrivals[end] - arrivals[first] >= per) ++first;
      most_there = std::max<uint64_t>(most_there, end - first + 1);
    }
    return most_there;
  }

  std::vector<Instant> arrivals;
  std::vector<UsedUp> used_up;
  uint64_t most = 0, done = 0;
  Instant last{};

 private:
  SimLoop& loop_;
  RateLimits& limits_;
  uint64_t in_flight_ = 0;
};

class RateLimitTest : public testing::Test {
 protected:
  Duration passed() const { return loop.now() - kFirstInstant; }
  void run(TaskGroup& group) {
    loop.run([](TaskGroup& all) -> Task<void> { co_await all.join(); }(group));
  }
  SimLoop loop;
  RateLimits limits{loop, 1.0};
  Counting counting{loop, limits};
};

TEST_F(RateLimitTest, NoWindowEverHoldsMoreThanItMay) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    SimLoop its_loop;
    RateLimits its_limits(its_loop, 1.0);
    Counting its(its_loop, its_limits);
    const declare::Rate fast{1 + random.below(20),
                             Duration(static_cast<int64_t>(1 + random.below(3)) * 1'000'000)};
    const declare::Rate slow{fast.count + random.below(100), 30s};
    const uint64_t at_once = 1 + random.below(12);
    const LimitSet all{limit_of(rule_of({fast, slow}, at_once))}, both{all[0], limit_of(rule_of({{3, 2s}}))};
    LimitUser a(its_limits, 1 + random.below(16)), b(its_limits, 1 + random.below(16));
    TaskGroup group(its_loop);
    const auto some = [&] { return Duration(static_cast<int64_t>(random.below(400'000))); };
    for (int i = 0; i < 12; ++i)
      group.spawn(its.send(i % 2 ? a : b, i % 3 ? all : both, random.below(30), some(), some()));
    its_loop.run([](TaskGroup& its_group) -> Task<void> { co_await its_group.join(); }(group));
    EXPECT_EQ(its.done, 12u);
    EXPECT_LE(its.most_in(fast.per), fast.count);
    EXPECT_LE(its.most_in(slow.per), slow.count);
    EXPECT_LE(its.most, at_once);
  }
}

TEST_F(RateLimitTest, WhatAWindowAllowsIsMadeUseOf) {
  const LimitSet all{limit_of(rule_of({{190, 10s}}))};
  LimitUser user(limits, 16);
  TaskGroup group(loop);
  for (int i = 0; i < 16; ++i) group.spawn(counting.send(user, all, 95, 10ms, 10ms));
  run(group);
  EXPECT_LE(counting.most_in(10s), 190u);
  // 1520 requests are eight windows' worth: seven windows pass.
  EXPECT_LT(in_seconds(passed()), 70 * 1.01);
}

TEST_F(RateLimitTest, AShareLeavesTheRest) {
  const LimitSet all{limit_of(rule_of({{100, 10s}}, 10), 0.5)};
  LimitUser user(limits, 100);
  TaskGroup group(loop);
  for (int i = 0; i < 100; ++i) group.spawn(counting.send(user, all, 2, 10ms, 10ms));
  run(group);
  EXPECT_EQ(counting.most_in(10s), 50u);
  EXPECT_EQ(counting.most, 5u);
}

TEST_F(RateLimitTest, OneKeyDoesNotWaitForAnother) {
  const LimitSet busy{limit_of(rule_of({{1, 1s}}))}, idle{limit_of(rule_of({{1, 1s}}))};
  LimitUser user(limits, 4);
  TaskGroup group(loop);
  for (int i = 0; i < 50; ++i) group.spawn(counting.send(user, busy, 1, 0ms, 10ms));
  Counting other(loop, limits);
  group.spawn(other.send(user, idle, 3, 0ms, 10ms));
  run(group);
  EXPECT_LT(other.last - kFirstInstant, 2200ms);
  EXPECT_GE(passed(), 49s);
}

TEST_F(RateLimitTest, ASmallSyncIsNotStarvedByALargeOne) {
  const LimitSet all{limit_of(rule_of({{10, 1s}}))};
  LimitUser large(limits, 64), small(limits, 16);
  TaskGroup group(loop);
  for (int i = 0; i < 64; ++i) group.spawn(counting.send(large, all, 40, 5ms, 5ms));
  Counting mine(loop, limits);
  const auto later = [](SimLoop& at, Counting& sender, LimitUser& user, LimitSet set) -> Task<void> {
    co_await at.sleep_for(20s);
    TaskGroup ten(at);
    for (int i = 0; i < 10; ++i) ten.spawn(sender.send(user, set, 1, 5ms, 5ms));
    co_await ten.join();
  };
  group.spawn(later(loop, mine, small, all));
  run(group);
  // Ten requests at half of ten a second, after what was counted when they came.
  EXPECT_LT(mine.last - kFirstInstant, 23500ms);
}

TEST_F(RateLimitTest, TurnsGoByWeightAndTheLightOneIsNotStarved) {
  const LimitSet all{limit_of(rule_of({{10, 1s}}))};
  LimitUser heavy(limits, 64, 4), light(limits, 64, 1);
  Counting heavy_sends(loop, limits), light_sends(loop, limits);
  TaskGroup group(loop);
  for (int i = 0; i < 64; ++i) {
    group.spawn(heavy_sends.send(heavy, all, 40, 5ms, 5ms));
    group.spawn(light_sends.send(light, all, 40, 5ms, 5ms));
  }
  const auto look = [](SimLoop& at, LimitUser& a, LimitUser& b) -> Task<void> {
    co_await at.sleep_for(100s);
    a.stop();
    b.stop();
  };
  group.spawn(look(loop, heavy, light));
  run(group);
  const double ours = static_cast<double>(heavy_sends.arrivals.size());
  const double share = ours / (ours + static_cast<double>(light_sends.arrivals.size()));
  EXPECT_NEAR(share, 0.8, 0.02);
}

TEST_F(RateLimitTest, WaitingForASearchHoldsUpNoWrite) {
  const RateLimitRef all = limit_of(rule_of({{100, 1s}})), search = limit_of(rule_of({{1, 10s}}));
  LimitUser user(limits, 200);
  TaskGroup group(loop);
  for (int i = 0; i < 5; ++i) group.spawn(counting.send(user, {all, search}, 1, 0ms, 10ms));
  Counting writes(loop, limits);
  for (int i = 0; i < 50; ++i) group.spawn(writes.send(user, {all}, 1, 0ms, 10ms));
  run(group);
  EXPECT_LT(writes.last - kFirstInstant, 100ms);
  EXPECT_EQ(counting.most_in(10s), 1u);
}

TEST_F(RateLimitTest, WhoIsStoppedDoesNotWait) {
  const LimitSet all{limit_of(rule_of({{1, 1h}}))};
  LimitUser user(limits, 16);
  TaskGroup group(loop);
  for (int i = 0; i < 5; ++i) group.spawn(counting.send(user, all, 1, 0ms, 10ms));
  group.spawn([](SimLoop& at, LimitUser& stopped) -> Task<void> {
    co_await at.sleep_for(1s);
    stopped.stop();
  }(loop, user));
  run(group);
  EXPECT_EQ(counting.done, 1u);
  EXPECT_LT(passed(), 2s);
}

TEST_F(RateLimitTest, ADaysWindowIsNotWaitedFor) {
  const LimitSet all{limit_of(rule_of({{100, 1s}, {5, 24h}}))};
  LimitUser user(limits, 16);
  TaskGroup group(loop);
  group.spawn(counting.send(user, all, 9, 0ms, 10ms));
  run(group);
  EXPECT_EQ(counting.arrivals.size(), 5u);
  ASSERT_EQ(counting.used_up.size(), 1u);
  EXPECT_EQ(counting.used_up[0].rate, (declare::Rate{5, 24h}));
  EXPECT_EQ(counting.used_up[0].until - kFirstInstant, Duration(24h) + 50ms)
      << "when the first of them leave the window";
}

TEST_F(RateLimitTest, ADaysWindowHasABoundedMemory) {
  RateWindow window({100'000'000, 24h}, 1);
  Instant now = kFirstInstant;
  for (int i = 0; i < 1'000'000; ++i) {
    window.take();
    window.finish(now);
    now += Duration(100'000);
  }
  EXPECT_NEAR(static_cast<double>(window.used(now)), 864'000, 250)
      << "what is kept as one leaves with the last of it";
}

void take(RateWindow& window, Instant now) {
  EXPECT_TRUE(window.has_room(now));
  window.take();
}

TEST_F(RateLimitTest, OthersWhoPressAreGivenWay) {
  RateWindow window({100, 10s}, 0.8);
  Instant now = kFirstInstant;
  for (int i = 0; i < 10; ++i) {
    window.take();
    window.finish(now);
  }
  window.learn({.remaining = 75}, now);  // others took 15: that is within their 20
  EXPECT_FALSE(window.next_room(now) == std::nullopt);
  for (int i = 0; i < 70; ++i) take(window, now);
  EXPECT_FALSE(window.has_room(now));
  window.learn({.remaining = 0, .ends_in = 3s}, now);  // others took all that was left but ours
  EXPECT_FALSE(window.has_room(now));
  for (int i = 0; i < 70; ++i) window.give_back();
  window.learn({.remaining = 40, .ends_in = 3s}, now);  // 50 of others press by 30
  for (int i = 0; i < 40; ++i) take(window, now);
  EXPECT_FALSE(window.has_room(now));
  EXPECT_TRUE(window.has_room(now + 3s)) << "their window has ended";
}

TEST_F(RateLimitTest, WhatHeadersSayWrongDoesNoHarm) {
  RateWindow window({100, 10s}, 1);
  const Instant now = kFirstInstant;
  window.learn({.allowed = 0, .remaining = 1000, .ends_in = Duration(-5), .length = Duration(0)}, now);
  window.learn({.allowed = 1'000'000'000'000, .length = Duration(48h)}, now);
  EXPECT_EQ(window.allowed(now), 100u);
  EXPECT_TRUE(window.has_room(now));
  window.learn({.allowed = 0, .remaining = 0}, now);
  EXPECT_TRUE(window.has_room(now));
  window.learn({.remaining = 0, .ends_in = Duration(9999h)}, now);
  EXPECT_FALSE(window.has_room(now));
  EXPECT_TRUE(window.has_room(now + 10s)) << "nothing holds us longer than the window is";
}

TEST_F(RateLimitTest, ARefusalSlowsUsDownAndTimeMakesItGood) {
  RateWindow window({100, 10s}, 1);
  const Instant now = kFirstInstant;
  window.refused(now);
  window.refused(now + 100ms);  // of the same burst
  EXPECT_EQ(window.allowed(now), 85u);
  EXPECT_EQ(window.allowed(now + 50s), 95u);
  EXPECT_EQ(window.allowed(now + 200s), 100u);
  RateWindow day({100, 24h}, 1);
  day.refused(now);
  EXPECT_EQ(day.allowed(now), 100u);
}

// ---- What headers say

HttpReply reply_with(std::vector<std::pair<std::string, std::string>> headers) {
  HttpReply reply;
  reply.status = 200;
  reply.headers = std::move(headers);
  return reply;
}

TEST(LimitNews, IsReadFromSeveralFamiliesOfHeaders) {
  const Time now = from_unix_micros(1'793'610'000'000'000);
  connector::LearnedLimit rule;
  rule.allowed = {"RateLimit-Limit", "X-RateLimit-Limit"};
  rule.remaining = {"RateLimit-Remaining", "X-RateLimit-Remaining"};
  rule.reset = {"RateLimit-Reset", "X-RateLimit-Reset"};
  auto news = limit_news(rule,
                         reply_with({{"X-RateLimit-Limit", "100, 100;w=10"},
                                     {"X-RateLimit-Remaining", " 7"},
                                     {"X-RateLimit-Reset", "1793610004"}}),
                         now);
  EXPECT_EQ(news.allowed, 100u);
  EXPECT_EQ(news.remaining, 7u);
  EXPECT_EQ(news.ends_in, Duration(4s));
  news = limit_news(
      rule,
      reply_with({{"RateLimit-Limit", "-5"}, {"RateLimit-Remaining", "many"}, {"RateLimit-Reset", "-1"}}),
      now);
  EXPECT_FALSE(news.allowed || news.remaining || news.ends_in);
}

TEST(LimitNews, IsReadFromOneHeaderThatTellsAll) {
  const Time now = from_unix_micros(1'793'610'000'000'000);
  connector::LearnedLimit rule;
  rule.allowed = {"Sforce-Limit-Info"};
  rule.pattern = "api-usage={used}/{allowed}";
  auto news = limit_news(rule, reply_with({{"Sforce-Limit-Info", "api-usage=123/100000"}}), now);
  EXPECT_EQ(news.allowed, 100'000u);
  EXPECT_EQ(news.remaining, 99'877u);
  rule.pattern = "limit={allowed}, remaining={remaining}, reset={reset}";
  news = limit_news(rule, reply_with({{"Sforce-Limit-Info", "limit=100, remaining=50, reset=5"}}), now);
  EXPECT_EQ(news.remaining, 50u);
  EXPECT_EQ(news.ends_in, Duration(5s));
  for (const char* text : {"", "api-usage=", "api-usage=1", "limit=/", "limit=9999999999999999999999999"})
    EXPECT_FALSE(limit_news(rule, reply_with({{"Sforce-Limit-Info", text}}), now).remaining) << text;
}

TEST(LimitNews, TimesAreToldInManyWays) {
  const Time now = from_unix_micros(1'793'610'000'000'000);  // 2026-11-02T09:00:00Z
  EXPECT_EQ(time_to_come("30", now), Duration(30s));
  EXPECT_EQ(time_to_come("0.5", now), Duration(500ms));
  EXPECT_EQ(time_to_come("1793610010", now), Duration(10s));
  EXPECT_EQ(time_to_come("1793610010500", now), Duration(10500ms));
  EXPECT_EQ(time_to_come("2026-11-02T09:01:00Z", now), Duration(60s));
  EXPECT_EQ(time_to_come("Mon, 02 Nov 2026 09:00:05 GMT", now), Duration(5s));
  for (const char* text : {"", "-3", "nan", "inf", "soon", "1593610010", "2020-11-02T09:01:00Z", "1e300"})
    EXPECT_FALSE(time_to_come(text, now)) << text;
}

// ---- How many at once

// Takes so many at once, and refuses more at once.
struct Narrow {
  SimLoop& loop;
  uint64_t takes, in_flight = 0, taken = 0, refused = 0;
  Task<bool> ask() {
    if (in_flight >= takes) {
      ++refused;
      co_await loop.sleep_for(2ms);
      co_return false;
    }
    ++in_flight;
    co_await loop.sleep_for(50ms);
    --in_flight;
    ++taken;
    co_return true;
  }
};

Task<void> keep_asking(RateLimits& limits, LimitUser& user, LimitSet set, Narrow& narrow) {
  for (;;) {
    Turn turn = co_await limits.acquire(user, set);
    if (!turn.permit) co_return;
    turn.permit->sent();
    const bool taken = co_await narrow.ask();
    turn.permit->end(taken ? RequestEnd::answered : RequestEnd::refused);
  }
}

TEST_F(RateLimitTest, HowManyAtOnceTheDestinationTakesIsFoundOut) {
  for (const uint64_t takes : {3u, 12u, 40u}) {
    connector::LimitRule rule;
    rule.adaptive = true;
    const LimitSet all{limit_of(rule)};
    LimitUser user(limits, 100);
    Narrow narrow{loop, takes};
    TaskGroup group(loop);
    for (int i = 0; i < 100; ++i) group.spawn(keep_asking(limits, user, all, narrow));
    loop.run([](SimLoop& at) -> Task<void> { co_await at.sleep_for(10s); }(loop));
    narrow.taken = narrow.refused = 0;
    loop.run([](SimLoop& at) -> Task<void> { co_await at.sleep_for(20s); }(loop));
    const double best = static_cast<double>(takes) * 20 / 0.05;
    EXPECT_GE(static_cast<double>(narrow.taken), 0.95 * best) << "takes " << takes;
    EXPECT_LE(static_cast<double>(narrow.refused), 0.02 * best) << "takes " << takes;
    EXPECT_NEAR(static_cast<double>(all[0]->concurrency()->learned()), static_cast<double>(takes),
                2.0 + 0.1 * static_cast<double>(takes));
    user.stop();
    run(group);
  }
}

TEST_F(RateLimitTest, AnswersThatTakeLongerAndLongerAreEnough) {
  Concurrency concurrency;
  Instant now = kFirstInstant;
  // A destination that works on 8 at a time: more of them only wait.
  for (int i = 0; i < 2000; ++i) {
    const uint64_t at_once = concurrency.allowed();
    const Duration took = Duration(static_cast<int64_t>(50'000 * std::max<uint64_t>(8, at_once) / 8));
    concurrency.answered(now, now + took, at_once);
    now += took / static_cast<int64_t>(at_once);
  }
  EXPECT_GE(concurrency.allowed(), 8u);
  EXPECT_LE(concurrency.allowed(), 20u);
}

}  // namespace
}  // namespace penstock
