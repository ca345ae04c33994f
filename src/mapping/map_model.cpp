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
  Mapper(duck::Connection& connection, const std::string& shape, const std::vector<duck::Column>& columns,
         const config::Model& model, Diagnostics& diagnostics, const FieldFactsOf& field_facts)
      : connection_(connection),
        shape_(shape),
        model_(model),
        diagnostics_(diagnostics),
        field_facts_(field_facts) {
    for (const auto& column : columns) names_.push_back(column.name);
  }

  MappedModel map(const config::Sync& sync) {
    MappedModel mapped;
    for (const auto& key : model_.primary_key) {
      auto column = this->column(key, *key);
      if (!column) continue;
      column->personal = is_personal(key, std::nullopt);
      mapped.keys.push_back(*std::move(column));
    }
    for (const auto& match : sync.match)
      if (auto one = this->match(match)) mapped.mapping.match.push_back(*std::move(one));
    for (const auto& field : sync.fields)
      if (auto one = this->field(field)) mapped.mapping.fields.push_back(*std::move(one));
    return mapped;
  }

 private:
  bool is_known(const std::string& name) const {
    return std::any_of(names_.begin(), names_.end(), [&](const auto& one) { return same_name(one, name); });
  }

  // Reports a column that the model does not have.
  bool check_column(const std::string& name, const Place& place) {
    if (is_known(name)) return true;
    auto& diagnostic =
        diagnostics_.error(place, fmt::format("model '{}' has no column '{}'", model_.name, name));
    diagnostic.hint = declare::did_you_mean(name, names_);
    diagnostic.remedy = fmt::format("its columns are {}", declare::list_names(names_));
    return false;
  }

  std::optional<MappedColumn> column(const Placed<std::string>& name, const std::string& as) {
    if (!check_column(*name, name.place)) return std::nullopt;
    return expression(duck::quote_name(*name), name.place, as);
  }

  std::optional<MappedColumn> expression(const std::string& sql, const Place& place, const std::string& as) {
    auto mapped = map_expression(connection_, shape_, as, fmt::format("({})", sql));
    if (mapped.ok()) return *std::move(mapped);
    refuse_expression(place, mapped.error());
    return std::nullopt;
  }

  void refuse_expression(const Place& place, const Error& error) {
    diagnostics_.error(place, fmt::format("this expression does not fit model '{}': {}", model_.name,
                                          first_line(error.message)));
  }

  // DuckDB goes on with the query and a caret, which point into a text that the user never saw.
  static std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

  std::optional<duck::Type> type_of(const std::string& sql, const Place& place) {
    auto columns = connection_.describe(fmt::format("SELECT {} FROM {}", sql, shape_));
    if (columns.ok()) return std::move((*columns)[0].type);
    refuse_expression(place, columns.error());
    return std::nullopt;
  }

  // A value's way: the sync's own transforms, then those of the destination.
  std::optional<MappedColumn> converted(const std::string& sql, const Place& place, const std::string& as,
                                        const transform::Transforms& own, const FieldFacts& facts) {
    if (own.empty() && facts.convert.empty()) return expression(sql, place, as);
    const auto type = type_of(fmt::format("({})", sql), place);
    if (!type) return std::nullopt;
    transform::Transforms all = own;
    all.insert(all.end(), facts.convert.begin(), facts.convert.end());
    transform::Misfit misfit;
    auto made = transform::convert_sql(fmt::format("({})", sql), *type, all, misfit);
    if (!made) return refuse_transform(misfit, place, as);
    return MappedColumn{.name = as,
                        .sql = std::move(made->sql),
                        .type = made->type,
                        .warehouse_type = type->name(),
                        .converted = true};
  }

  // The place of a transform that the destination asks for is in a file that the user did not write.
  std::nullopt_t refuse_transform(const transform::Misfit& misfit, const Place& place,
                                  const std::string& as) {
    const bool own = misfit.place.file == place.file;
    auto& diagnostic = diagnostics_.error(
        own ? misfit.place : place,
        own ? misfit.message : fmt::format("the destination converts '{}': {}", as, misfit.message));
    diagnostic.remedy = misfit.remedy;
    return std::nullopt;
  }

  std::optional<MappedColumn> message(const Placed<transform::Template>& text, const std::string& as,
                                      const FieldFacts& facts) {
    std::vector<duck::Type> types;
    bool good = true;
    for (const auto& name : text->columns()) {
      if (!check_column(name, text.place)) good = false;
      if (!good) continue;
      auto type = type_of(duck::quote_name(name), text.place);
      if (!type) return std::nullopt;
      types.push_back(*std::move(type));
    }
    if (!good) return std::nullopt;
    transform::Misfit misfit;
    auto made = transform::template_sql(*text, types, facts.escape, text.place, misfit);
    if (!made) return refuse_transform(misfit, text.place, as);
    auto column = converted(made->sql, text.place, as, {}, facts);
    if (column) column->converted = true;
    return column;
  }

  FieldFacts facts_of(const std::string& field) const {
    return field_facts_ ? field_facts_(field) : FieldFacts{};
  }

  std::optional<MappedColumn> value(const std::optional<Placed<std::string>>& from,
                                    const std::optional<declare::Passage>& sql, const std::string& as,
                                    const transform::Transforms& own, const FieldFacts& facts) {
    if (!from) return converted(sql->text, sql->place, as, own, facts);
    if (!check_column(**from, from->place)) return std::nullopt;
    return converted(duck::quote_name(**from), from->place, as, own, facts);
  }

  std::optional<MappedColumn> match(const declare::Named<config::MatchRule>& named) {
    const config::MatchRule& rule = named.value;
    const FieldFacts facts = facts_of(named.name);
    auto column = value(rule.from, rule.sql, named.name, rule.transform, facts);
    if (column) column->personal = facts.personal || is_personal(rule.from, rule.sql);
    return column;
  }

  std::optional<MappedField> field(const declare::Named<config::FieldRule>& named) {
    const config::FieldRule& rule = named.value;
    const FieldFacts facts = facts_of(named.name);
    std::optional<MappedColumn> column;
    if (rule.message)
      column = message(*rule.message, named.name, facts);
    else if (rule.value)
      column = converted(constant_sql(*rule.value), rule.place, named.name, rule.transform, facts);
    else
      column = value(rule.from, rule.sql, named.name, rule.transform, facts);
    if (!column) return std::nullopt;
    MappedField field{*std::move(column)};
    field.write = rule.write;
    field.omit_null = rule.null == config::NullValue::omit;
    field.personal = rule.pii || facts.personal || is_personal(rule.from, rule.sql) || inserts_personal(rule);
    return field;
  }

  bool inserts_personal(const config::FieldRule& rule) const {
    if (!rule.message) return false;
    const auto names = (*rule.message)->columns();
    return std::any_of(model_.pii.begin(), model_.pii.end(), [&](const auto& column) {
      return std::any_of(names.begin(), names.end(),
                         [&](const auto& name) { return same_name(name, *column); });
    });
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
  const std::string& shape_;
  const config::Model& model_;
  Diagnostics& diagnostics_;
  const FieldFactsOf& field_facts_;
  std::vector<std::string> names_;
};

}  // namespace

MappedModel map_model(duck::Connection& connection, const std::string& shape,
                      const std::vector<duck::Column>& columns, const config::Model& model,
                      const config::Sync& sync, Diagnostics& diagnostics, const FieldFactsOf& field_facts) {
  return Mapper(connection, shape, columns, model, diagnostics, field_facts).map(sync);
}

}  // namespace penstock
