#include "plan/guards.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

declare::Placed<config::ShareOrCount> share(double fraction) {
  return {{.share = declare::Share{fraction}, .count = {}}, {}};
}
declare::Placed<config::ShareOrCount> rows(uint64_t count) {
  return {{.share = {}, .count = count}, {}};
}

// The name of the guard that stops it; empty: none does.
std::string stopped_by(const config::Guard& guard, const PlanCounts& counts, const GuardFacts& facts) {
  const auto stop = check_guards(guard, counts, facts);
  if (stop) EXPECT_NE(stop->remedy.find("--confirm " + stop->guard), std::string::npos) << stop->remedy;
  return stop ? stop->guard : "";
}

TEST(Guards, AddedRowsAreBoundedByNumberAndByShareOfThoseThatAreThere) {
  config::Guard guard;
  guard.max_added = rows(10);
  EXPECT_EQ(stopped_by(guard, {.rows = 20, .added = 10, .to_send = 10}, {.known = 10}), "");
  EXPECT_EQ(stopped_by(guard, {.rows = 20, .added = 11, .to_send = 11}, {.known = 10}), "max_added");
  EXPECT_EQ(stopped_by(guard, {.rows = 20, .added = 11, .to_send = 10}, {.known = 10}), "") << "--limit 10";
  EXPECT_EQ(stopped_by(guard, {.rows = 11, .added = 11, .to_send = 11}, {.first_run = true}), "max_added");
  guard.max_added = share(0.5);
  EXPECT_EQ(stopped_by(guard, {.rows = 15, .added = 5, .to_send = 5}, {.known = 10}), "");
  EXPECT_EQ(stopped_by(guard, {.rows = 16, .added = 6, .to_send = 6}, {.known = 10}), "max_added");
  EXPECT_EQ(stopped_by(guard, {.rows = 6, .added = 6, .to_send = 6}, {.first_run = true}), "")
      << "a share of nothing says nothing";
}

TEST(Guards, InvalidRowsAreBoundedByNumberAndByShareOfTheModel) {
  config::Guard guard;
  guard.max_invalid = rows(2);
  EXPECT_EQ(stopped_by(guard, {.rows = 10, .invalid = 2}, {}), "");
  EXPECT_EQ(stopped_by(guard, {.rows = 10, .invalid = 3}, {}), "max_invalid");
  guard.max_invalid = share(0.2);
  EXPECT_EQ(stopped_by(guard, {.rows = 10, .invalid = 2}, {}), "");
  EXPECT_EQ(stopped_by(guard, {.rows = 10, .invalid = 3}, {}), "max_invalid");
}

TEST(Guards, RequestsAndTheDaysAllowance) {
  config::Guard guard;
  guard.max_requests = {100, {}};
  EXPECT_EQ(stopped_by(guard, {}, {.requests = 100}), "");
  EXPECT_EQ(stopped_by(guard, {}, {.requests = 101}), "max_requests");
  guard = {};
  guard.max_quota = {{0.25}, {}};
  EXPECT_EQ(stopped_by(guard, {}, {.requests = 1000}), "") << "no day is declared";
  EXPECT_EQ(stopped_by(guard, {}, {.day = DayUse{"api", {1000, 24h}, 250}}), "");
  EXPECT_EQ(stopped_by(guard, {}, {.day = DayUse{"api", {1000, 24h}, 251}}), "max_quota");
}

TEST(Guards, OneThatIsConfirmedLetsTheNextSpeak) {
  config::Guard guard;
  guard.max_removed = rows(0);
  guard.max_added = rows(0);
  const PlanCounts counts{.rows = 0, .added = 1, .removed = 1, .to_send = 2};
  GuardFacts facts{.known = 5, .on_removed = OnRemoved::remove};
  EXPECT_EQ(stopped_by(guard, counts, facts), "empty_model");
  facts.confirmed = {"empty_model"};
  EXPECT_EQ(stopped_by(guard, counts, facts), "max_removed");
  facts.confirmed = {"max_removed", "empty_model"};
  EXPECT_EQ(stopped_by(guard, counts, facts), "max_added");
  facts.confirmed = {"all"};
  EXPECT_EQ(stopped_by(guard, counts, facts), "");
}

TEST(Guards, RejectedRowsAreBoundedByNumberFromTheFirstRowOn) {
  config::Guard guard;
  guard.max_rejected = rows(3);
  EXPECT_FALSE(check_rejected(guard, 3, 3));
  EXPECT_TRUE(check_rejected(guard, 4, 4));
  guard.max_rejected = share(0.1);
  EXPECT_FALSE(check_rejected(guard, 99, 99)) << "a share is judged from a hundred rows on";
  EXPECT_TRUE(check_rejected(guard, 100, 11));
}

TEST(Guards, NamesThatCanBeConfirmed) {
  const auto some = parse_confirmed({"max_removed", "max_quota", "max_removed"});
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(*some, (std::vector<std::string>{"max_removed", "max_quota"}));
  for (const char* name : {"max_remved", "plan_moved", "approve", ""}) {
    const auto none = parse_confirmed({name});
    ASSERT_FALSE(none.ok()) << name;
    EXPECT_EQ(none.error().kind, ErrorKind::config);
    for (const auto guard : guard_names())
      EXPECT_NE(none.error().remedy.find(guard), std::string::npos) << none.error().remedy;
  }
}

}  // namespace
}  // namespace penstock
