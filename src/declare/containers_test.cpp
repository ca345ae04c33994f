#include <gtest/gtest.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

TEST(Containers, Lists) {
  EXPECT_EQ(attempt(list(integer()), "[1, 2]").value, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(attempt(list(integer()).or_one(), "7").value, (std::vector<int64_t>{7}));
  EXPECT_TRUE(attempt(list(text()), "[]").good);
  EXPECT_EQ(attempt(list(text()), "a").problems,
            "x.yaml:1:1: error: expected a list, found the text 'a'\n    1 | a\n      | ^\n      = write it "
            "as a list, in [ ]\n");
  EXPECT_EQ(first_line(list(text()).not_empty(), "[]"),
            "x.yaml:1:1: error: expected a list that is not empty, found an empty list");
  EXPECT_EQ(first_line(list(text()).at_most(1), "[a, b]"),
            "x.yaml:1:1: error: expected a list of at most 1, found a list of 2");
  EXPECT_EQ(first_line(list(text()).or_one().what("a column or a list of columns"), "{a: 1}"),
            "x.yaml:1:1: error: expected a column or a list of columns, found a map with 'a'");
}

TEST(Containers, EveryBadItemIsReported) {
  EXPECT_EQ(
      attempt(list(integer()), "- 1\n- x\n- y\n").problems,
      "x.yaml:2:3: error: [1]: expected a whole number, found the text 'x'\n    2 | - x\n      |   ^\n"
      "x.yaml:3:3: error: [2]: expected a whole number, found the text 'y'\n    3 | - y\n      |   ^\n");
}

TEST(Containers, MapsKeepTheirOrder) {
  const auto good = attempt(map_of(integer()), "b: 1\na: 2\n");
  ASSERT_EQ(good.value.size(), 2u);
  EXPECT_EQ(good.value[0].name, "b");
  EXPECT_EQ(good.value[1].value, 2);
  EXPECT_EQ(good.value[1].name_place.show(), "x.yaml:2:1");
  EXPECT_EQ(first_line(map_of(integer()), "[1]"), "x.yaml:1:1: error: expected a map, found a list of 1");
  EXPECT_EQ(first_line(map_of(integer()).not_empty(), "{}"),
            "x.yaml:1:1: error: expected a map that is not empty, found an empty map");
  EXPECT_EQ(first_line(map_of(identifier(), integer()), "{a b: 1}"),
            "x.yaml:1:2: error: a b: expected a name (a letter, then letters, digits, '_' or '-'), found the "
            "text 'a b'");
  EXPECT_EQ(first_line(map_of(text(), integer()).what("a map from column to weight"), "x"),
            "x.yaml:1:1: error: expected a map from column to weight, found the text 'x'");
}

TEST(Containers, PlacedValues) {
  const auto good = attempt(list(placed(text())), "- a\n- b\n");
  EXPECT_EQ(good.value[1].place.show(), "x.yaml:2:3");
  EXPECT_EQ(*good.value[1], "b");
  const std::string& reads_as_value = good.value[0];
  EXPECT_EQ(reads_as_value, "a");
}

struct Tree {
  std::string name;
  std::vector<Tree> children;
};
const Of<Tree>& tree_shape() {
  static const Of<Tree> shape =
      structure<Tree>("tree", "A tree.",
                      {field<&Tree::name>("name", text()).required(),
                       field<&Tree::children>("children", list(later(tree_shape)))});
  return shape;
}

TEST(Containers, ShapesMayHoldThemselves) {
  const auto good = attempt(tree_shape(), "{name: a, children: [{name: b, children: [{name: c}]}]}");
  EXPECT_EQ(good.value.children[0].children[0].name, "c");
  EXPECT_EQ(
      first_line(tree_shape(), "{name: a, children: [{name: b, children: [{nam: c}]}]}"),
      "x.yaml:1:44: error: children[0].children[0]: unknown field 'nam' in a tree; did you mean 'name'?");
}

}  // namespace
}  // namespace penstock::declare
