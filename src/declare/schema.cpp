#include "declare/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "declare/table.h"

namespace penstock::declare {
namespace {

// An example or default of our own, as JSON.
std::string yaml_as_json(const std::string& yaml) {
  Diagnostics diagnostics;
  auto node = parse_yaml(std::make_shared<SourceFile>("example", yaml), diagnostics);
  check(node.has_value(), "an example is YAML");
  return as_json(*node);
}

// Names in $defs stand in URLs: letters, digits, '_' and '-' only.
std::string definition_name(std::string_view name) {
  std::string out;
  for (char c : name) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out;
}

void write_words(JsonWriter& json, const Field& field) {
  json.text_if("description", field.help());
  if (!field.default_yaml().empty()) json.key("default").raw(yaml_as_json(field.default_yaml()));
  if (!field.example().empty())
    json.key("examples").begin_array().raw(yaml_as_json(field.example())).end_array();
  if (!field.deprecated().empty()) json.key("deprecated").boolean(true);
}

void write_one_required(JsonWriter& json, const std::vector<std::string>& group) {
  for (const std::string& field : group)
    json.begin_object().key("required").begin_array().text(field).end_array().end_object();
}

}  // namespace

void SchemaWriter::refer_to(const Shape& shape, std::string_view tag, std::string_view tag_value) {
  const Shape* identity = shape.table() ? static_cast<const Shape*>(shape.table()) : &shape;
  for (const Definition& known : definitions_)
    if (known.shape == identity && known.tag_value == tag_value) {
      json_.key("$ref").text("#/$defs/" + known.name);
      return;
    }
  const std::string wanted = definition_name(tag.empty() ? identity->name() : std::string(tag_value));
  std::string name = wanted;
  const auto taken = [&] {
    return std::any_of(definitions_.begin(), definitions_.end(),
                       [&](const auto& each) { return each.name == name; });
  };
  for (int number = 2; taken(); ++number) name = fmt::format("{}_{}", wanted, number);
  definitions_.push_back({name, identity, std::string(tag), std::string(tag_value)});
  json_.key("$ref").text("#/$defs/" + name);
}

void SchemaWriter::write_definitions() {
  if (definitions_.empty()) return;
  json_.key("$defs").begin_object();
  for (size_t i = 0; i < definitions_.size(); ++i) {
    const Definition definition = definitions_[i];  // writing it may add more
    json_.key(definition.name).begin_object();
    if (const Table* table = definition.shape->table())
      table->write_definition(*this, definition.tag, definition.tag_value);
    else
      definition.shape->write_schema(*this);
    json_.end_object();
  }
  json_.end_object();
}

std::string json_schema(const Shape& shape) {
  JsonWriter json(2);
  SchemaWriter schema(json);
  json.begin_object();
  json.key("$schema").text("https://json-schema.org/draft/2020-12/schema");
  shape.write_schema(schema);
  schema.write_definitions();
  json.end_object();
  return json.str();
}

void Table::write_schema(SchemaWriter& schema) const {
  schema.refer_to(*this);
}

void Table::write_definition(SchemaWriter& schema, std::string_view tag, std::string_view tag_value) const {
  JsonWriter& json = schema.json();
  json.key("title").text(name_).text_if("description", help_);
  const Field* shorthand = rules_.shorthand.empty() ? nullptr : find(rules_.shorthand);
  if (!shorthand) return write_object(schema, tag, tag_value);
  json.key("anyOf").begin_array().begin_object();
  shorthand->shape().write_schema(schema);
  json.end_object().begin_object();
  write_object(schema, tag, tag_value);
  json.end_object().end_array();
}

void Table::write_object(SchemaWriter& schema, std::string_view tag, std::string_view tag_value) const {
  JsonWriter& json = schema.json();
  json.key("type").text("object");
  write_properties(schema, tag, tag_value);
  write_required(schema, tag);
  json.key("additionalProperties").boolean(false);
  write_rules(schema);
}

void Table::write_properties(SchemaWriter& schema, std::string_view tag, std::string_view tag_value) const {
  JsonWriter& json = schema.json();
  json.key("properties").begin_object();
  if (!tag.empty()) json.key(tag).begin_object().key("const").text(tag_value).end_object();
  for (const Field& field : fields_) {
    json.key(field.name()).begin_object();
    field.shape().write_schema(schema);
    write_words(json, field);
    json.end_object();
  }
  json.end_object();
}

void Table::write_required(SchemaWriter& schema, std::string_view tag) const {
  const bool any =
      std::any_of(fields_.begin(), fields_.end(), [](const Field& each) { return each.is_required(); });
  if (!any && tag.empty()) return;
  JsonWriter& json = schema.json();
  json.key("required").begin_array();
  if (!tag.empty()) json.text(tag);
  for (const Field& field : fields_)
    if (field.is_required()) json.text(field.name());
  json.end_array();
}

void Table::write_rules(SchemaWriter& schema) const {
  JsonWriter& json = schema.json();
  if (!rules_.exactly_one.empty() || !rules_.at_most_one.empty()) {
    json.key("allOf").begin_array();
    for (const auto& group : rules_.exactly_one) {
      json.begin_object().key("oneOf").begin_array();
      write_one_required(json, group);
      json.end_array().end_object();
    }
    for (const auto& group : rules_.at_most_one) {
      json.begin_object().key("oneOf").begin_array();
      write_one_required(json, group);
      json.begin_object().key("not").begin_object().key("anyOf").begin_array();
      write_one_required(json, group);
      json.end_array().end_object().end_object().end_array().end_object();
    }
    json.end_array();
  }
  if (rules_.needs.empty()) return;
  json.key("dependentRequired").begin_object();
  for (const auto& [field, other] : rules_.needs) json.key(field).begin_array().text(other).end_array();
  json.end_object();
}

}  // namespace penstock::declare
