#include "source/clickhouse/form.h"

#include <gtest/gtest.h>

namespace penstock::clickhouse {
namespace {

// What a column of the type is asked for as; "" when it comes as it is; "!" for what cannot be read.
std::string asked(std::string_view type) {
  const auto asked = asked_as(type);
  if (!asked.ok()) return "!";
  return asked->as_it_is ? "" : asked->type;
}

TEST(ClickHouseForm, TakesWhatItKnowsAsItIs) {
  for (const auto type :
       {"UInt8", "Int128", "Nullable(Float64)", "FixedString(16)", "DateTime('Asia/Tokyo')",
        "DateTime64(3, 'UTC')", "Decimal(38, 10)", "Array(Array(Nullable(String)))",
        "Map(String, Array(UInt8))", "Tuple(a String, `b c` UInt8)", "Nested(a UInt8, b String)", "Tuple()"})
    EXPECT_EQ(asked(type), "") << type;
}

TEST(ClickHouseForm, HasTheServerMakeTextsOfTheRest) {
  EXPECT_EQ(asked("LowCardinality(Nullable(String))"), "Nullable(String)");
  EXPECT_EQ(asked("Array(LowCardinality(String))"), "Array(String)");
  EXPECT_EQ(asked("Enum8('a' = 1, 'it\\'s (not, yet)' = -2)"), "String");
  EXPECT_EQ(asked("Nullable(Enum16('a' = 1))"), "Nullable(String)");
  EXPECT_EQ(asked("Map(LowCardinality(String), IPv4)"), "Map(String, String)");
  EXPECT_EQ(asked("Tuple(\n    when Time64(3),\n    b Int256)"), "Tuple(`when` String, `b` String)");
  EXPECT_EQ(asked("Tuple(`b\\`s` Int256, c DateTime64(3, 'UTC'))"),
            "Tuple(`b\\`s` String, `c` DateTime64(3, 'UTC'))");
  EXPECT_EQ(asked("Decimal(76, 3)"), "String");
  EXPECT_EQ(asked("Variant(String, UInt8)"), "Nullable(String)");
  EXPECT_EQ(asked("Point"), "Tuple(Float64, Float64)");
  EXPECT_EQ(asked("SimpleAggregateFunction(sum, UInt64)"), "UInt64");
  EXPECT_EQ(asked("JSON(max_dynamic_paths=8, a.b UInt32, SKIP c)"), "String");
  EXPECT_TRUE(asked_as("JSON")->is_json);
  EXPECT_FALSE(asked_as("Array(JSON)")->is_json);
  EXPECT_EQ(asked("IntervalDay"), "String");
}

TEST(ClickHouseForm, RefusesWhatIsNoTypeOrHasNoText) {
  for (const auto type : {"", "(", "Array(", "Array()", "Array(String))", "Nullable(Nullable(String))",
                          "AggregateFunction(sum, UInt8)", "Array(AggregateFunction(sum, UInt8))",
                          "FixedString(0)", "FixedString(x)", "Decimal(5, 6)", "Decimal(77, 1)",
                          "DateTime64(10)", "'text'", "8", "Enum8('a", "UInt8(3)"})
    EXPECT_EQ(asked(type), "!") << type;
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "Array(";
  EXPECT_EQ(asked(deep), "!");
}

}  // namespace
}  // namespace penstock::clickhouse
