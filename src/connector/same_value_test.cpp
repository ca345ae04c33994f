#include "connector/same_value.h"

#include <gtest/gtest.h>

namespace penstock::connector {
namespace {

bool same(std::string_view ours, std::string_view theirs, PayloadType type, const ValueRules& rules = {}) {
  return comparable(ours, {.type = type}, rules) == comparable(theirs, {.type = type}, rules) &&
         value_digest(ours, {.type = type}, rules) == value_digest(theirs, {.type = type}, rules);
}

TEST(SameValue, NumbersAreComparedAsNumbers) {
  EXPECT_TRUE(same("12.50", "12.5", PayloadType::decimal));
  EXPECT_TRUE(same("-0.0", "0", PayloadType::decimal));
  EXPECT_TRUE(same("1000", "1e3", PayloadType::integer));
  EXPECT_TRUE(same("+7", "007", PayloadType::integer));
  EXPECT_TRUE(same("0.1", "1e-1", PayloadType::real64));
  EXPECT_FALSE(same("12.5", "12.05", PayloadType::decimal));
  EXPECT_FALSE(same("100", "10", PayloadType::integer));
  EXPECT_FALSE(same("99999999999999999999999999999999999998", "99999999999999999999999999999999999999",
                    PayloadType::decimal));
}

TEST(SameValue, TextsAreComparedAsTheyAre) {
  EXPECT_FALSE(same("007", "7", PayloadType::text));
  EXPECT_FALSE(same("Ana", "ana", PayloadType::text));
  EXPECT_TRUE(same("", "", PayloadType::text));
  EXPECT_FALSE(same("", "0", PayloadType::integer));
  EXPECT_EQ(value_digest("", {}, {}), 0);
}

TEST(SameValue, TimesAreInstants) {
  constexpr auto kStamp = PayloadType::timestamp_tz;
  EXPECT_TRUE(same("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000+0000", kStamp));
  EXPECT_TRUE(same("2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", kStamp));
  EXPECT_TRUE(same("2026-01-02T03:04:05Z", "1767323045000", kStamp));
  EXPECT_TRUE(same("1767323045", "2026-01-02 03:04:05", kStamp, {.timestamps = ValueRules::Times::epoch_s}));
  EXPECT_TRUE(same("2026-01-02", "2026-01-02T00:00:00Z", PayloadType::date));
  EXPECT_FALSE(same("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", kStamp));
  EXPECT_TRUE(same("never", "never", kStamp));
  EXPECT_FALSE(same("2026-13-02", "2026-12-02", PayloadType::date));
}

TEST(SameValue, JsonIsComparedByWhatItSays) {
  EXPECT_TRUE(same(R"({"a":[1,2.50],"b":"x\"y","c":{}})", R"({"c": {}, "b": "x\"y", "a": [1, 2.5]})",
                   PayloadType::json));
  EXPECT_TRUE(same("[1,null,3]", "[1, null, 3]", PayloadType::json));
  EXPECT_TRUE(same("a;b", "a;b", PayloadType::json));  // joined
  EXPECT_FALSE(same("[1,2]", "[2,1]", PayloadType::json));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":"1"})", PayloadType::json));
  EXPECT_FALSE(same(R"([["a"],[]])", R"([["a",[]]])", PayloadType::json));
}

TEST(SameValue, TruthHasManyWords) {
  EXPECT_TRUE(same("true", "1", PayloadType::boolean));
  EXPECT_TRUE(same("false", "f", PayloadType::boolean));
  EXPECT_FALSE(same("true", "false", PayloadType::boolean));
}

}  // namespace
}  // namespace penstock::connector
