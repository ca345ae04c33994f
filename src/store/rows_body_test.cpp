#include "store/rows_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(RowsBody, KeepsEveryDigitAndEveryCharacter) {
  const std::string json =
      R"({"match":"id","rows":[{"key":"7","set":{"n":12345678901234567890.1230,"t":"a\"\\\u00e9\n","l":[1.50,"]"],"x":null}}]})";
  const auto body = RowsBody::read(json);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->match, "id");
  EXPECT_THAT(body->columns, ElementsAre("n", "t", "l", "x"));
  const BodyRow& row = body->rows[0];
  EXPECT_THAT(row.key, Optional(std::string_view("7")));
  EXPECT_THAT(row.values, ElementsAre(Optional(std::string_view("12345678901234567890.1230")),
                                      Optional(std::string_view("a\"\\é\n")),
                                      Optional(std::string_view(R"([1.50,"]"])")), std::nullopt));
  EXPECT_THAT(row.json,
              ElementsAre("12345678901234567890.1230", R"("a\"\\\u00e9\n")", R"([1.50,"]"])", "null"));
}

TEST(RowsBody, RowsMayBringDifferentColumns) {
  const std::string json =
      R"({"rows":[{"set":{"a":"1","b":"2"}},{"set":{"b":"3"}},{"set":{}},{"set":{"a":"4","b":"5"}},{"key":"k"}]})";
  const auto body = RowsBody::read(json);
  ASSERT_TRUE(body.ok());
  EXPECT_THAT(body->columns, ElementsAre("a", "b"));
  EXPECT_THAT(body->shapes, ElementsAre(ElementsAre(0, 1), ElementsAre(1), ElementsAre()));
  std::vector<uint32_t> shapes;
  for (const auto& row : body->rows) shapes.push_back(row.shape);
  EXPECT_THAT(shapes, ElementsAre(0, 1, 2, 0, 2));
}

TEST(RowsBody, RefusesWhatIsNoBodyOfRows) {
  for (const char* json :
       {"", "[]", "{}", R"({"match":"a"})", R"({"rows":[{]})", R"({"rows":[{"set":{"a":}}]})",
        R"({"rows":[{"set":{"a":"1"})", R"({"rows":["a"]})"})
    EXPECT_FALSE(RowsBody::read(json).ok()) << json;
}

}  // namespace
}  // namespace penstock
