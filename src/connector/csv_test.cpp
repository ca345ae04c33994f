#include "connector/csv.h"

#include <gtest/gtest.h>

namespace penstock::connector {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records records(std::string_view text) {
  CsvReader reader(text);
  Records all;
  for (std::vector<std::string> fields; reader.next(fields);) all.push_back(fields);
  EXPECT_FALSE(reader.is_damaged());
  return all;
}

TEST(Csv, ReadsPlainAndQuotedFields) {
  EXPECT_EQ(records("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n"), (Records{{"a", "b"}, {"1", "x, \"y\"\nz"}}));
}

TEST(Csv, TakesAnyLineEndAndNoneAtTheEnd) {
  const Records expected{{"a"}, {"b"}, {"c"}};
  EXPECT_EQ(records("a\nb\nc"), expected);
  EXPECT_EQ(records("a\rb\rc\r"), expected);
  EXPECT_EQ(records("\xEF\xBB\xBF"
                    "a\r\n\r\nb\r\nc\r\n"),
            expected);
}

TEST(Csv, KeepsEmptyFields) {
  EXPECT_EQ(records(",\n\"\",\n"), (Records{{"", ""}, {"", ""}}));
}

TEST(Csv, KeepsSpacesAndQuotesInsidePlainFields) {
  EXPECT_EQ(records(" a ,5\" disk,\"x\"y\n"), (Records{{" a ", "5\" disk", "xy"}}));
}

TEST(Csv, SaysThatAQuotedFieldIsNotClosed) {
  CsvReader reader("a\n\"b");
  std::vector<std::string> fields;
  EXPECT_TRUE(reader.next(fields));
  EXPECT_FALSE(reader.next(fields));
  EXPECT_TRUE(reader.is_damaged());
  EXPECT_EQ(csv_as_json("a\n\"b").error().kind, ErrorKind::transient);
}

TEST(Csv, BecomesJsonByItsHeader) {
  EXPECT_EQ(*csv_as_json("id,na\"me\n1,\"A \"\"B\"\"\"\n2\n3,c,d\n"),
            R"([{"id":"1","na\"me":"A \"B\""},{"id":"2"},{"id":"3","na\"me":"c"}])");
  EXPECT_EQ(*csv_as_json(""), "[]");
  EXPECT_EQ(*csv_as_json("id\n"), "[]");
}

}  // namespace
}  // namespace penstock::connector
