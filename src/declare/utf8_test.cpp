#include "declare/utf8.h"

#include <gtest/gtest.h>

namespace penstock::declare {
namespace {

TEST(Utf8, TakesWhatIsWellFormed) {
  for (std::string_view text : {"", "abc", "ü", "€", "\U0001F600", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(find_not_utf8(text), std::string_view::npos) << text;
}

TEST(Utf8, FindsWhatIsNot) {
  EXPECT_EQ(find_not_utf8("a\xFF"), 1u);
  EXPECT_EQ(find_not_utf8("\xC0\x80"), 0u);          // overlong
  EXPECT_EQ(find_not_utf8("\xE0\x80\x80"), 0u);      // overlong
  EXPECT_EQ(find_not_utf8("\xED\xA0\x80"), 0u);      // a surrogate
  EXPECT_EQ(find_not_utf8("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(find_not_utf8("ü\xE2\x82"), 2u);         // cut short
}

TEST(Utf8, CountsAndShortens) {
  EXPECT_EQ(count_characters("aü€\U0001F600"), 4u);
  EXPECT_EQ(count_characters("\xFF\xFF"), 2u);
  EXPECT_EQ(shorten("aü€", 3), "aü€");
  EXPECT_EQ(shorten("aü€x", 3), "aü€...");
  EXPECT_EQ(shorten("a\nb\x1b[31m\xFF", 20), "a?b?[31m?");
}

}  // namespace
}  // namespace penstock::declare
