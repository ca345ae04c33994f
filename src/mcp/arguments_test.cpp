#include "mcp/arguments.h"

#include <gtest/gtest.h>

#include "mcp/tools.h"

namespace penstock::mcp {
namespace {

const std::vector<Parameter> kParameters = {
    {.name = "sync", .help = "The sync", .required = true},
    {.name = "select", .kind = Kind::words, .help = "Which"},
    {.name = "limit", .kind = Kind::integer, .help = "How many", .least = 1, .most = 10, .by_default = 5},
    {.name = "full", .kind = Kind::flag, .help = "All"}};

Result<Arguments> read(const char* text, const std::vector<Parameter>& parameters = kParameters) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text, std::string_view(text).size()).get(object) != simdjson::SUCCESS)
    return Arguments::read(parameters, std::nullopt);
  return Arguments::read(parameters, object);
}

std::string refused(const char* text) {
  const auto arguments = read(text);
  return arguments.ok() ? "" : arguments.error().message;
}

TEST(Arguments, AreReadWithTheirDefaults) {
  const auto given = read(R"({"sync":"a","select":["x","y"],"limit":10,"full":true})");
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->text("sync"), "a");
  EXPECT_EQ(given->words("select"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(given->integer("limit"), 10u);
  EXPECT_TRUE(given->flag("full"));
  const auto few = read(R"({"sync":"a","select":"x","full":null})");
  ASSERT_TRUE(few.ok());
  EXPECT_EQ(few->words("select"), std::vector<std::string>{"x"}) << "one word alone";
  EXPECT_EQ(few->integer("limit"), 5u);
  EXPECT_FALSE(few->flag("full"));
  EXPECT_FALSE(few->has("full"));
}

TEST(Arguments, WhatDoesNotFitIsTold) {
  EXPECT_EQ(refused("{}"), "the argument 'sync' is missing");
  EXPECT_EQ(refused("nothing at all"), "the argument 'sync' is missing");
  EXPECT_EQ(refused(R"({"sync":1})"), "'sync' must be a text");
  EXPECT_EQ(refused(R"({"sync":"a","select":[1]})"), "'select' must be a list of texts");
  EXPECT_EQ(refused(R"({"sync":"a","limit":11})"), "'limit' must be a whole number from 1 to 10");
  EXPECT_EQ(refused(R"({"sync":"a","limit":0})"), "'limit' must be a whole number from 1 to 10");
  EXPECT_EQ(refused(R"({"sync":"a","limit":1.5})"), "'limit' must be a whole number from 1 to 10");
  EXPECT_EQ(refused(R"({"sync":"a","full":"yes"})"), "'full' must be true or false");
  const auto misspelt = read(R"({"snyc":"a"})");
  ASSERT_FALSE(misspelt.ok());
  EXPECT_EQ(misspelt.error().message, "there is no argument 'snyc'");
  EXPECT_EQ(misspelt.error().remedy, "did you mean 'sync'? (arguments: sync, select, limit and full)");
  EXPECT_EQ(read(R"({"x":1})", {}).error().remedy, "this tool takes no arguments");
}

TEST(Arguments, HaveASchema) {
  EXPECT_EQ(
      input_schema({kParameters[0], kParameters[1], kParameters[2]}),
      R"({"type":"object","properties":{"sync":{"type":"string","description":"The sync"},"select":{"type":"array","items":{"type":"string"},"description":"Which"},"limit":{"type":"integer","minimum":1,"maximum":10,"default":5,"description":"How many"}},"required":["sync"],"additionalProperties":false})");
}

TEST(Tools, EachHasOneWayToBeCalledAndSchemasThatAreJson) {
  simdjson::dom::parser parser;
  for (const auto& tool : tools()) {
    EXPECT_NE(tool.ask == nullptr, tool.act == nullptr) << tool.name;
    EXPECT_EQ(find_tool(tool.name), &tool) << "names are unique";
    for (const std::string& schema : {std::string(tool.output), input_schema(tool.parameters)}) {
      simdjson::dom::object read;
      EXPECT_EQ(parser.parse(schema.data(), schema.size()).get(read), simdjson::SUCCESS) << schema;
    }
  }
}

}  // namespace
}  // namespace penstock::mcp
