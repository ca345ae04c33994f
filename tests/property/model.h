// A model and its mapping in the twin's terms: rows as plain values, payloads as maps of texts. Written apart
// from src/payload and src/mapping on purpose.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace penstock::property {

using Text = std::optional<std::string>;  // nullopt: NULL

struct ModelRow {
  std::optional<int64_t> id;
  Text email, name;
  std::optional<int64_t> score;
  bool operator==(const ModelRow&) const = default;
};
using Model = std::vector<ModelRow>;

// Expressions over the model's columns. Some differ only in how they are written: what they give is the same.
enum class Expression {
  email,
  lower_email,
  name,
  upper_name,
  score,
  score_wide,  // the same numbers in a wider type
  score_next,
  score_text,  // the same digits as a text
  constant,
};
inline constexpr Expression kFieldExpressions[] = {
    Expression::name,       Expression::upper_name, Expression::score,   Expression::score_wide,
    Expression::score_next, Expression::score_text, Expression::constant};

std::string sql_of(Expression expression);
bool needs_score(Expression expression);
// "text ana", "integer 5".
Text value_of(Expression expression, const ModelRow& row);
// What DuckDB prints for it: "ana", "5".
Text shown_value(Expression expression, const ModelRow& row);

struct FieldSpec {
  std::string name;
  Expression expression = Expression::name;
  WritePolicy write = WritePolicy::always;
  bool omit_null = false;
  bool operator==(const FieldSpec&) const = default;
};

struct MappingSpec {
  Expression match = Expression::email;
  std::vector<FieldSpec> fields;
  bool needs_score() const;
  std::string show() const;
  bool operator==(const MappingSpec&) const = default;
};

// What a destination that accepted the row holds because of it: name -> value, the match value among them.
// Fields that are written at creation only do not count, and a NULL that is left out is not there.
using Payload = std::map<std::string, std::string>;
// Under which a field's value stands in the payload: one that may not have been written is another one.
std::string payload_name(const FieldSpec& field);
Payload payload_of(const MappingSpec& mapping, const ModelRow& row);
inline constexpr const char* kMatchName = "match:email";

// The rows as something that stands behind FROM, with the columns id, email, name and, if asked for, score.
std::string relation_of(const Model& model, bool with_score);
std::string show(const ModelRow& row);

}  // namespace penstock::property
