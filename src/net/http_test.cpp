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

TEST(Percent, decodes_what_it_encodes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_decode("a%2fb+c%zz%4"), "a/b+c%zz%4");
}

}  // namespace
}  // namespace penstock
