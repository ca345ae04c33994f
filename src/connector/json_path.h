// Paths into a JSON reply: "errors.0.code", "properties.email".
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

namespace penstock::connector {

// What stands at the path: members by name, items of lists by number. An empty path is the root itself.
std::optional<simdjson::dom::element> at_path(simdjson::dom::element root, std::string_view path);
// A scalar as text ("" for null); lists and objects as their JSON.
std::string text_of(simdjson::dom::element element);
std::string text_at(simdjson::dom::element root, std::string_view path);

}  // namespace penstock::connector
