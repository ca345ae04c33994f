#include "declare/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::declare {
namespace {

const std::vector<std::string> kFields = {"source", "primary_key", "sql", "table", "dbt", "pii"};

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", "abc"), 0u);
  EXPECT_EQ(edit_distance("abc", "acb"), 1u);  // swapped neighbours are one slip
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("Primary-Key", "primary_key"), 0u);
}

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("primry_key", kFields), "primary_key");
  EXPECT_EQ(nearest("primaryKey", kFields), "primary_key");
  EXPECT_EQ(nearest("souce", kFields), "source");
  EXPECT_EQ(nearest("qsl", kFields), "sql");
  EXPECT_EQ(nearest("Table", kFields), "table");
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("destination", kFields), "");
  EXPECT_EQ(nearest("x", kFields), "");
  EXPECT_EQ(nearest("", kFields), "");
  EXPECT_EQ(nearest("id", std::vector<std::string>{"email"}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), kFields), "");
  EXPECT_EQ(did_you_mean("x", kFields), "");
  EXPECT_EQ(did_you_mean("souce", kFields), "did you mean 'source'?");
}

TEST(Nearest, ListsNames) {
  EXPECT_EQ(list_names(kFields), "source, primary_key, sql, table, dbt or pii");
  EXPECT_EQ(list_names(kFields, 2), "source, primary_key and 4 more");
  EXPECT_EQ(list_names(kFields, 20, "and"), "source, primary_key, sql, table, dbt and pii");
  EXPECT_EQ(list_names(std::vector<std::string>{"a"}), "a");
  EXPECT_EQ(list_names({}), "");
}

}  // namespace
}  // namespace penstock::declare
