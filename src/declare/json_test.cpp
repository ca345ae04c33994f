#include "declare/json.h"

#include <gtest/gtest.h>

namespace penstock::declare {
namespace {

TEST(Json, TextIsEscaped) {
  EXPECT_EQ(json_text("a\"b\\c\n\t\x01ü"), "\"a\\\"b\\\\c\\n\\t\\u0001ü\"");
  EXPECT_EQ(json_text("\xFF\xC3"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Json, OnOneLine) {
  JsonWriter json;
  json.begin_object().key("a").begin_array().integer(1).boolean(true).raw("null").end_array();
  json.key("b").begin_object().end_object().text_if("c", "").text_if("d", "x").members(R"({"e":1,"f":2})");
  json.end_object();
  EXPECT_EQ(json.str(), R"({"a":[1,true,null],"b":{},"d":"x","e":1,"f":2})");
}

TEST(Json, Indented) {
  JsonWriter json(2);
  json.begin_object()
      .key("a")
      .begin_array()
      .integer(1)
      .integer(2)
      .end_array()
      .key("b")
      .begin_object()
      .end_object();
  json.end_object();
  EXPECT_EQ(json.str(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

}  // namespace
}  // namespace penstock::declare
