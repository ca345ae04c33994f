#include "sandbox/limits.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"

namespace penstock::sandbox {
namespace {

constexpr Instant kStart{};

TEST(RollingWindow, admits_so_many_in_any_stretch) {
  RollingWindow window;
  const RateLimit limit{3, 10s};
  EXPECT_EQ(window.admit(limit, kStart).remaining, 2u);
  EXPECT_TRUE(window.admit(limit, kStart + 4s).admitted);
  EXPECT_EQ(window.admit(limit, kStart + 5s).remaining, 0u);
  const Admission refused = window.admit(limit, kStart + 9s);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.wait, 1s);
  EXPECT_TRUE(window.admit(limit, kStart + 10s).admitted);
  EXPECT_FALSE(window.admit(limit, kStart + 13s).admitted);
  EXPECT_TRUE(window.admit(limit, kStart + 14s).admitted);
}

TEST(RollingWindow, does_what_counting_does) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RateLimit limit{static_cast<uint32_t>(1 + random.below(5)), 100us};
    RollingWindow window;
    std::deque<Instant> admitted;
    Instant now = kStart;
    for (int step = 0; step < 500; ++step) {
      now += Duration(random.below(60));
      const auto recent =
          std::count_if(admitted.begin(), admitted.end(), [&](Instant at) { return at + 100us > now; });
      const Admission admission = window.admit(limit, now);
      ASSERT_EQ(admission.admitted, recent < limit.requests);
      if (admission.admitted) admitted.push_back(now);
    }
  }
}

TEST(RateLimits, count_every_key_for_itself) {
  RateLimits limits;
  EXPECT_TRUE(limits.admit("a", {1, 1s}, kStart).admitted);
  EXPECT_FALSE(limits.admit("a", {1, 1s}, kStart).admitted);
  EXPECT_TRUE(limits.admit("b", {1, 1s}, kStart).admitted);
  EXPECT_TRUE(limits.admit("c", {}, kStart).admitted);
  EXPECT_TRUE(limits.admit("c", {}, kStart).admitted);
}

TEST(DailyCount, starts_anew_at_midnight) {
  DailyCount count;
  const Time noon = Time{} + 12h;
  EXPECT_EQ(count.admit(2, noon).remaining, 1u);
  EXPECT_TRUE(count.admit(2, noon).admitted);
  const Admission refused = count.admit(2, noon);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.wait, 12h);
  EXPECT_TRUE(count.admit(2, noon + 12h).admitted);
}

}  // namespace
}  // namespace penstock::sandbox
