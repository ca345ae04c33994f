#include <gtest/gtest.h>

#include "source/clickhouse/server.h"

namespace penstock::clickhouse {
namespace {

TEST(ClickHouseException, IsFoundInTheWordsOfAllVersions) {
  struct Case {
    const char* text;
    int code;
    const char* message;
  };
  const Case cases[] = {
      {"Code: 47, e.displayText() = DB::Exception: Unknown identifier: emial, e.what() = DB::Exception\n", 47,
       "Unknown identifier: emial"},
      {"Code: 1000, e.code() = 111, e.displayText() = Connection refused, e.what() = Connection refused",
       1000, "Connection refused"},
      {"Code: 60. DB::Exception: Table default.x does not exist. (UNKNOWN_TABLE) (version 23.8.1.94 "
       "(official "
       "build))\n",
       60, "Table default.x does not exist"},
      {"\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 395. DB::Exception: It (is) so: while executing "
       "'f(x)'. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.5.1.1)\n__exception__\r\n",
       395, "It (is) so: while executing 'f(x)'"},
      {"Code: 279. DB::NetException: All connection tries failed: \n\nCode: 210. DB::NetException: refused "
       "(x:1). (NETWORK_ERROR)",
       279, "DB::NetException: All connection tries failed: \n\nCode: 210. DB::NetException: refused (x:1)"},
  };
  for (const auto& [text, code, message] : cases) {
    const auto exception = find_exception(std::string(3000, 'x') + text);
    ASSERT_TRUE(exception) << text;
    EXPECT_EQ(exception->code, code);
    EXPECT_EQ(exception->message, message);
  }
}

TEST(ClickHouseException, IsNotSeenWhereNoneIs) {
  for (const auto text : {"", "Code: ", "Code: 7", "Code: x. DB::Exception", "Code: 12. Something else",
                          "<html>Code: 0. DB::Exception: no</html>"})
    EXPECT_FALSE(find_exception(text)) << text;
}

TEST(ClickHouseException, IsTheUsersOrTheSourcesFault) {
  EXPECT_EQ(as_error({62, "failed at position 9 (line 3, col 2): x"}, 1).message,
            "failed at position 9 (line 2 of the SQL, col 2): x");
  EXPECT_EQ(as_error({62, ""}, 1).kind, ErrorKind::config);
  EXPECT_EQ(as_error({164, ""}, 1).kind, ErrorKind::config);
  EXPECT_EQ(as_error({516, ""}, 1).kind, ErrorKind::source);
  EXPECT_EQ(as_error({159, ""}, 1).kind, ErrorKind::source);
  EXPECT_EQ(as_error({9999, "odd"}, 1).message, "odd (code 9999)");
}

}  // namespace
}  // namespace penstock::clickhouse
