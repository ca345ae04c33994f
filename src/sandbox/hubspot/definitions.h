// The paths that describe an account: properties and object schemas.
#pragma once

#include <string_view>

#include "sandbox/answer.h"
#include "sandbox/hubspot/records.h"

namespace penstock::sandbox::hubspot {

Answer list_properties(Desk desk, const ObjectType& object);
Answer get_property(Desk desk, const ObjectType& object, std::string_view name);
Answer create_property(Desk desk, ObjectType& object, std::string_view body);
Answer update_property(Desk desk, ObjectType& object, std::string_view name, std::string_view body);
Answer archive_property(Desk desk, ObjectType& object, std::string_view name);

Answer list_schemas(Desk desk);
Answer get_schema(Desk desk, std::string_view spelled);
Answer create_schema(Desk desk, std::string_view body);

// `"name":"text",`
void append_text(std::string& out, std::string_view name, std::string_view text);
// One property in the vendor's schema `Property`.
void append_property_json(std::string& out, const PropertyDefinition& property);
// Reads a definition (PropertyCreate); a refusal names what is missing or wrong.
std::optional<Refusal> read_definition(simdjson::dom::object document, PropertyDefinition& property);

}  // namespace penstock::sandbox::hubspot
