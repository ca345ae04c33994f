#include <gtest/gtest.h>

#include <chrono>

#include "base/random.h"
#include "declare/node.h"
#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

Node parse(const std::string& text) {
  Diagnostics diagnostics;
  auto node = parse_yaml(file_of(text), diagnostics);
  EXPECT_EQ(as_text(diagnostics), "") << text;
  return node ? *node : Node{};
}

std::string at(const Place& place) {
  return place.show() + "+" + std::to_string(place.width);
}

TEST(Yaml, KeysAndValuesHavePlaces) {
  const Node node = parse("a: one\nb:\n  - 2\n  - \"drei\"\nü: { c: x }\nsql: |\n  select\n");
  ASSERT_TRUE(node.is_map());
  EXPECT_EQ(at(node.entries[0].key_place), "x.yaml:1:1+1");
  EXPECT_EQ(at(node.entries[0].value.place), "x.yaml:1:4+3");
  EXPECT_EQ(at(node.find("b")->value.items[0].place), "x.yaml:3:5+1");
  EXPECT_EQ(at(node.find("b")->value.items[1].place), "x.yaml:4:5+6");
  EXPECT_EQ(at(node.find("ü")->value.find("c")->key_place), "x.yaml:5:6+1");  // characters, not bytes
  EXPECT_EQ(node.find("sql")->value.text, "select\n");
  EXPECT_EQ(node.find("sql")->value.style, Node::Style::block);
  EXPECT_EQ(node.find("b")->value.items[1].style, Node::Style::quoted);
}

TEST(Yaml, AnchorsAndTagsAreNotPartOfAValue) {
  const Node node = parse("a: &x 'it''s'\nb: !!str 12\nc: &y !!str |\n  z\n");
  EXPECT_EQ(at(node.entries[0].value.place), "x.yaml:1:7+7");
  EXPECT_EQ(at(node.entries[1].value.place), "x.yaml:2:10+2");
  EXPECT_EQ(as_json(node), R"({"a":"it's","b":"12","c":"z\n"})");
  EXPECT_EQ(node.entries[2].value.style, Node::Style::block);
}

TEST(Yaml, WhatScalarsMean) {
  const Node node =
      parse("[true, 12, -1.5, 1e3, text, '12', null, ~, 007, +49301234, 1.10, yes, 2026-01-01, .5, 0]");
  EXPECT_EQ(as_json(node),
            R"([true,12,-1.5,1000,"text","12",null,null,"007","+49301234",1.1,"yes","2026-01-01",".5",0])");
  EXPECT_EQ(node.items[10].text, "1.10");
}

TEST(Yaml, JsonIsYaml) {
  EXPECT_EQ(as_json(parse(R"({"a": [1, {"b": null}], "c": "d\n"})")), R"({"a":[1,{"b":null}],"c":"d\n"})");
}

TEST(Yaml, AliasesAndMergeKeys) {
  const Node node =
      parse("base: &b { x: 1, y: 2 }\nown:\n  y: 3\n  <<: *b\n  z: *b\nmany:\n  <<: [*b, {w: 4, x: 5}]\n");
  EXPECT_EQ(as_json(node),
            R"({"base":{"x":1,"y":2},"own":{"y":3,"z":{"x":1,"y":2},"x":1},"many":{"x":1,"y":2,"w":4}})");
}

TEST(Yaml, NothingIsNoError) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "\xEF\xBB\xBF"}) {
    const Node node = parse(text);
    EXPECT_TRUE(node.is_null()) << text;
    EXPECT_GE(node.place.line, 1u);
  }
}

TEST(Yaml, AByteOrderMarkIsSkipped) {
  EXPECT_EQ(at(parse("\xEF\xBB\xBF"
                     "a: b")
                   .entries[0]
                   .key_place),
            "x.yaml:1:1+1");
}

TEST(Yaml, MissingValuesStandAtTheirKey) {
  const Node node = parse("a:\nb: ~\nc: []\n");
  EXPECT_EQ(at(node.entries[0].value.place), "x.yaml:1:1+1");
  EXPECT_EQ(at(node.entries[1].value.place), "x.yaml:2:4+1");
}

