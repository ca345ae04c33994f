// Whether one value passes one filter.
#include <algorithm>

#include "sandbox/hubspot/search.h"

namespace penstock::sandbox::hubspot {
namespace {

// The values of IN must be in lower case for texts: others find nothing, as with HubSpot.
bool is_among(const Filter& filter, ValueType type, std::string_view value) {
  const std::string lower = lower_ascii(value);
  return std::any_of(filter.values.begin(), filter.values.end(), [&](const std::string& wanted) {
    return type == ValueType::text ? lower == wanted : compare_values(type, value, wanted) == 0;
  });
}

// A word of the value; * stands for any rest of it.
bool contains_token(std::string_view value, std::string_view token) {
  const std::string text = lower_ascii(value);
  const bool open_start = token.starts_with('*');
  const bool open_end = token.ends_with('*');
  token.remove_prefix(open_start);
  if (open_end && !token.empty()) token.remove_suffix(1);
  const std::string wanted = lower_ascii(token);
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
  };
  for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
    const size_t end = at + wanted.size();
    const bool starts = open_start || at == 0 || !is_word(text[at - 1]);
    const bool ends = open_end || end == text.size() || !is_word(text[end]);
    if (starts && ends) return true;
  }
  return false;
}

}  // namespace

std::partial_ordering compare_values(ValueType type, std::string_view a, std::string_view b) {
  if (type == ValueType::number) return parse_number(a) <=> parse_number(b);
  if (type == ValueType::date || type == ValueType::datetime) return parse_moment(a) <=> parse_moment(b);
  if (type == ValueType::text) return lower_ascii(a) <=> lower_ascii(b);
  return a <=> b;
}

bool passes(const Filter& filter, ValueType type, std::string_view value) {
  if (filter.op == Operator::not_has_property) return value.empty();
  if (value.empty()) return false;
  const auto order = [&](size_t i) { return compare_values(type, value, filter.values[i]); };
  switch (filter.op) {
    case Operator::eq:
      return order(0) == 0;
    case Operator::neq:
      return order(0) != 0;
    case Operator::lt:
      return order(0) < 0;
    case Operator::lte:
      return order(0) <= 0;
    case Operator::gt:
      return order(0) > 0;
    case Operator::gte:
      return order(0) >= 0;
    case Operator::between:
      return order(0) >= 0 && order(1) <= 0;
    case Operator::in:
      return is_among(filter, type, value);
    case Operator::not_in:
      return !is_among(filter, type, value);
    case Operator::contains_token:
      return contains_token(value, filter.values[0]);
    case Operator::not_contains_token:
      return !contains_token(value, filter.values[0]);
    case Operator::has_property:
    case Operator::not_has_property:
      return true;
  }
  return false;
}

}  // namespace penstock::sandbox::hubspot
