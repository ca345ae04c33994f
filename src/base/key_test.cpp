#include "base/key.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock {
namespace {

using Parts = std::vector<std::string_view>;

TEST(HashKey, IsStableForEver) {
  // Stored snapshots depend on these values: never change them.
  EXPECT_EQ(hash_key(Parts{"42"}), (KeyHash{0xEA6F59EDB2DAD2C7, 0x228D18FE3624FD70}));
}

TEST(HashKey, PartsDoNotRunTogether) {
  EXPECT_NE(hash_key(Parts{"ab", "c"}), hash_key(Parts{"a", "bc"}));
  EXPECT_NE(hash_key(Parts{"ab"}), hash_key(Parts{"ab", ""}));
}

TEST(HashKey, LongKeysAreHashedWhole) {
  const std::string a(1000, 'x'), b = a + "y";
  EXPECT_NE(hash_key(Parts{a}), hash_key(Parts{b}));
}

TEST(ShowKey, OneColumnIsItsTextAndSeveralAreAnArray) {
  EXPECT_EQ(show_key(Parts{"a\"b"}), "a\"b");
  EXPECT_EQ(show_key(Parts{"DE", "4\"2\n"}), "[\"DE\",\"4\\\"2\\u000a\"]");
}

}  // namespace
}  // namespace penstock
