#include <gtest/gtest.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

TEST(Scalars, ReadWhatTheySay) {
  EXPECT_EQ(attempt(text(), "1.10").value, "1.10");
  EXPECT_EQ(attempt(text(), "true").value, "true");
  EXPECT_EQ(attempt(any_text(), "''").value, "");
  EXPECT_EQ(attempt(identifier(), "customers_to-crm2").value, "customers_to-crm2");
  EXPECT_EQ(attempt(url(), "https://x.example/a").value, "https://x.example/a");
  EXPECT_TRUE(attempt(boolean(), "True").value);
  EXPECT_FALSE(attempt(boolean(), "false").value);
  EXPECT_EQ(attempt(integer(), "1_000").value, 1000);
  EXPECT_DOUBLE_EQ(attempt(number(), "-2.5").value, -2.5);
  EXPECT_EQ(attempt(duration(), "15m").value, 15min);
  EXPECT_EQ(attempt(size(), "500 KB").value, 500'000u);
  EXPECT_EQ(attempt(share(), "5%").value, Share{0.05});
  EXPECT_EQ(attempt(rate(), "190/10s").value, (Rate{190, 10s}));
  EXPECT_EQ(attempt(share_or_count(), "100").value.count, 100u);
  EXPECT_EQ(as_json(attempt(anything(), "{a: [1, ~]}").value), R"({"a":[1,null]})");
  EXPECT_EQ(attempt(reference_text(), "a${env:B}").value.pieces.size(), 2u);
  EXPECT_EQ(attempt(reference_url(), "${env:B}/x").value.pieces.size(), 2u);
  EXPECT_EQ(attempt(passage("SQL"), "select 1").value.at(7).show(), "x.yaml:1:8");
}

struct Wrong {
  std::string text;
  std::string problem;
};

template <class T>
void expect_problems(const Of<T>& shape, std::initializer_list<Wrong> all) {
  for (const auto& [written, problem] : all) {
    EXPECT_EQ(first_line(shape, written), "x.yaml:" + problem) << written;
    EXPECT_FALSE(attempt(shape, written).good) << written;
  }
}

TEST(Scalars, Text) {
  expect_problems(text(), {{"~", "1:1: error: there is nothing here; expected text"},
                           {"''", "1:1: error: expected text, found an empty text"},
                           {"'  '", "1:1: error: expected text, found the text '  '"},
                           {"[1, 2]", "1:1: error: expected text, found a list of 2"},
                           {"{a: 1}", "1:1: error: expected text, found a map with 'a'"}});
  expect_problems(passage("the SQL of a query"),
                  {{"[]", "1:1: error: expected the SQL of a query, found an empty list"}});
  EXPECT_EQ(attempt(text(), "{{ x }}").problems,
            "x.yaml:1:2: error: the name of a field must be text, found a map with 'x'\n"
            "    1 | {{ x }}\n      |  ^\n"
            "      = put quotes around a text that starts with '{', '[' or '?'\n");
}

TEST(Scalars, Names) {
  const std::string expected =
      "1:1: error: expected a name (a letter, then letters, digits, '_' or '-'), found ";
  expect_problems(identifier(), {{"a b", expected + "the text 'a b'"},
                                 {"1a", expected + "the text '1a'"},
                                 {"7", expected + "the number 7"},
                                 {"ä", expected + "the text 'ä'"},
                                 {"''", expected + "an empty text"}});
}

TEST(Scalars, Numbers) {
  expect_problems(
      integer({.min = 1}, "a number of rows"),
      {{"many", "1:1: error: expected a number of rows of at least 1, found the text 'many'"},
       {"0", "1:1: error: expected a number of rows of at least 1, found the number 0"},
       {"1.5", "1:1: error: expected a number of rows of at least 1, found the number 1.5"},
       {"'5'", "1:1: error: expected a number of rows of at least 1, found the text '5'; remove the quotes"},
       {"[5]", "1:1: error: expected a number of rows of at least 1, found a list of 1"}});
  expect_problems(integer({.min = 1, .max = 9}),
                  {{"10", "1:1: error: expected a whole number from 1 to 9, found the number 10"}});
  expect_problems(integer({.max = 9}),
                  {{"10", "1:1: error: expected a whole number of at most 9, found the number 10"}});
  expect_problems(number({.min = 0, .max = 1}),
                  {{"2", "1:1: error: expected a number from 0 to 1, found the number 2"},
                   {".nan", "1:1: error: expected a number from 0 to 1, found the text '.nan'"}});
}

TEST(Scalars, Booleans) {
  expect_problems(
      boolean(),
      {{"1", "1:1: error: expected true or false, found the number 1"},
       {"yes", "1:1: error: expected true or false, found the text 'yes'; did you mean 'true'?"},
       {"Off", "1:1: error: expected true or false, found the text 'Off'; did you mean 'false'?"},
       {"'true'", "1:1: error: expected true or false, found the text 'true'; remove the quotes"}});
}

TEST(Scalars, Amounts) {
  expect_problems(
      duration(),
      {{"15", "1:1: error: expected a duration such as 30s, 15m or 1h30m, found the number 15"},
       {"soon", "1:1: error: expected a duration such as 30s, 15m or 1h30m, found the text 'soon'"}});
  expect_problems(
      duration(1min),
      {{"1s", "1:1: error: expected a duration of at least 1m, such as 15m, found the text '1s'"}});
  expect_problems(duration(1min, 1h),
                  {{"2h", "1:1: error: expected a duration from 1m to 1h, found the text '2h'"}});
  expect_problems(duration(0s, 1h),
                  {{"2h", "1:1: error: expected a duration of at most 1h, found the text '2h'"}});
  expect_problems(size(), {{"3", "1:1: error: expected a size such as 3MB or 500 KB, found the number 3"}});
  expect_problems(
      share(), {{"0.05", "1:1: error: expected a share from 0% to 100%, such as 5%, found the number 0.05"}});
  expect_problems(rate(),
                  {{"190", "1:1: error: expected a rate such as 190/10s or 4/s, found the number 190"}});
  expect_problems(
      share_or_count(),
      {{"few", "1:1: error: expected a share such as 5% or a number of rows, found the text 'few'"}});
  expect_problems(
      url(),
      {{"x.example",
        "1:1: error: expected a URL that starts with https:// or http://, found the text 'x.example'"}});
}

TEST(Scalars, References) {
  expect_problems(reference_text(), {{"${TOKEN}", "1:1: error: '${TOKEN}' is not a reference"},
                                     {"[]", "1:1: error: expected text, found an empty list"}});
  expect_problems(
      reference_url(),
      {{"x.example",
        "1:1: error: expected a URL that starts with https:// or http://, found the text 'x.example'"}});
}

TEST(Scalars, OfYourOwn) {
  const Of<int> even = parsed<int>({"even number", "an even number", R"({"type":"integer"})"},
                                   [](std::string_view text) -> Result<int> {
                                     auto value = parse_integer(text);
                                     if (value.ok() && *value % 2 == 0) return static_cast<int>(*value);
                                     return Error{ErrorKind::config, "an even number", "double it"};
                                   });
  EXPECT_EQ(attempt(even, "4").value, 4);
  EXPECT_EQ(attempt(even, "3").problems,
            "x.yaml:1:1: error: expected an even number, found the number 3\n    1 | 3\n      | ^\n      = "
            "double it\n");
}

}  // namespace
}  // namespace penstock::declare
