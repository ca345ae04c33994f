// Property definitions: /crm/v3/properties/{type}.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/definitions.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

void append_flag(std::string& out, std::string_view name, bool flag) {
  append_json_name(out, name);
  out += flag ? "true," : "false,";
}

void append_options(std::string& out, const std::vector<Option>& options) {
  out += "\"options\":[";
  Commas commas;
  uint64_t order = 0;
  for (const Option& option : options) {
    commas.before_item(out);
    out.push_back('{');
    append_text(out, "label", option.label);
    append_text(out, "value", option.value);
    append_flag(out, "hidden", false);
    append_json_name(out, "displayOrder");
    append_number(out, order++);
    out.push_back('}');
  }
  out += "],";
}

std::optional<Refusal> take_options(json::object document, std::vector<Option>& options) {
  const auto member = document["options"];
  if (member.error() != simdjson::SUCCESS) return std::nullopt;
  json::array given;
  if (member.get(given) != simdjson::SUCCESS) return unreadable("'options' must be an array");
  options.clear();
  for (const json::element option : given) {
    std::string_view label;
    std::string_view value;
    if (option["label"].get(label) != simdjson::SUCCESS || option["value"].get(value) != simdjson::SUCCESS) {
      return unreadable("an option needs 'label' and 'value'");
    }
    options.push_back({std::string(label), std::string(value)});
  }
  return std::nullopt;
}

// The members that may be given when a property is made and later.
std::optional<Refusal> take_changeable(json::object document, PropertyDefinition& property) {
  for (const auto& [name, text] :
       {std::pair{"label", &property.label}, std::pair{"type", &property.type},
        std::pair{"fieldType", &property.field_type}, std::pair{"groupName", &property.group},
        std::pair{"description", &property.description}}) {
    if (auto refusal = take_text(document, name, *text)) return refusal;
  }
  const auto value_type = value_type_of(property.type);
  if (!value_type) return invalid(fmt::format("'{}' is not a property type", property.type));
  property.value_type = *value_type;
  return take_options(document, property.options);
}

Refusal no_property(std::string_view name) {
  return {404, "OBJECT_NOT_FOUND", fmt::format("The property '{}' does not exist", name), {}};
}

// Adds the definition; a refusal if there is no room, or its values cannot be unique.
std::optional<Refusal> define(ObjectType& object, PropertyDefinition property) {
  if (!object.has_room()) return invalid("The object has as many properties as it can have");
  const std::string name = property.name;
  if (object.define(std::move(property))) return std::nullopt;
  return invalid(fmt::format("Records share values of '{}': it cannot be made unique", name));
}

Answer show(const PropertyDefinition& property, int status) {
  Answer answer;
  answer.reply.status = status;
  append_property_json(answer.reply.body, property);
  return answer;
}

}  // namespace

void append_text(std::string& out, std::string_view name, std::string_view text) {
  append_json_member(out, name, text);
  out.push_back(',');
}

void append_property_json(std::string& out, const PropertyDefinition& property) {
  out.push_back('{');
  append_text(out, "name", property.name);
  append_text(out, "label", property.label);
  append_text(out, "type", property.type);
  append_text(out, "fieldType", property.field_type);
  append_text(out, "groupName", property.group);
  append_text(out, "description", property.description);
  append_options(out, property.options);
  for (const auto& [name, time] :
       {std::pair{"createdAt", property.created}, std::pair{"updatedAt", property.updated}}) {
    append_json_name(out, name);
    append_json_time(out, time);
    out.push_back(',');
  }
  append_flag(out, "hasUniqueValue", property.unique);
  append_flag(out, "hidden", false);
  append_flag(out, "hubspotDefined", property.by_hubspot);
  append_flag(out, "calculated", false);
  append_flag(out, "externalOptions", false);
  append_flag(out, "archived", property.archived);
  append_flag(out, "formField", !property.read_only);
  out += "\"displayOrder\":-1,\"modificationMetadata\":{";
  append_flag(out, "archivable", !property.by_hubspot);
  append_flag(out, "readOnlyDefinition", property.by_hubspot);
  append_json_name(out, "readOnlyValue");
  out += property.read_only ? "true}}" : "false}}";
}

std::optional<Refusal> read_definition(json::object document, PropertyDefinition& property) {
  for (const char* name : {"name", "label", "type", "fieldType"}) {
    std::string_view given;
    if (document[name].get(given) != simdjson::SUCCESS || given.empty()) {
      return unreadable(fmt::format("'{}' is missing or no string", name));
    }
    if (name == std::string_view("name")) property.name = given;
  }
  if (property.name != lower_ascii(property.name) || property.name.find(' ') != std::string::npos) {
    return invalid(fmt::format("'{}' is no property name: use lower case and underscores", property.name));
  }
  const auto unique = document["hasUniqueValue"];
  if (unique.error() == simdjson::SUCCESS && unique.get(property.unique) != simdjson::SUCCESS) {
    return unreadable("'hasUniqueValue' must be true or false");
  }
  return take_changeable(document, property);
}

Answer list_properties(Desk, const ObjectType& object) {
  Answer answer;
  answer.reply.body = "{\"results\":[";
  Commas commas;
  for (const PropertyDefinition& property : object.definitions()) {
    if (property.archived) continue;
    commas.before_item(answer.reply.body);
    append_property_json(answer.reply.body, property);
  }
  answer.reply.body += "]}";
  return answer;
}

Answer get_property(Desk desk, const ObjectType& object, std::string_view name) {
  const PropertyDefinition* property = object.find(name);
  return property == nullptr ? desk.refuse(no_property(name)) : show(*property, 200);
}

Answer create_property(Desk desk, ObjectType& object, std::string_view body) {
  json::object document;
  PropertyDefinition property;
  property.created = property.updated = desk.state.now;
  if (auto refusal = parse_body(desk.parser, body, document)) return desk.refuse(*refusal);
  if (auto refusal = read_definition(document, property)) return desk.refuse(*refusal);
  if (object.find(property.name) != nullptr) {
    return desk.refuse({409,
                        "OBJECT_ALREADY_EXISTS",
                        fmt::format("A property named '{}' already exists.", property.name),
                        {}});
  }
  const std::string name = property.name;
  if (auto refusal = define(object, std::move(property))) return desk.refuse(*refusal);
  return show(*object.find(name), 201);
}

Answer update_property(Desk desk, ObjectType& object, std::string_view name, std::string_view body) {
  json::object document;
  if (object.find(name) == nullptr) return desk.refuse(no_property(name));
  if (auto refusal = parse_body(desk.parser, body, document)) return desk.refuse(*refusal);
  PropertyDefinition property = *object.find(name);
  if (auto refusal = take_changeable(document, property)) return desk.refuse(*refusal);
  property.updated = desk.state.now;
  object.define(std::move(property));
  return show(*object.find(name), 200);
}

Answer archive_property(Desk desk, ObjectType& object, std::string_view name) {
  const PropertyDefinition* property = object.find(name);
  if (property == nullptr) return desk.refuse(no_property(name));
  if (property->by_hubspot) {
    return desk.refuse(invalid(fmt::format("'{}' is HubSpot's own and cannot be archived", name)));
  }
  object.definition(*object.table().find_property(name)).archived = true;
  return answer_of(reply_of(204));
}

}  // namespace penstock::sandbox::hubspot
