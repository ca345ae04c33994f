#include "base/percent.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Percent, decodes_what_it_encodes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_decode("a%2fb+c%zz%4"), "a/b+c%zz%4");
  EXPECT_EQ(percent_encode_path("customers/1 2"), "customers/1%202");
}

}  // namespace
}  // namespace penstock
