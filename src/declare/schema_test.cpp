#include "declare/schema.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

enum class Write { always, on_create };
struct FieldRule {
  std::string from;
  Write write = Write::always;
};
struct Rules2 {
  std::vector<Named<FieldRule>> fields;
  std::optional<int64_t> rows;
  std::vector<std::string> tags;
  std::string old;
  std::optional<std::string> sql, table;
};
struct Leaf {
  std::vector<Leaf> leaves;
};
struct Http {
  std::string address;
};
using Kind = std::variant<std::monostate, Http, Leaf>;

const Of<FieldRule>& field_rule_shape() {
  static const Of<FieldRule> shape =
      structure<FieldRule>(
          "field rule", "How a field is filled.",
          {field<&FieldRule::from>("from", text()).required().help("The column."),
           field<&FieldRule::write>("write", choice<Write>({{"always", Write::always, "Every time."},
                                                            {"on_create", Write::on_create, "Once."}}))
               .by_default("always")
               .help("When it is written.")})
          .shorthand("from");
  return shape;
}

const Of<Rules2>& rules_shape() {
  static const Of<Rules2> shape =
      structure<Rules2>("rules", "Rules | of a test.",
                        {field<&Rules2::fields>("fields", map_of(field_rule_shape()).not_empty())
                             .required()
                             .example("{ email: email }"),
                         field<&Rules2::rows>("rows", integer({.min = 1, .max = 9})).otherwise("all rows"),
                         field<&Rules2::tags>("tags", list(text()).or_one().at_most(3)),
                         field<&Rules2::old>("old", text()).deprecated("use 'new'"),
                         field<&Rules2::sql>("sql", text()), field<&Rules2::table>("table", text())})
          .at_most_one({"sql", "table"})
          .needs("rows", "tags");
  return shape;
}

const Of<Leaf>& leaf_shape() {
  static const Of<Leaf> shape =
      structure<Leaf>("leaf", "A leaf.", {field<&Leaf::leaves>("leaves", list(later(leaf_shape)))});
  return shape;
}

TEST(Schema, IsWhatTheTableSays) {
  const std::string schema = json_schema(*rules_shape());
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(schema).get(root), simdjson::SUCCESS) << schema;
  EXPECT_EQ(schema, R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$ref": "#/$defs/rules",
  "$defs": {
    "rules": {
      "title": "rules",
      "description": "Rules | of a test.",
      "type": "object",
      "properties": {
        "fields": {
          "type": "object",
          "additionalProperties": {
            "$ref": "#/$defs/field_rule"
          },
          "minProperties": 1,
          "examples": [
            {"email":"email"}
          ]
        },
        "rows": {
          "type":"integer","minimum":1,"maximum":9
        },
        "tags": {
          "anyOf": [
            {
              "type":"string","minLength":1
            },
            {
              "type": "array",
              "items": {
                "type":"string","minLength":1
              },
              "maxItems": 3
            }
          ]
        },
        "old": {
          "type":"string","minLength":1,
          "deprecated": true
        },
        "sql": {
          "type":"string","minLength":1
        },
        "table": {
          "type":"string","minLength":1
        }
      },
      "required": [
        "fields"
      ],
      "additionalProperties": false,
      "allOf": [
        {
          "oneOf": [
            {
              "required": [
                "sql"
              ]
            },
            {
              "required": [
                "table"
              ]
            },
            {
              "not": {
                "anyOf": [
                  {
                    "required": [
                      "sql"
                    ]
                  },
                  {
                    "required": [
                      "table"
                    ]
                  }
                ]
              }
            }
          ]
        }
      ],
      "dependentRequired": {
        "rows": [
          "tags"
        ]
      }
    },
    "field_rule": {
      "title": "field rule",
      "description": "How a field is filled.",
      "anyOf": [
        {
          "type":"string","minLength":1
        },
        {
          "type": "object",
          "properties": {
            "from": {
              "type":"string","minLength":1,
              "description": "The column."
            },
            "write": {
              "enum": [
                "always",
                "on_create"
              ],
              "enumDescriptions": [
                "Every time.",
                "Once."
              ],
              "description": "When it is written.",
              "default": "always"
            }
          },
          "required": [
            "from"
          ],
          "additionalProperties": false
        }
      ]
    }
  }
})");
}

TEST(Schema, ShapesThatHoldThemselvesEnd) {
  const std::string schema = json_schema(*leaf_shape());
  EXPECT_NE(schema.find(R"("$ref": "#/$defs/leaf")"), std::string::npos);
  EXPECT_EQ(schema.find("leaf_2"), std::string::npos);
}

TEST(Schema, TaggedAlternativesFixTheirTag) {
  static const Of<Http> http =
      structure<Http>("http endpoint", "Where.", {field<&Http::address>("address", url()).required()});
  const Of<Kind> kind =
      tagged<Kind>("type", {alternative<Kind>("http", http), alternative<Kind>("leaf", leaf_shape())});
  const std::string schema = json_schema(*kind);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(schema).get(root), simdjson::SUCCESS) << schema;
  EXPECT_EQ(std::string_view(root["$defs"]["http"]["properties"]["type"]["const"]), "http");
  EXPECT_EQ(std::string_view(root["$defs"]["http"]["required"].at(0)), "type");
  EXPECT_EQ(std::string_view(root["oneOf"].at(1)["$ref"]), "#/$defs/leaf");
  // The leaf inside the leaf has no tag, so it is another definition.
  EXPECT_EQ(std::string_view(root["$defs"]["leaf"]["properties"]["leaves"]["items"]["$ref"]),
            "#/$defs/leaf_2");
}

TEST(ReferencePage, IsWhatTheTableSays) {
  EXPECT_EQ(reference_page(*rules_shape(), 3), R"(### rules

Rules | of a test.

| field | takes | default | |
| --- | --- | --- | --- |
| `fields` | map of text to field rule | **required** | <br>Example: `{ email: email }` |
| `rows` | number | all rows |  |
| `tags` | text, or a list |  |  |
| `old` | text |  |  *Deprecated: use 'new'.* |
| `sql` | text |  |  |
| `table` | text |  |  |

At most one of `sql`, `table` is allowed.
`rows` is only allowed beside `tags`.

### field rule

How a field is filled.

| field | takes | default | |
| --- | --- | --- | --- |
| `from` | text | **required** | The column. |
| `write` | `always`, `on_create` | `always` | When it is written.<br>`always`: Every time.<br>`on_create`: Once. |

A plain value stands for `{ from: it }`.
)");
  EXPECT_EQ(reference_page(*rules_shape(), 3, {"field rule"}).find("### field rule"), std::string::npos);
}

}  // namespace
}  // namespace penstock::declare
