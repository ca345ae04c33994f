#include "schedule/schedule.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace penstock::schedule {
namespace {

Time at(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  EXPECT_EQ(std::sscanf(text.c_str(), "%d-%d-%dT%d:%d", &year, &month, &day, &hour, &minute), 5) << text;
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + std::chrono::hours(hour) +
         std::chrono::minutes(minute);
}

std::string shown(std::optional<Time> time) {
  return time ? iso8601(*time).substr(0, 16) : "never";
}

Zone zone(const std::string& name) {
  auto opened = Zone::open(name);
  EXPECT_TRUE(opened.ok()) << name;
  return *std::move(opened);
}

config::Cron cron(const std::string& text) {
  auto parsed = config::parse_cron(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return *std::move(parsed);
}

// In UTC: what the table of the zone's own rules says (IANA 2025b).
TEST(Firing, FollowsTheClocksOnTheWall) {
  struct Case {
    const char *cron, *zone, *after, *expected;
  };
  const Case cases[] = {
      {"0 7 * * *", "UTC", "2026-03-01T06:59", "2026-03-01T07:00"},
      {"0 7 * * *", "UTC", "2026-03-01T07:00", "2026-03-02T07:00"},
      // Berlin: +1, from 29 March 2026 01:00 UTC +2, from 25 October 01:00 UTC +1 again.
      {"0 7 * * *", "Europe/Berlin", "2026-03-28T00:00", "2026-03-28T06:00"},
      {"0 7 * * *", "Europe/Berlin", "2026-03-28T06:00", "2026-03-29T05:00"},
      {"30 2 * * *", "Europe/Berlin", "2026-03-28T02:00", "2026-03-29T01:00"},  // 2:30 is left out: at 3:00
      {"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00", "2026-03-30T00:30"},
      {"0 3 * * *", "Europe/Berlin", "2026-03-28T03:00", "2026-03-29T01:00"},
      {"30 2 * * *", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T00:30"},  // the first 2:30
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"},  // not the second
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T01:10", "2026-10-26T01:30"},
      {"0 3 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T02:00"},
      {"15 2,3 * * *", "Europe/Berlin", "2026-10-25T00:15", "2026-10-25T02:15"},
      // What leaves hours open goes on by the elapsed time.
      {"*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T01:00"},
      {"*/30 * * * *", "Europe/Berlin", "2026-10-25T01:00", "2026-10-25T01:30"},
      {"30 * * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T01:30"},
      {"30 * * * *", "Europe/Berlin", "2026-03-29T00:30", "2026-03-29T01:30"},
      // New York: back on 1 November 2026 at 06:00 UTC.
      {"30 1 * * *", "America/New_York", "2026-11-01T00:00", "2026-11-01T05:30"},
      {"30 1 * * *", "America/New_York", "2026-11-01T05:30", "2026-11-02T06:30"},
      {"0 2 * * SUN", "America/New_York", "2026-03-02T00:00", "2026-03-08T07:00"},  // 2:00 is left out
      // Lord Howe: half an hour.
      {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T14:45"},
      {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45", "2026-04-05T15:15"},
      {"10 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-03T15:30"},
      {"0 9 * * *", "Asia/Kathmandu", "2026-01-01T00:00", "2026-01-01T03:15"},
      {"0 0 29 2 *", "UTC", "2026-01-01T00:00", "2028-02-29T00:00"},
      {"0 0 29 2 *", "Europe/Berlin", "2026-01-01T00:00", "2028-02-28T23:00"},
      // Samoa left out a whole day, 30 December 2011.
      {"0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00", "2011-12-30T10:00"},
  };
  for (const auto& one : cases)
    EXPECT_EQ(shown(next_firing(cron(one.cron), zone(one.zone), at(one.after))), one.expected)
        << one.cron << " in " << one.zone << " after " << one.after;
}

// The naive twin looks at every minute of elapsed time.
class Twin {
 public:
  Twin(const config::Cron& cron, const Zone& zone) : cron_(cron), zone_(zone) {}
  std::optional<Time> after(Time after, std::chrono::minutes horizon) const {
    using std::chrono::minutes;
    Time now = std::chrono::floor<minutes>(after);
    const Time end = now + horizon;
    for (now += minutes(1); now <= end; now += minutes(1)) {
      const auto local = wall(now), before = wall(now - minutes(1));
      if (cron_.hours == (1u << 24) - 1) {
        if (fires(local)) return now;
        continue;
      }
      if (local <= before) continue;           // the clocks were just put back
      if (shown_before(now, local)) continue;  // and show a time again
      for (auto skipped = before + minutes(1); skipped <= local; skipped += minutes(1))
        if (fires(skipped)) return now;
    }
    return std::nullopt;
  }

 private:
  config::LocalMinutes wall(Time at) const {
    return config::LocalMinutes(std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()) +
                                zone_.offset(at));
  }
  bool fires(config::LocalMinutes local) const {
    return cron_.next(local - std::chrono::minutes(1)) == local;
  }
  bool shown_before(Time now, config::LocalMinutes local) const {
    for (int back = 1; back <= 4 * 60; ++back)
      if (wall(now - std::chrono::minutes(back)) >= local) return true;
    return false;
  }
  const config::Cron& cron_;
  const Zone& zone_;
};

TEST(Firing, IsWhatLookingAtEveryMinuteGives) {
  const uint64_t seed = Random::from_system().next();
  Random random(seed);
  const char* zones[] = {"Europe/Berlin", "America/New_York",  "Australia/Lord_Howe", "America/Sao_Paulo",
                         "Asia/Kolkata",  "Africa/Casablanca", "America/St_Johns",    "UTC"};
  const char* changes[] = {"2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00",
                           "2026-04-04T15:00", "2026-10-03T15:30", "2018-11-04T03:00", "2026-02-15T02:00"};
  for (int i = 0; i < 80; ++i) {
    const std::string minute = random.chance(0.3) ? "*/15" : std::to_string(random.below(60));
    const std::string hour = random.chance(0.3) ? "*" : std::to_string(random.below(5));
    const std::string text = minute + " " + hour + " * * *";
    const std::string name = zones[random.below(std::size(zones))];
    const Time around = at(changes[random.below(std::size(changes))]) - std::chrono::hours(30) +
                        std::chrono::minutes(random.below(60 * 36));
    const auto expression = cron(text);
    const auto rules = zone(name);
    const auto expected = Twin(expression, rules).after(around, std::chrono::hours(50));
    EXPECT_EQ(shown(next_firing(expression, rules, around)), shown(expected))
        << text << " in " << name << " after " << shown(around) << ", seed " << seed;
  }
}

TEST(Zone, UnknownNamesAreTold) {
  const auto opened = Zone::open("Europe/Atlantis");
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("Europe/Atlantis"), std::string::npos);
}

Past nothing_yet(Time seen) {
  return {.seen = seen,
          .mark = {},
          .last_started = {},
          .ended = [](const std::string&) { return std::optional<Time>(); },
          .made_by_dbt = [] { return std::optional<Time>(); }};
}

config::Schedule every(Duration duration) {
  config::Schedule schedule;
  schedule.every = duration;
  return schedule;
}

Due due(const config::Schedule& schedule, const Past& past, Time now) {
  const auto next = next_due(schedule, "s", past, now);
  EXPECT_TRUE(next.ok() && next->has_value());
  return next.ok() && *next ? **next : Due{};
}

TEST(NextDue, AnIntervalKeepsItsPlaceInTheHour) {
  auto past = nothing_yet(at("2026-01-01T00:00"));
  EXPECT_EQ(due(every(15min), past, at("2026-01-01T00:00")).at, at("2026-01-01T00:00"));
  past.mark = at("2026-01-01T00:00");
  past.last_started = *past.mark + 3s;
  EXPECT_EQ(due(every(15min), past, at("2026-01-01T00:01")).at, at("2026-01-01T00:15"));
}

TEST(NextDue, WhatWasRunBeforeTheServiceCounts) {
  auto past = nothing_yet(at("2026-01-01T12:00"));
  past.last_started = at("2026-01-01T11:55");
  EXPECT_EQ(due(every(15min), past, at("2026-01-01T12:00")).at, at("2026-01-01T12:10"));
}

TEST(NextDue, OfMissedTimesTheLastIsMadeUpFor) {
  auto past = nothing_yet(at("2026-01-01T00:00"));
  past.mark = at("2026-01-01T00:00");
  const Due interval = due(every(15min), past, at("2026-01-01T01:07"));
  EXPECT_EQ(interval.at, at("2026-01-01T01:00"));
  EXPECT_EQ(interval.missed, 3u);
  config::Schedule daily;
  daily.cron = cron("0 7 * * *");
  const Due night = due(daily, past, at("2026-01-04T08:00"));
  EXPECT_EQ(night.at, at("2026-01-04T07:00"));
  EXPECT_EQ(night.missed, 3u);
}

TEST(NextDue, JitterIsTheSameEachTimeAndWithinItsBound) {
  config::Schedule schedule = every(1h);
  schedule.jitter = 10min;
  const auto past = nothing_yet(at("2026-01-01T00:00"));
  const Due first = due(schedule, past, at("2026-01-01T00:00"));
  EXPECT_EQ(first.at, due(schedule, past, at("2026-01-01T00:00")).at);
  EXPECT_GE(first.at, at("2026-01-01T00:00"));
  EXPECT_LT(first.at, at("2026-01-01T00:10"));
  config::Schedule daily;
  daily.cron = cron("0 7 * * *");
  daily.jitter = 10min;
  auto seen = nothing_yet(at("2026-01-01T00:00"));
  const Due one = due(daily, seen, at("2026-01-01T00:00"));
  seen.mark = one.at;
  EXPECT_EQ(due(daily, seen, one.at).at, one.at + std::chrono::hours(24));
}

TEST(NextDue, AfterOthersWaitsForAllOfThem) {
  config::Schedule schedule;
  schedule.after = {{"a", {}}, {"b", {}}};
  std::map<std::string, Time> ended;
  auto past = nothing_yet(at("2026-01-01T00:00"));
  past.ended = [&](const std::string& sync) {
    const auto found = ended.find(sync);
    return found == ended.end() ? std::nullopt : std::optional(found->second);
  };
  const Time now = at("2026-01-01T02:00");
  const auto is_due = [&] { return next_due(schedule, "s", past, now).value().has_value(); };
  EXPECT_FALSE(is_due());
  ended["a"] = at("2026-01-01T01:00");
  EXPECT_FALSE(is_due());
  ended["b"] = at("2026-01-01T01:10");
  EXPECT_EQ(due(schedule, past, now).at, at("2026-01-01T01:10"));
  past.mark = at("2026-01-01T01:10");
  EXPECT_FALSE(is_due());
  ended["a"] = at("2026-01-01T01:30");
  EXPECT_FALSE(is_due());
  ended["b"] = at("2026-01-01T01:20");
  EXPECT_EQ(due(schedule, past, now).at, at("2026-01-01T01:30"));
}

}  // namespace
}  // namespace penstock::schedule
