#include "sandbox/hubspot/body.h"

#include <fmt/format.h>

namespace penstock::sandbox::hubspot {

namespace json = simdjson::dom;

std::optional<Refusal> parse_body(json::parser& parser, std::string_view body, json::object& document) {
  if (parser.parse(body.data(), body.size()).get(document) == simdjson::SUCCESS) return std::nullopt;
  return unreadable("the body is not a JSON object");
}

std::optional<Refusal> take_text(json::object document, std::string_view name, std::string_view& text) {
  const auto member = document[name];
  if (member.error() != simdjson::SUCCESS || member.get(text) == simdjson::SUCCESS) return std::nullopt;
  return unreadable(fmt::format("'{}' must be a string", name));
}

std::optional<Refusal> take_text(json::object document, std::string_view name, std::string& text) {
  std::string_view given = text;
  if (auto refusal = take_text(document, name, given)) return refusal;
  text = std::string(given);
  return std::nullopt;
}

std::optional<Refusal> take_names(json::object document, std::string_view name,
                                  std::vector<std::string>& names) {
  const auto member = document[name];
  if (member.error() != simdjson::SUCCESS) return std::nullopt;
  json::array array;
  Refusal refusal = unreadable(fmt::format("'{}' must be an array of strings", name));
  if (member.get(array) != simdjson::SUCCESS) return refusal;
  for (const json::element element : array) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return refusal;
    names.emplace_back(text);
  }
  return std::nullopt;
}

}  // namespace penstock::sandbox::hubspot
