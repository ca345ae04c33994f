#include "property/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace penstock::property {
namespace {

std::string mapped(std::string text, int (*change)(int)) {
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return text;
}

std::string literal(const Text& text) {
  return text ? duck::quote_text(*text) : "NULL";
}
std::string literal(const std::optional<int64_t>& number) {
  return number ? fmt::to_string(*number) : "NULL";
}

}  // namespace

std::string sql_of(Expression expression) {
  switch (expression) {
    case Expression::email:
      return "email";
    case Expression::lower_email:
      return "lower(email)";
    case Expression::name:
      return "name";
    case Expression::upper_name:
      return "upper(name)";
    case Expression::score:
      return "score";
    case Expression::score_wide:
      return "CAST(score AS BIGINT)";
    case Expression::score_next:
      return "score + 1";
    case Expression::score_text:
      return "CAST(score AS VARCHAR)";
    case Expression::constant:
      return "'x'";
  }
  die("an Expression without SQL");
}

bool needs_score(Expression expression) {
  return expression == Expression::score || expression == Expression::score_wide ||
         expression == Expression::score_next || expression == Expression::score_text;
}

// The only letter of the stories that is not ASCII has an upper case as well.
Text upper(const Text& value) {
  if (!value) return std::nullopt;
  std::string text = mapped(*value, std::toupper);
  for (size_t at = text.find("ë"); at != text.npos; at = text.find("ë")) text.replace(at, 2, "Ë");
  return text;
}

Text shown_value(Expression expression, const ModelRow& row) {
  const auto text = [](const Text& value, int (*change)(int)) {
    return value ? Text(mapped(*value, change)) : std::nullopt;
  };
  const auto number = [&](int64_t more) {
    return row.score ? Text(std::to_string(*row.score + more)) : std::nullopt;
  };
  switch (expression) {
    case Expression::email:
      return row.email;
    case Expression::lower_email:
      return text(row.email, std::tolower);
    case Expression::name:
      return row.name;
    case Expression::upper_name:
      return upper(row.name);
    case Expression::score:
    case Expression::score_wide:
    case Expression::score_text:
      return number(0);
    case Expression::score_next:
      return number(1);
    case Expression::constant:
      return "x";
  }
  die("an Expression without a value");
}

Text value_of(Expression expression, const ModelRow& row) {
  const auto shown = shown_value(expression, row);
  if (!shown) return std::nullopt;
  const bool is_number = needs_score(expression) && expression != Expression::score_text;
  return (is_number ? "integer " : "text ") + *shown;
}

bool MappingSpec::needs_score() const {
  return std::any_of(fields.begin(), fields.end(),
                     [](const FieldSpec& field) { return property::needs_score(field.expression); });
}

std::string MappingSpec::show() const {
  std::string out = "match " + sql_of(match);
  for (const auto& field : fields)
    out += fmt::format(", {} = {}{}{}", field.name, sql_of(field.expression),
                       field.write == WritePolicy::always ? "" : fmt::format(" {}", name_of(field.write)),
                       field.omit_null ? " omit" : "");
  return out;
}

std::string payload_name(const FieldSpec& field) {
  return field.write == WritePolicy::if_empty ? field.name + " if empty" : field.name;
}

Payload payload_of(const MappingSpec& mapping, const ModelRow& row) {
  Payload payload;
  payload[kMatchName] = value_of(mapping.match, row).value_or("NULL");
  for (const auto& field : mapping.fields) {
    const Text value = value_of(field.expression, row);
    if (field.write == WritePolicy::on_create || (!value && field.omit_null)) continue;
    payload[payload_name(field)] = value.value_or("NULL");
  }
  return payload;
}

std::string relation_of(const Model& model, bool with_score) {
  std::string rows;
  for (const auto& row : model)
    rows += fmt::format("{}({}, {}, {}, {})", rows.empty() ? "" : ", ", literal(row.id), literal(row.email),
                        literal(row.name), literal(row.score));
  if (rows.empty()) rows = "(NULL, NULL, NULL, NULL)";
  return fmt::format(
      "(SELECT CAST(id AS BIGINT) AS id, CAST(email AS VARCHAR) AS email, CAST(name AS VARCHAR) AS name{} "
      "FROM (VALUES {}) AS t(id, email, name, score) WHERE {})",
      with_score ? ", CAST(score AS INTEGER) AS score" : "", rows, model.empty() ? "false" : "true");
}

std::string show(const ModelRow& row) {
  return fmt::format("({}, {}, {}, {})", literal(row.id), literal(row.email), literal(row.name),
                     literal(row.score));
}

}  // namespace penstock::property
