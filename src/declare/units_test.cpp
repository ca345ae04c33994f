#include "declare/units.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace penstock::declare {
namespace {

TEST(Units, DurationsAreExact) {
  EXPECT_EQ(*parse_duration("15m"), 15min);
  EXPECT_EQ(*parse_duration("20ms"), 20ms);
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("0.5s"), 500ms);
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("2w1d"), 15 * 24h);
  EXPECT_EQ(*parse_duration("250us"), 250us);
}

TEST(Units, DurationsThatAreNone) {
  for (const char* text : {"", "15", "m", "15 m", "-5m", "30m1h", "1h1h", "15min", "1.5us", "0.0000001s",
                           "1e3s", "101000d", "99999999999999999999s", "1h ", "١m"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
}

TEST(Units, Sizes) {
  EXPECT_EQ(*parse_size("3MB"), 3'000'000u);
  EXPECT_EQ(*parse_size("500 KB"), 500'000u);
  EXPECT_EQ(*parse_size("1.5kb"), 1500u);
  EXPECT_EQ(*parse_size("4MiB"), 4u << 20);
  EXPECT_EQ(*parse_size("0B"), 0u);
  for (const char* text : {"", "3", "3  MB", "MB", "-3MB", "3 XB", "9999999TB", "0.5B", "3MB/s"})
    EXPECT_FALSE(parse_size(text).ok()) << text;
}

TEST(Units, Shares) {
  EXPECT_DOUBLE_EQ(parse_share("5%")->fraction, 0.05);
  EXPECT_DOUBLE_EQ(parse_share("0.5%")->fraction, 0.005);
  EXPECT_DOUBLE_EQ(parse_share("100%")->fraction, 1);
  for (const char* text : {"", "5", "%", "101%", "-1%", "5 %", "5%%"})
    EXPECT_FALSE(parse_share(text).ok()) << text;
}

TEST(Units, Rates) {
  EXPECT_EQ(*parse_rate("190/10s"), (Rate{190, 10s}));
  EXPECT_EQ(*parse_rate("4/s"), (Rate{4, 1s}));
  EXPECT_EQ(*parse_rate("250000/d"), (Rate{250000, 24h}));
  for (const char* text : {"", "4", "4/", "/s", "0/s", "1.5/s", "4/0s", "4 / s", "4/s/s"})
    EXPECT_FALSE(parse_rate(text).ok()) << text;
}

TEST(Units, ShareOrCount) {
  EXPECT_EQ(parse_share_or_count("500")->count, 500u);
  EXPECT_EQ(parse_share_or_count("5%")->share, Share{0.05});
  for (const char* text : {"", "-1", "1.5", "five"}) EXPECT_FALSE(parse_share_or_count(text).ok()) << text;
}

TEST(Units, Numbers) {
  EXPECT_EQ(*parse_integer("1_000_000"), 1'000'000);
  EXPECT_EQ(*parse_integer("-7"), -7);
  EXPECT_EQ(*parse_integer("+7"), 7);
  for (const char* text : {"", "+", "+-7", "1__0", "_1", "1_", "1.0", "99999999999999999999", "0x10"})
    EXPECT_FALSE(parse_integer(text).ok()) << text;
  EXPECT_DOUBLE_EQ(*parse_number("-1.5e3"), -1500);
  for (const char* text : {"", "nan", "inf", "1e999", "1,5", " 1"})
    EXPECT_FALSE(parse_number(text).ok()) << text;
}

TEST(Units, Urls) {
  EXPECT_EQ(*parse_url("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  for (const char* text : {"", "https://", "ftp://x", "http:///x", "x.example", "https://a b"})
    EXPECT_FALSE(parse_url(text).ok()) << text;
}

TEST(Units, WhatIsShownReadsBack) {
  const uint64_t seed = 20261123;
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    const Duration duration(static_cast<int64_t>(random.below(uint64_t{1} << random.below(50))));
    EXPECT_EQ(*parse_duration(show(duration)), duration) << show(duration) << " seed " << seed;
    const uint64_t bytes = random.below(100'000'000'000);
    EXPECT_EQ(*parse_size(show_size(bytes)), bytes) << show_size(bytes) << " seed " << seed;
    const Rate rate{1 + random.below(100'000), Duration(static_cast<int64_t>(1 + random.below(10'000'000)))};
    EXPECT_EQ(*parse_rate(show(rate)), rate) << show(rate) << " seed " << seed;
    const Share share{static_cast<double>(random.below(1000)) / 1000};
    EXPECT_DOUBLE_EQ(parse_share(show(share))->fraction, share.fraction) << show(share) << " seed " << seed;
  }
  EXPECT_EQ(show(Duration(90min)), "1h30m");
  EXPECT_EQ(show(Duration(0)), "0s");
  EXPECT_EQ(show_size(3'000'000), "3MB");
  EXPECT_EQ(show(Share{0.07}), "7%");
  EXPECT_EQ(show(Rate{4, 1s}), "4/s");
}

}  // namespace
}  // namespace penstock::declare
