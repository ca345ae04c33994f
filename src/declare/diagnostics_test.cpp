#include "declare/diagnostics.h"

#include <gtest/gtest.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

TEST(Diagnostics, LooksLikeACompilers) {
  const auto file = file_of("source: warehouse\nprimry_key: id\n", "models/customers.yaml");
  Diagnostics diagnostics;
  Diagnostic& wrong = diagnostics.error({file, 2, 1, 10}, "unknown field 'primry_key' in a model");
  wrong.hint = "did you mean 'primary_key'?";
  wrong.remedy = "the fields of a model are source and primary_key";
  wrong.notes.push_back({{file, 1, 1, 6}, "the model starts here"});
  EXPECT_EQ(
      as_text(diagnostics),
      "models/customers.yaml:2:1: error: unknown field 'primry_key' in a model; did you mean 'primary_key'?\n"
      "    2 | primry_key: id\n"
      "      | ^~~~~~~~~~\n"
      "      = models/customers.yaml:1:1: the model starts here\n"
      "      = the fields of a model are source and primary_key\n");
  EXPECT_EQ(
      as_json(diagnostics.sorted()[0]),
      R"({"severity":"error","file":"models/customers.yaml","line":2,"column":1,)"
      R"("message":"unknown field 'primry_key' in a model","hint":"did you mean 'primary_key'?",)"
      R"("remedy":"the fields of a model are source and primary_key",)"
      R"("notes":[{"file":"models/customers.yaml","line":1,"column":1,"text":"the model starts here"}]})");
  EXPECT_EQ(diagnostics.summary(), "1 error");
}

TEST(Diagnostics, AreSortedAndSaidOnce) {
  const auto a = file_of("x\ny\n", "a.yaml"), b = file_of("x\n", "b.yaml");
  Diagnostics diagnostics;
  diagnostics.error({b, 1, 1, 1}, "four");
  diagnostics.error({a, 2, 1, 1}, "three");
  diagnostics.warning({a, 1, 1, 1}, "two");
  diagnostics.error({a, 1, 1, 1}, "one");
  diagnostics.error({a, 2, 1, 1}, "three");
  diagnostics.error({a, 2, 1, 1}, "three again");
  std::string order;
  for (const auto& each : diagnostics.sorted()) order += each.message + ", ";
  EXPECT_EQ(order, "one, two, three, three again, four, ");
  EXPECT_EQ(diagnostics.summary(), "5 errors, 1 warning");
}

TEST(Diagnostics, AreBounded) {
  Diagnostics diagnostics;
  const auto file = file_of("x\n");
  for (int i = 0; i < 5000; ++i) diagnostics.error({file, 1, 1, 1}, std::to_string(i)).remedy = "none";
  EXPECT_EQ(diagnostics.sorted().size(), 1000u);
  EXPECT_EQ(diagnostics.errors(), 5000u);
  EXPECT_TRUE(as_text(diagnostics).ends_with("... 5000 in all\n"));
  Diagnostics more;
  more.add_all(diagnostics);
  EXPECT_EQ(more.errors(), 5000u);
}

TEST(Diagnostics, ConcealsLinesThatHoldSecrets) {
  Diagnostics diagnostics;
  diagnostics.warning({file_of("token: hunter2\n"), 1, 8, 7}, "a secret is written out").conceal = true;
  EXPECT_EQ(as_text(diagnostics), "x.yaml:1:8: warning: a secret is written out\n");
}

TEST(Diagnostics, ShowsOddLinesSafely) {
  Diagnostics diagnostics;
  diagnostics.error({file_of("\ta\x1b[31m: b\n"), 1, 3, 500}, "odd");
  EXPECT_EQ(as_text(diagnostics), "x.yaml:1:3: error: odd\n    1 | \ta?[31m: b\n      | \t ^~~~~~~~\n");
  Diagnostics wide;
  wide.error({file_of(std::string(500, 'a') + "X" + std::string(500, 'b')), 1, 501, 1}, "long");
  EXPECT_EQ(as_text(wide), "x.yaml:1:501: error: long\n    1 | ..." + std::string(20, 'a') + "X" +
                               std::string(99, 'b') + "...\n      |    " + std::string(20, ' ') + "^\n");
}

TEST(Diagnostics, OneAsAnError) {
  Diagnostics diagnostics;
  const auto file = file_of("x\n");
  diagnostics.warning({file, 1, 1, 1}, "never mind");
  diagnostics.error({file, 1, 2, 1}, "wrong").hint = "did you mean 'right'?";
  diagnostics.error({file, 1, 3, 1}, "worse");
  const Error error = as_error(diagnostics);
  EXPECT_EQ(error.kind, ErrorKind::config);
  EXPECT_EQ(error.message, "x.yaml:1:2: wrong; did you mean 'right'? (and 1 error more)");
}

TEST(Diagnostics, PartsJoinToTheText) {
  Diagnostics diagnostics;
  Diagnostic& wrong = diagnostics.error({file_of("abc\n"), 1, 2, 2}, "wrong");
  wrong.path = "a.b";
  std::string joined;
  for (const Part& part : parts_of(wrong)) joined += part.text;
  EXPECT_EQ(joined, as_text(wrong));
  EXPECT_EQ(joined, "x.yaml:1:2: error: a.b: wrong\n    1 | abc\n      |  ^~\n");
}

}  // namespace
}  // namespace penstock::declare
