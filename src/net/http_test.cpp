#include "net/http.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Headers, are_found_whatever_their_case) {
  const Headers headers = {{"Retry-After", "3"}, {"x-limit", "10"}, {"X-Limit", "11"}, {"X-Lim", "12"}};
  EXPECT_EQ(*find_header(headers, "retry-after"), "3");
  EXPECT_EQ(*find_header(headers, "X-LIMIT"), "10");
  EXPECT_EQ(*find_header(headers, "x-lim"), "12");
  EXPECT_EQ(find_header(headers, "x-li"), nullptr);
  EXPECT_EQ(find_header({}, "x"), nullptr);
}

TEST(HostOf, leaves_out_everything_that_may_be_secret) {
  EXPECT_EQ(host_of("https://api.example.com/v1?key=secret"), "api.example.com");
  EXPECT_EQ(host_of("http://user:p@ss@127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(host_of("http://[::1]:80/x@y"), "[::1]:80");
  EXPECT_EQ(host_of("https://host?x=a@b"), "host");
  EXPECT_EQ(host_of("host#part"), "host");
  EXPECT_EQ(host_of(""), "");
}

}  // namespace
}  // namespace penstock
