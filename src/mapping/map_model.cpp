#include <fmt/format.h>

#include <algorithm>

#include "mapping/mapping.h"

namespace penstock {
namespace {

using declare::Diagnostics;
using declare::Node;
using declare::Place;
using declare::Placed;

// A constant as SQL: numbers and booleans as they are, everything else as text.
std::string constant_sql(const Node& value) {
  switch (value.is_scalar() ? value.meaning() : Node::Meaning::null) {
    case Node::Meaning::boolean:
    case Node::Meaning::integer:
    case Node::Meaning::number:
      return value.text;
    case Node::Meaning::text:
      return duck::quote_text(value.text);
    case Node::Meaning::null:
      break;
  }
  if (value.is_null() || value.is_scalar()) return "NULL";
  return fmt::format("CAST({} AS JSON)", duck::quote_text(declare::as_json(value)));
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

class Mapper {
 public:
  Mapper(duck::Connection& connection, const std::string& relation, const std::vector<duck::Column>& columns,
         const config::Model& model, Diagnostics& diagnostics)
      : connection_(connection), relation_(relation), model_(model), diagnostics_(diagnostics) {
    for (const auto& column : columns) names_.push_back(column.name);
  }

  MappedModel map(const config::Sync& sync) {
    MappedModel mapped;
    mapped.relation = relation_;
    for (const auto& key : model_.primary_key) {
      auto column = this->column(key, *key);
      if (!column) continue;
      column->personal = is_personal(key, std::nullopt);
      mapped.keys.push_back(*std::move(column));
    }
    for (const auto& match : sync.match) {
      const auto& rule = match.value;
      auto column = rule.from ? this->column(*rule.from, match.name)
                              : expression(rule.sql->text, rule.sql->place, match.name);
      if (!column) continue;
      column->personal = is_personal(rule.from, rule.sql);
      mapped.mapping.match.push_back(*std::move(column));
    }
    for (const auto& field : sync.fields)
      if (auto one = this->field(field)) mapped.mapping.fields.push_back(*std::move(one));
    return mapped;
  }

 private:
  std::optional<MappedColumn> column(const Placed<std::string>& name, const std::string& as) {
    const bool known =
        std::any_of(names_.begin(), names_.end(), [&](const auto& one) { return same_name(one, *name); });
    if (known) return expression(duck::quote_name(*name), name.place, as);
    auto& diagnostic =
        diagnostics_.error(name.place, fmt::format("model '{}' has no column '{}'", model_.name, *name));
    diagnostic.hint = declare::did_you_mean(*name, names_);
    diagnostic.remedy = fmt::format("its columns are {}", declare::list_names(names_));
    return std::nullopt;
  }

  std::optional<MappedColumn> expression(const std::string& sql, const Place& place, const std::string& as) {
    auto mapped = map_expression(connection_, relation_, as, fmt::format("({})", sql));
    if (mapped.ok()) return *std::move(mapped);
    diagnostics_.error(place, fmt::format("this expression does not fit model '{}': {}", model_.name,
                                          first_line(mapped.error().message)));
    return std::nullopt;
  }

  // DuckDB goes on with the query and a caret, which point into a text that the user never saw.
  static std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

  std::optional<MappedField> field(const declare::Named<config::FieldRule>& named) {
    const config::FieldRule& rule = named.value;
    std::optional<MappedColumn> column;
    if (rule.from)
      column = this->column(*rule.from, named.name);
    else if (rule.sql)
      column = expression(rule.sql->text, rule.sql->place, named.name);
    else
      column = expression(constant_sql(*rule.value), rule.place, named.name);
    if (!column) return std::nullopt;
    MappedField field{*std::move(column)};
    field.write = rule.write;
    field.omit_null = rule.null == config::NullValue::omit;
    field.personal = rule.pii || is_personal(rule.from, rule.sql);
    return field;
  }

  // A column that the model calls personal stays so in every field that names it.
  bool is_personal(const std::optional<Placed<std::string>>& from,
                   const std::optional<declare::Passage>& sql) const {
    for (const auto& column : model_.pii) {
      if (from && same_name(**from, *column)) return true;
      if (sql && lowered(sql->text).find(lowered(*column)) != std::string::npos) return true;
    }
    return false;
  }

  duck::Connection& connection_;
  const std::string& relation_;
  const config::Model& model_;
  Diagnostics& diagnostics_;
  std::vector<std::string> names_;
};

}  // namespace

MappedModel map_model(duck::Connection& connection, const std::string& relation,
                      const std::vector<duck::Column>& columns, const config::Model& model,
                      const config::Sync& sync, Diagnostics& diagnostics) {
  return Mapper(connection, relation, columns, model, diagnostics).map(sync);
}

}  // namespace penstock
