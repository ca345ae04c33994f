// Custom objects: /crm-object-schemas/v3/schemas.
#include <fmt/format.h>

#include "sandbox/hubspot/body.h"
#include "sandbox/hubspot/definitions.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

void append_schema(std::string& out, const std::string& type_id, const CustomSchema& schema,
                   const ObjectType& object) {
  out.push_back('{');
  append_text(out, "id", type_id.substr(2));
  append_text(out, "objectTypeId", type_id);
  append_text(out, "name", schema.name);
  append_text(out, "fullyQualifiedName", fmt::format("p{}_{}", kPortalId, schema.name));
  out += "\"labels\":{\"singular\":";
  append_json_string(out, schema.singular);
  out += ",\"plural\":";
  append_json_string(out, schema.plural);
  out += "},\"requiredProperties\":[";
  Commas names;
  for (const std::string& name : schema.required) {
    names.before_item(out);
    append_json_string(out, name);
  }
  out += "],\"properties\":[";
  Commas properties;
  for (const PropertyDefinition& property : object.definitions()) {
    if (property.archived) continue;
    properties.before_item(out);
    append_property_json(out, property);
  }
  out += "],\"associations\":[],\"archived\":false,\"createdAt\":";
  append_json_time(out, schema.created);
  out += ",\"updatedAt\":";
  append_json_time(out, schema.created);
  out.push_back('}');
}

struct SchemaRequest {
  CustomSchema schema;
  std::vector<PropertyDefinition> properties;
};

std::optional<Refusal> read_schema_properties(json::object document, SchemaRequest& request, Time now) {
  json::array properties;
  if (document["properties"].get(properties) != simdjson::SUCCESS)
    return unreadable("'properties' must be an array");
  for (const json::element element : properties) {
    json::object definition;
    if (element.get(definition) != simdjson::SUCCESS) return unreadable("a property is not an object");
    PropertyDefinition& property = request.properties.emplace_back();
    property.created = property.updated = now;
    property.group = request.schema.name + "_information";
    if (auto refusal = read_definition(definition, property)) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> read_schema(json::object document, SchemaRequest& request, Time now) {
  std::string_view name;
  if (document["name"].get(name) != simdjson::SUCCESS || name.empty()) return unreadable("'name' is missing");
  request.schema.name = name;
  request.schema.created = now;
  for (const auto& [member, label] :
       {std::pair{"singular", &request.schema.singular}, std::pair{"plural", &request.schema.plural}}) {
    std::string_view text = name;
    const auto given = document["labels"][member];
    if (given.error() == simdjson::SUCCESS && given.get(text) != simdjson::SUCCESS) {
      return unreadable("'labels' must be strings");
    }
    *label = text;
  }
  if (auto refusal = take_names(document, "requiredProperties", request.schema.required)) return refusal;
  return read_schema_properties(document, request, now);
}

Answer show(const std::string& type_id, const CustomSchema& schema, const ObjectType& object, int status) {
  Answer answer;
  answer.reply.status = status;
  append_schema(answer.reply.body, type_id, schema, object);
  return answer;
}

}  // namespace

Answer list_schemas(Desk desk) {
  Answer answer;
  answer.reply.body = "{\"results\":[";
  Commas commas;
  for (const auto& [type_id, schema] : desk.account.schemas()) {
    commas.before_item(answer.reply.body);
    append_schema(answer.reply.body, type_id, schema, *desk.account.object(type_id));
  }
  answer.reply.body += "]}";
  return answer;
}

Answer get_schema(Desk desk, std::string_view spelled) {
  const auto& schemas = desk.account.schemas();
  const auto found = schemas.find(desk.account.name_of(spelled));
  if (found != schemas.end())
    return show(found->first, found->second, *desk.account.object(found->first), 200);
  return desk.refuse({404, "OBJECT_NOT_FOUND", fmt::format("There is no custom object '{}'", spelled), {}});
}

Answer create_schema(Desk desk, std::string_view body) {
  json::object document;
  if (auto refusal = parse_body(desk.parser, body, document)) return desk.refuse(*refusal);
  SchemaRequest request;
  if (auto refusal = read_schema(document, request, desk.state.now)) return desk.refuse(*refusal);
  ObjectType* object = desk.account.define(request.schema);
  if (object == nullptr) {
    return desk.refuse({409,
                        "OBJECT_ALREADY_EXISTS",
                        fmt::format("An object named '{}' already exists.", request.schema.name),
                        {}});
  }
  for (PropertyDefinition& property : request.properties) object->define(std::move(property));
  return show(object->type_id(), desk.account.schemas().at(object->type_id()), *object, 201);
}

}  // namespace penstock::sandbox::hubspot
