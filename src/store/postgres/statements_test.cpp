#include "store/postgres/statements.h"

#include <gtest/gtest.h>

#include "store/postgres/array_literal.h"
#include "store/postgres/copy_text.h"

namespace penstock::postgres {
namespace {

Table table() {
  return {.name = "\"crm\".\"people\"",
          .columns = {{.name = "email", .type = "text", .base = "text", .help = ""},
                      {.name = "tags", .type = "text[]", .base = "_text", .help = "", .is_array = true},
                      {.name = "raw", .type = "bytea", .base = "bytea", .help = ""}}};
}

TEST(ArrayLiteral, KeepsDigitsAndQuotesTexts) {
  EXPECT_EQ(array_literal(R"(["a","b\"c","d\\e",null,"null",""])"), R"({"a","b\"c","d\\e",NULL,"null",""})");
  EXPECT_EQ(array_literal("[[1.50,2],[3,1e400]]"), "{{1.50,2},{3,1e400}}");
  EXPECT_EQ(array_literal(R"([{"a":"}"},true])"), R"({"{\"a\":\"}\"}",true})");
  EXPECT_EQ(array_literal("{1,2}"), "{1,2}");
  EXPECT_EQ(array_literal("[]"), "{}");
}

TEST(CopyText, EscapesAndConverts) {
  const std::string json =
      R"({"match":"email","rows":[{"key":"a\tb","set":{"tags":"[\"x\"]","raw":"AP8Q"}},{"key":"c","set":{"raw":null}}]})";
  const auto body = RowsBody::read(json);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(copy_text(*body, table()), "0\t0\ta\\tb\t{\"x\"}\t\\\\x00ff10\n1\t1\tc\t\\N\t\\N\n");
}

TEST(QuotedTable, TakesDotsAndQuotes) {
  EXPECT_EQ(quoted_table("people"), "\"people\"");
  EXPECT_EQ(quoted_table("crm.people"), "\"crm\".\"people\"");
  EXPECT_EQ(quoted_table("\"odd.name\".people"), "\"odd.name\".\"people\"");
  EXPECT_EQ(quoted_name("a\"b"), "\"a\"\"b\"");
}

}  // namespace
}  // namespace penstock::postgres
