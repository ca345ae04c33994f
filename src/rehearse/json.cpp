#include "rehearse/json.h"

#include <simdjson.h>

#include <algorithm>

#include "declare/json.h"

namespace penstock::rehearse {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Where the first step of a path ends.
std::pair<std::string_view, std::string_view> first_step(std::string_view path) {
  const size_t dot = path.find('.');
  return {path.substr(0, dot), dot == path.npos ? std::string_view() : path.substr(dot + 1)};
}

std::string csv_cell(std::string text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace

Json& Json::at(std::string_view path) {
  if (path.empty()) return *this;
  const auto [step, rest] = first_step(path);
  if (is_digits(step) && kind_ != Kind::object) return item(std::stoul(std::string(step))).at(rest);
  return member(step).at(rest);
}

Json& Json::item(size_t index) {
  kind_ = Kind::list;
  if (items_.size() <= index) items_.resize(index + 1);
  return items_[index];
}

Json& Json::add_item() {
  return item(items_.size());
}

Json& Json::member(std::string_view name) {
  kind_ = Kind::object;
  for (auto& [known, value] : members_)
    if (known == name) return value;
  return members_.emplace_back(std::string(name), Json()).second;
}

void Json::set(std::string_view text) {
  const bool is_word = text == "true" || text == "false" || text == "null";
  set_raw(is_word ? std::string(text) : declare::json_text(text));
}

void Json::set_raw(std::string json) {
  kind_ = Kind::value;
  value_ = std::move(json);
}

void Json::set_list() {
  if (kind_ == Kind::nothing) kind_ = Kind::list;
}

bool Json::has(std::string_view path) const {
  if (path.empty()) return is_set();
  const auto [step, rest] = first_step(path);
  if (kind_ == Kind::list && is_digits(step)) {
    const size_t index = std::stoul(std::string(step));
    return index < items_.size() && items_[index].has(rest);
  }
  for (const auto& [name, value] : members_)
    if (name == step) return value.has(rest);
  return false;
}

std::string Json::text() const {
  std::string out;
  switch (kind_) {
    case Kind::nothing:
      return "{}";
    case Kind::value:
      return value_;
    case Kind::list:
      for (const Json& item : items_) out += (out.empty() ? "" : ",") + item.text();
      return "[" + out + "]";
    case Kind::object:
      for (const auto& [name, value] : members_)
        out += (out.empty() ? "" : ",") + declare::json_text(name) + ":" + value.text();
      return "{" + out + "}";
  }
  return out;
}

std::string Json::as_csv(const std::vector<std::string>& columns) const {
  std::string out;
  for (const auto& column : columns) out += (out.empty() ? "" : ",") + csv_cell(column);
  out += '\n';
  simdjson::dom::parser parser;
  for (const Json& item : items_) {
    std::string line;
    bool first = true;
    for (const auto& column : columns) {
      std::string cell;
      for (const auto& [name, value] : item.members_) {
        if (name != column) continue;
        simdjson::dom::element element;
        std::string_view text;
        const std::string json = value.text();
        if (parser.parse(json).get(element) != simdjson::SUCCESS) continue;
        cell = element.get(text) == simdjson::SUCCESS ? std::string(text) : json;
      }
      line += (first ? "" : ",") + csv_cell(cell);
      first = false;
    }
    out += line + '\n';
  }
  return out;
}

std::string canonical_number(std::string_view text) {
  std::string sign;
  if (text.starts_with('-')) sign = "-", text.remove_prefix(1);
  const size_t dot = text.find('.');
  std::string_view whole = text.substr(0, dot), part = dot == text.npos ? "" : text.substr(dot + 1);
  if (!is_digits(whole) || (dot != text.npos && !is_digits(part))) return "";
  while (whole.size() > 1 && whole.starts_with('0')) whole.remove_prefix(1);
  while (part.ends_with('0')) part.remove_suffix(1);
  const std::string out = std::string(whole) + (part.empty() ? "" : "." + std::string(part));
  return out == "0" ? out : sign + out;
}

namespace {

using simdjson::dom::element;

bool same_element(element a, element b) {
  if (a.is_array() && b.is_array()) {
    const simdjson::dom::array left = a, right = b;
    if (left.size() != right.size()) return false;
    for (size_t i = 0; i < left.size(); ++i)
      if (!same_element(left.at(i), right.at(i))) return false;
    return true;
  }
  if (a.is_object() && b.is_object()) {
    const simdjson::dom::object left = a, right = b;
    if (left.size() != right.size()) return false;
    for (const auto member : left) {
      element other;
      if (right.at_key(member.key).get(other) != simdjson::SUCCESS || !same_element(member.value, other))
        return false;
    }
    return true;
  }
  const std::string left = simdjson::minify(a), right = simdjson::minify(b);
  if (left == right) return true;
  const std::string number = canonical_number(left);
  return !number.empty() && number == canonical_number(right);
}

}  // namespace

bool same_json(std::string_view a, std::string_view b) {
  simdjson::dom::parser left, right;
  element first, second;
  if (left.parse(a.data(), a.size()).get(first) != simdjson::SUCCESS ||
      right.parse(b.data(), b.size()).get(second) != simdjson::SUCCESS)
    return a == b;
  return same_element(first, second);
}

}  // namespace penstock::rehearse
