#include "config/cron.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace penstock::config {
namespace {

using namespace std::chrono;

LocalMinutes at(int y, unsigned m, unsigned d, int hour, int minute) {
  return local_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}

LocalMinutes next(std::string_view text, LocalMinutes now) {
  return *parse_cron(text)->next(now);
}

TEST(Cron, FindsTheNextTime) {
  const auto now = at(2026, 11, 23, 14, 38);  // a Monday
  EXPECT_EQ(next("* * * * *", now), at(2026, 11, 23, 14, 39));
  EXPECT_EQ(next("*/15 * * * *", now), at(2026, 11, 23, 14, 45));
  EXPECT_EQ(next("0 7 * * *", now), at(2026, 11, 24, 7, 0));
  EXPECT_EQ(next("38 14 * * *", now), at(2026, 11, 24, 14, 38));  // after, not at
  EXPECT_EQ(next("0 7 * * SAT,SUN", now), at(2026, 11, 28, 7, 0));
  EXPECT_EQ(next("0 7 * * 7", now), at(2026, 11, 29, 7, 0));
  EXPECT_EQ(next("30 8-10/2 1 * *", now), at(2026, 12, 1, 8, 30));
  EXPECT_EQ(next("0 0 1 jan *", now), at(2027, 1, 1, 0, 0));
  EXPECT_EQ(next("0 0 29 2 *", now), at(2028, 2, 29, 0, 0));
  EXPECT_EQ(next("0 0 13 * FRI", now), at(2026, 11, 27, 0, 0));  // the 13th, or any Friday
  EXPECT_EQ(next("5/20 * * * *", now), at(2026, 11, 23, 14, 45));
  EXPECT_EQ(next("@daily", now), at(2026, 11, 24, 0, 0));
  EXPECT_EQ(next("@hourly", now), at(2026, 11, 23, 15, 0));
}

TEST(Cron, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) {
    return parse_cron(text).ok() ? "" : parse_cron(text).error().message;
  };
  EXPECT_EQ(message("0 7 * *"), "a cron expression of five fields (minute hour day month weekday)");
  EXPECT_EQ(message("0 0 7 * * *"), "a cron expression of five fields (minute hour day month weekday)");
  EXPECT_EQ(message("60 7 * * *"), "a cron expression whose minute is within 0 to 59 (here it is '60')");
  EXPECT_EQ(message("0 7 * * MOO"), "a cron expression whose weekday is within 0 to 7 (here it is 'MOO')");
  EXPECT_EQ(message("0 0 31 2 *"), "a cron expression for a date that exists");
  for (const char* text : {"", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *", "- * * * *", "* * 0 * *",
                           "* * * 13 *", "@never", "1-2-3 * * * *"})
    EXPECT_NE(message(text), "") << text;
}

// Against minute-by-minute search.
TEST(Cron, AgreesWithANaiveSearch) {
  const uint64_t seed = 5;
  Random random(seed);
  constexpr const char* kFields[5][4] = {{"*", "*/7", "3,50", "10-20"},
                                         {"*", "5", "*/6", "22-23"},
                                         {"*", "1", "*/10", "28-31"},
                                         {"*", "2", "JAN-MAR", "*/5"},
                                         {"*", "MON", "1-5", "0,6"}};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (const auto& field : kFields) text += std::string(text.empty() ? "" : " ") + field[random.below(4)];
    const Cron cron = *parse_cron(text);
    LocalMinutes now = at(2026, 1, 1, 0, 0) + minutes(static_cast<int64_t>(random.below(60UL * 24 * 60)));
    const auto found = *cron.next(now);
    if (found - now > hours(24 * 40)) continue;
    LocalMinutes naive = now;
    while (true) {
      naive += minutes(1);
      const auto day = floor<days>(naive);
      const auto in_day = naive - LocalMinutes(day);
      const auto hour = static_cast<unsigned>(in_day / hours(1)),
                 minute = static_cast<unsigned>(in_day % hours(1) / minutes(1));
      if (cron.fires_on(day) && (cron.hours >> hour & 1) && (cron.minutes >> minute & 1)) break;
    }
    EXPECT_EQ(found, naive) << text << " seed " << seed;
  }
}

TEST(TimeZones, AreKnownByName) {
  EXPECT_TRUE(is_time_zone("Europe/Berlin"));
  EXPECT_TRUE(is_time_zone("UTC"));
  EXPECT_FALSE(is_time_zone("Europe/Berln"));
  EXPECT_FALSE(is_time_zone(""));
  EXPECT_TRUE(std::is_sorted(time_zone_names().begin(), time_zone_names().end()));
  EXPECT_GT(time_zone_names().size(), 500u);
}

}  // namespace
}  // namespace penstock::config