TEST(Yaml, AFieldMayBeNamedNull) {
  EXPECT_EQ(as_json(parse("{ from: phone, null: omit }")), R"({"from":"phone","null":"omit"})");
  EXPECT_NE(yaml_problems(": 1\n"), "");
}

struct Broken {
  std::string text;
  std::string problems;
};

TEST(Yaml, WhatIsWrongIsSaidWithItsPlace) {
  const Broken kBroken[] = {
      {"a: 1\na: 2\n",
       "x.yaml:2:1: error: the field 'a' is given twice\n    2 | a: 2\n      | ^\n"
       "      = x.yaml:1:1: first given here\n      = keep one of the two\n"},
      {"a:\n\tb: 1\n",
       "x.yaml:2:1: error: a tab in the indentation\n    2 | \tb: 1\n      | ^\n"
       "      = YAML takes only spaces there: replace the tab by spaces\n"},
      {"a: 1\n\tb: 2\n",
       "x.yaml:2:1: error: a tab in the indentation\n    2 | \tb: 2\n      | ^\n"
       "      = YAML takes only spaces there: replace the tab by spaces\n"},
      {"a:\n  b: 1\n   c: 2\n",
       "x.yaml:3:5: error: a ':' stands where no field can start\n    3 |    c: 2\n      |     ^\n"
       "      = x.yaml:2:6: the last that could be read\n"
       "      = indent the line like its neighbours, and put quotes around a text that holds ': '\n"},
      {"a: [1, 2\nb: 3\n",
       "x.yaml:1:4: error: this '[' is never closed\n    1 | a: [1, 2\n      |    ^\n"
       "      = add the closing ']', and put quotes around a text that starts with '['\n"},
      {"a: \"x\n",
       "x.yaml:1:4: error: this quoted text never ends\n    1 | a: \"x\n      |    ^\n"
       "      = add the closing quote\n"},
      {"a: *x\n",
       "x.yaml:1:4: error: '*' names an anchor that is not defined\n    1 | a: *x\n      |    ^\n"
       "      = x.yaml:1:1: the last that could be read\n"
       "      = put quotes around a text that starts with '*'\n"},
      {"a: @x\n",
       "x.yaml:1:4: error: a text cannot start with '@'\n    1 | a: @x\n      |    ^\n"
       "      = x.yaml:1:1: the last that could be read\n      = put quotes around the text\n"},
      {"a: 1\n---\nb: 2\n",
       "x.yaml:2:1: error: a second document in one file\n    2 | ---\n      | ^\n"
       "      = move it to a file of its own\n"},
      {"- a\nb: 1\n",
       "x.yaml:2:1: error: this line does not fit what stands above it\n    2 | b: 1\n      | ^\n"
       "      = indent it like its neighbours\n"},
      {"[1]: 2\n",
       "x.yaml:1:1: error: the name of a field must be text, found a list of 1\n    1 | [1]: 2\n      | ^\n"
       "      = put quotes around a text that starts with '{', '[' or '?'\n"},
      {"a: !env X\n",
       "x.yaml:1:4: error: the tag '!env' has no meaning here\n    1 | a: !env X\n      |    ^\n"
       "      = remove it, or put quotes around a text that starts with '!'\n"},
      {"a: \"\\d\"\n",
       "x.yaml:1:7: error: a '\\' in double quotes starts no known escape\n    1 | a: \"\\d\"\n      |      "
       " ^\n"
       "      = x.yaml:1:1: the last that could be read\n"
       "      = use single quotes, or write \\\\ for a backslash\n"},
      {"<<: 1\n",
       "x.yaml:1:5: error: '<<' takes a map or a list of maps, found the number 1\n    1 | <<: 1\n      |    "
       " ^\n"},
      {"a: b\xFF\n",
       "x.yaml:1:5: error: the byte 0xFF is not text\n    1 | a: b?\n      |     ^\n"
       "      = save the file as UTF-8\n"},
      {std::string("a: 1\nb: \0\n", 9),
       "x.yaml:2:4: error: the byte 0x00 is not text\n    2 | b: ?\n      |    ^\n"
       "      = remove it\n"},
      {"\xFF\xFE"
       "a",
       "x.yaml: error: the file is UTF-16\n      = save it as UTF-8\n"},
  };
  for (const auto& [text, problems] : kBroken) EXPECT_EQ(yaml_problems(text), problems) << text;
}

