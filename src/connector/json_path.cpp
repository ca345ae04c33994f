#include "connector/json_path.h"

#include <charconv>

namespace penstock::connector {

using simdjson::dom::element;

std::optional<element> at_path(element root, std::string_view path) {
  while (!path.empty()) {
    // A member may have a name with dots.
    if (element whole;
        root.is_object() && simdjson::dom::object(root).at_key(path).get(whole) == simdjson::SUCCESS)
      return whole;
    const size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
    element next;
    if (root.is_array()) {
      size_t index = 0;
      const auto parsed = std::from_chars(step.data(), step.data() + step.size(), index);
      if (parsed.ec != std::errc() || simdjson::dom::array(root).at(index).get(next) != simdjson::SUCCESS)
        return std::nullopt;
    } else if (!root.is_object() || simdjson::dom::object(root).at_key(step).get(next) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    root = next;
  }
  return root;
}

std::string text_of(element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return value.is_null() ? std::string() : simdjson::minify(value);
}

std::string text_at(element root, std::string_view path) {
  if (path.empty()) return "";
  const auto value = at_path(root, path);
  return value ? text_of(*value) : "";
}

}  // namespace penstock::connector
