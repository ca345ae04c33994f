// From the body of a write request to checked rows.
#include <fmt/format.h>

#include <algorithm>

#include "sandbox/hubspot/batch.h"
#include "sandbox/hubspot/body.h"

namespace penstock::sandbox::hubspot {
namespace {

namespace json = simdjson::dom;

// HubSpot's own properties and those it lets people define look like this.
bool is_property_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), fits);
}

NamedProblem unknown_property(std::string_view name) {
  return {std::string(name),
          {"PROPERTY_DOESNT_EXIST", fmt::format("Property \"{}\" does not exist", name), true}};
}

// The property of this name; in a lax sandbox it is made, as a text, when it is first used.
std::optional<PropertyId> property_for(std::string_view name, ObjectType& object, bool strict) {
  if (const auto known = object.find_id(name)) return known;
  if (strict || !is_property_name(name) || !object.has_room()) return std::nullopt;
  PropertyDefinition definition;
  definition.name = definition.label = name;
  definition.group = object.name() + "information";
  object.define(std::move(definition));
  return object.table().find_property(name);
}

std::optional<Refusal> read_row(json::element input, Operation operation, Row& row) {
  json::object object;
  if (input.get(object) != simdjson::SUCCESS) return unreadable("an input is not an object");
  if (auto refusal = take_text(object, "id", row.id)) return refusal;
  if (auto refusal = take_text(object, "idProperty", row.id_property)) return refusal;
  if (auto refusal = take_text(object, "objectWriteTraceId", row.trace_id)) return refusal;
  if (operation != Operation::create && row.id.empty()) return unreadable("an input has no 'id'");
  if (object["properties"].get(row.properties) != simdjson::SUCCESS || !row.properties.is_object()) {
    return unreadable("an input has no object 'properties'");
  }
  return std::nullopt;
}

// Batch update by email is refused though emails are unique: contacts may have several.
std::optional<Refusal> check_id_property(const Row& row, Operation operation, const ObjectType& object) {
  if (operation == Operation::create || row.id_property.empty()) return std::nullopt;
  const PropertyDefinition* property = object.find(row.id_property);
  const bool fits =
      row.id_property == "hs_object_id" ||
      (property != nullptr && property->unique && !(property->is_email && operation == Operation::update));
  if (fits) return std::nullopt;
  return not_an_id(row.id_property);
}

// An upsert finds its record by a value that a new record then gets.
void take_id_value(const ObjectType& object, Row& row, std::deque<std::string>& texts,
                   std::vector<NamedProblem>& fatal) {
  if (row.id_property.empty() || row.id_property == "hs_object_id" || !row.problems.empty()) return;
  const PropertyId property = *object.table().find_property(row.id_property);
  const auto given = [&](const Field& field) { return field.property == property; };
  if (std::any_of(row.fields.begin(), row.fields.end(), given)) return;
  take_value(object, property, row.id, row, texts, fatal);
  order_fields(row.fields);
}

}  // namespace

std::optional<Refusal> read_inputs(json::parser& parser, std::string_view body, json::object& document,
                                   json::array& inputs) {
  if (auto refusal = parse_body(parser, body, document)) return refusal;
  if (document["inputs"].get(inputs) != simdjson::SUCCESS) return unreadable("there is no array 'inputs'");
  if (inputs.size() == 0) return unreadable("'inputs' must not be empty");
  if (inputs.size() <= kRowsMax) return std::nullopt;
  return invalid(fmt::format("The maximum number of inputs supported in a batch request is {}, received {}",
                             kRowsMax, inputs.size()));
}

void take_value(const ObjectType& object, PropertyId property, std::string_view value, Row& row,
                std::deque<std::string>& texts, std::vector<NamedProblem>& fatal) {
  const PropertyDefinition& definition = object.definition(property);
  if (auto problem = check_value(definition, value)) {
    auto& problems = problem->fails_request ? fatal : row.problems;
    problems.push_back({definition.name, *std::move(problem)});
    return;
  }
  if (auto kept = kept_form(definition, value)) value = texts.emplace_back(*std::move(kept));
  const auto same = [&](const Field& field) { return field.property == property; };
  const auto given = std::find_if(row.fields.begin(), row.fields.end(), same);
  if (given == row.fields.end()) {
    row.fields.push_back({property, value});
  } else {
    given->value = value;  // named twice: the last one counts
  }
}

void order_fields(std::vector<Field>& fields) {
  const auto before = [](const Field& a, const Field& b) { return a.property < b.property; };
  std::sort(fields.begin(), fields.end(), before);
}

std::optional<Refusal> read_properties(json::element properties, ObjectType& object, bool strict, Row& row,
                                       std::deque<std::string>& texts, std::vector<NamedProblem>& fatal) {
  for (const auto& [name, value] : json::object(properties)) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      return unreadable(fmt::format("the value of property '{}' must be a string", name));
    }
    if (const auto property = property_for(name, object, strict)) {
      take_value(object, *property, text, row, texts, fatal);
    } else {
      fatal.push_back(unknown_property(name));
    }
  }
  order_fields(row.fields);
  return std::nullopt;
}

std::optional<Refusal> read_rows(json::array inputs, ObjectType& object, bool strict, Batch& batch) {
  std::vector<NamedProblem> fatal;
  batch.rows.reserve(inputs.size());
  for (const json::element input : inputs) {
    Row& row = batch.rows.emplace_back();
    if (auto refusal = read_row(input, batch.operation, row)) return refusal;
    if (auto refusal = check_id_property(row, batch.operation, object)) return refusal;
    row.fields.reserve(json::object(row.properties).size() + 1);
    if (auto refusal = read_properties(row.properties, object, strict, row, batch.texts, fatal))
      return refusal;
    if (batch.operation == Operation::upsert) take_id_value(object, row, batch.texts, fatal);
  }
  if (!fatal.empty()) return refuse_values(fatal);
  return std::nullopt;
}

}  // namespace penstock::sandbox::hubspot