TEST(Yaml, EverythingIsBounded) {
  EXPECT_EQ(yaml_problems(std::string((16u << 20) + 1, ' ')),
            "x.yaml: error: the file has more than 16 MiB\n      = split it into several files\n");
  EXPECT_NE(yaml_problems(std::string(100, '[')).find("more than 64 levels"), std::string::npos);
  EXPECT_NE(yaml_problems(std::string(100'000, '[')).find("more than 64 levels"), std::string::npos);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_NE(yaml_problems(laughs).find("the aliases of this file expand to far too much"), std::string::npos);
  std::string many = "[";
  for (int i = 0; i < 1'000'001; ++i) many += "1,";
  EXPECT_NE(yaml_problems(many + "]").find("the file holds more than a million values"), std::string::npos);
  EXPECT_NE(yaml_problems("a: &a [*a]\n").find("an anchor is used inside itself"), std::string::npos);
}

TEST(Yaml, ALongLineCostsItsLengthOnce) {
  std::string text = "[";
  for (int i = 0; i < 200'000; ++i) text += "1, ";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parse(text + "1]").items.size(), 200'001u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST(Yaml, PassagesKnowTheirPlaces) {
  const Node node = parse(
      "a: select x\nb: 'sel ü y'\nc: |\n  one\n    two\n\n  three\nd: >\n  one\n  two\ne: |2\n    x\n   "
      "y\nf: a\n  b\n");
  const auto place = [&](const char* key, std::string_view word) {
    const Passage passage = passage_of(node.find(key)->value);
    return passage.at(passage.text.find(word)).show();
  };
  EXPECT_EQ(place("a", "x"), "x.yaml:1:11");
  EXPECT_EQ(place("b", "y"), "x.yaml:2:11");
  EXPECT_EQ(place("c", "one"), "x.yaml:4:3");
  EXPECT_EQ(place("c", "two"), "x.yaml:5:5");
  EXPECT_EQ(place("c", "three"), "x.yaml:7:3");
  EXPECT_EQ(place("d", "two"), "x.yaml:8:4");  // folded: its start
  EXPECT_EQ(place("e", "x"), "x.yaml:12:5");
  EXPECT_EQ(place("e", "y"), "x.yaml:13:4");
  EXPECT_EQ(place("f", "b"), "x.yaml:14:4");
}

TEST(Yaml, RandomTextsNeverBreakIt) {
  const uint64_t seed = 7;
  Random random(seed);
  constexpr std::string_view kPieces[] = {"a",  ": ", "\n",    "  ",  "- ", "[",  "]", "{",  "}",
                                          "\"", "'",  "|\n",   "&a ", "*a", "<<", "#", "\t", "!x ",
                                          "? ", ",",  "---\n", "...", "ü",  "%",  "~", "\\", "1"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (uint64_t i = random.below(30); i > 0; --i) text += kPieces[random.below(std::size(kPieces))];
    Diagnostics diagnostics;
    const auto node = parse_yaml(file_of(text), diagnostics);
    EXPECT_TRUE(node.has_value() || !diagnostics.ok()) << text << " seed " << seed;
    for (const auto& each : diagnostics.sorted()) {
      EXPECT_GE(each.place.line, 1u) << text << " seed " << seed;
      EXPECT_LE(each.place.line, each.place.file->lines()) << text << " seed " << seed;
      EXPECT_FALSE(as_text(each).empty());
    }
  }
}

}  // namespace
}  // namespace penstock::declare
