#include "sandbox/options.h"

#include <gtest/gtest.h>

namespace penstock::sandbox {
namespace {

TEST(ParseRateLimit, reads_requests_and_period) {
  const auto ten = parse_rate_limit("190/10s");
  ASSERT_TRUE(ten.ok());
  EXPECT_EQ(ten->requests, 190u);
  EXPECT_EQ(ten->per, 10s);
  EXPECT_EQ(parse_rate_limit("5/s")->per, 1s);
  EXPECT_EQ(parse_rate_limit("100/250ms")->per, 250ms);
  EXPECT_EQ(parse_rate_limit("3/2m")->per, 2min);
  EXPECT_EQ(parse_rate_limit("1/h")->per, 1h);
  EXPECT_EQ(parse_rate_limit("none")->requests, 0u);
}

TEST(ParseRateLimit, refuses_the_rest) {
  for (const char* text : {"", "190", "190/", "/10s", "0/10s", "190/0s", "190/10", "190/10d", "-5/s",
                           "190/10s ", "99999999999/s", "5000000/s"}) {
    const auto limit = parse_rate_limit(text);
    ASSERT_FALSE(limit.ok()) << text;
    EXPECT_EQ(limit.error().kind, ErrorKind::config);
    EXPECT_FALSE(limit.error().remedy.empty());
  }
}

TEST(ParseShare, reads_percent_and_fractions) {
  EXPECT_DOUBLE_EQ(*parse_share("1%"), 0.01);
  EXPECT_DOUBLE_EQ(*parse_share("0.5%"), 0.005);
  EXPECT_DOUBLE_EQ(*parse_share("0.25"), 0.25);
  EXPECT_DOUBLE_EQ(*parse_share("100%"), 1);
  for (const char* text : {"", "%", "101%", "-1%", "1.5", "x", "1 %", "nan", "inf"}) {
    EXPECT_FALSE(parse_share(text).ok()) << text;
  }
}

}  // namespace
}  // namespace penstock::sandbox
