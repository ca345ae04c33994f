#include "mapping/mapping.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace penstock {
namespace {

using simdjson::dom::element;

// A column that was wrapped into payload form keeps its expression; only this text says what it is.
std::string described(const MappedColumn& column) {
  std::string out = "{\"name\":";
  append_json_string(out, column.name);
  out += ",\"sql\":";
  append_json_string(out, column.sql);
  return out;
}

std::string text_in(element object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

WritePolicy policy_named(std::string_view name) {
  for (const auto policy : {WritePolicy::on_create, WritePolicy::if_empty, WritePolicy::if_unchanged})
    if (name_of(policy) == name) return policy;
  return WritePolicy::always;
}

// The relation's columns may have other types by now: a value that does not fit the expression any more is
// NULL, and so differs from what was accepted, instead of ending the run. (Some expressions cannot be tried.)
Result<MappedColumn> typed(duck::Connection& connection, const std::string& shape, std::string name,
                           std::string sql) {
  const std::string tried = fmt::format("TRY({})", sql);
  auto columns = connection.describe(fmt::format("SELECT {} FROM {}", tried, shape));
  if (columns.ok())
    sql = tried;
  else
    columns = connection.describe(fmt::format("SELECT {} FROM {}", sql, shape));
  if (!columns.ok()) return columns.error();
  const duck::Type& type = (*columns)[0].type;
  return MappedColumn{std::move(name), std::move(sql), payload_type_of(type), type.name()};
}

// Nullopt when the relation has no longer what the mapping needs.
std::optional<Mapping> read_mapping(duck::Connection& connection, const std::string& shape, element object) {
  Mapping mapping;
  for (const element match : simdjson::dom::array(object["match"])) {
    auto column = typed(connection, shape, text_in(match, "name"), text_in(match, "sql"));
    if (!column.ok()) return std::nullopt;
    mapping.match.push_back(*std::move(column));
  }
  for (const element one : simdjson::dom::array(object["fields"])) {
    auto column = typed(connection, shape, text_in(one, "name"), text_in(one, "sql"));
    if (!column.ok()) return std::nullopt;
    MappedField field{*std::move(column)};
    field.write = policy_named(text_in(one, "write"));
    bool omit = false;
    field.omit_null = one["omit_null"].get(omit) == simdjson::SUCCESS && omit;
    // JSON is text once it is in payload form; the type decides the fingerprint, so it is kept.
    if (const auto type = payload_type_named(text_in(one, "type"))) field.type.type = *type;
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

}  // namespace

std::string_view name_of(WritePolicy policy) {
  switch (policy) {
    case WritePolicy::always:
      return "always";
    case WritePolicy::on_create:
      return "on_create";
    case WritePolicy::if_empty:
      return "if_empty";
    case WritePolicy::if_unchanged:
      return "if_unchanged";
  }
  die("a WritePolicy without a name");
}

std::string Mapping::description() const {
  std::string out = "{\"match\":[";
  for (size_t i = 0; i < match.size(); ++i)
    out += (i > 0 ? "," : "") + described(match[i]) +
           fmt::format(",\"type\":\"{}\"}}", name_of(match[i].type.type));
  out += "],\"fields\":[";
  for (size_t i = 0; i < fields.size(); ++i)
    out += (i > 0 ? "," : "") + described(fields[i]) +
           fmt::format(",\"type\":\"{}\",\"write\":\"{}\",\"omit_null\":{}}}", name_of(fields[i].type.type),
                       name_of(fields[i].write), fields[i].omit_null);
  return out + "]}";
}

std::vector<Mapping> evaluable_mappings(duck::Connection& connection, const std::string& shape,
                                        std::string_view descriptions, const Mapping& current) {
  std::vector<Mapping> mappings;
  simdjson::dom::parser parser;
  simdjson::dom::array all;
  if (parser.parse(descriptions.data(), descriptions.size()).get_array().get(all) != simdjson::SUCCESS)
    return mappings;
  for (const element one : all) {
    if (simdjson::minify(one) == current.description()) continue;
    if (auto mapping = read_mapping(connection, shape, one)) mappings.push_back(*std::move(mapping));
  }
  return mappings;
}

Result<MappedColumn> map_expression(duck::Connection& connection, const std::string& shape, std::string name,
                                    const std::string& expression) {
  auto columns = connection.describe(fmt::format("SELECT {} FROM {}", expression, shape));
  if (!columns.ok()) return columns.error();
  const duck::Type& type = (*columns)[0].type;
  return MappedColumn{std::move(name), as_payload_sql(expression, type), payload_type_of(type), type.name()};
}

std::vector<FingerprintField> fingerprint_fields(const Mapping& mapping) {
  std::vector<FingerprintField> fields;
  for (const auto& match : mapping.match) fields.emplace_back("match:" + match.name, match.type, false);
  for (const auto& field : mapping.fields)
    if (field.fingerprinted()) fields.emplace_back(field.fingerprint_name(), field.type, field.omit_null);
  return fields;
}

}  // namespace penstock
