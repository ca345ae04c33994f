#include "sandbox/json_text.h"

#include <gtest/gtest.h>

namespace penstock::sandbox {
namespace {

// A reply names what was asked for, whatever that was.
TEST(JsonText, OfWhatIsNotUtf8IsStillJson) {
  std::string out;
  append_json_string(out,
                     "compan\xcb"
                     "es \xc3\xa9 \"x\"");
  EXPECT_EQ(out, "\"compan?es ?? \\\"x\\\"\"");
  out.clear();
  append_json_string(out, "\xc3\xa9");
  EXPECT_EQ(out, "\"\xc3\xa9\"");
}

}  // namespace
}  // namespace penstock::sandbox
