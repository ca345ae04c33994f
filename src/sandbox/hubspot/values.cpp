#include "sandbox/hubspot/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace penstock::sandbox::hubspot {
namespace {

constexpr int64_t kDayMillis = 86'400'000;

bool is_email(std::string_view text) {
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos)
    return false;
  const std::string_view domain = text.substr(at + 1);
  const size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 2 > domain.size() - 1) return false;
  if (text.find("..") != std::string_view::npos || text[at - 1] == '.' || text[0] == '.') return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (c >= 0 && c <= ' ') || c == ',' || c == ';' || c == '<' || c == '>' || c == '(' || c == ')' ||
           c == '[' || c == ']' || c == '"';
  });
}

ValueProblem wrong(std::string code, std::string message) {
  return {std::move(code), std::move(message), true};
}

std::vector<std::string_view> split_options(std::string_view value) {
  std::vector<std::string_view> parts;
  while (!value.empty()) {
    const size_t end = value.find(';');
    if (end != 0) parts.push_back(value.substr(0, end));
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
  }
  return parts;
}

bool is_option(const PropertyDefinition& property, std::string_view value) {
  const auto matches = [&](const Option& option) { return option.value == value; };
  return std::any_of(property.options.begin(), property.options.end(), matches);
}

std::optional<ValueProblem> check_options(const PropertyDefinition& property, std::string_view value) {
  const bool several = property.field_type == "checkbox";
  const auto given = several ? split_options(value) : std::vector<std::string_view>{value};
  for (const std::string_view option : given) {
    if (is_option(property, option)) continue;
    std::string allowed;
    for (const Option& known : property.options) allowed += (allowed.empty() ? "" : ", ") + known.value;
    return wrong("INVALID_OPTION",
                 fmt::format("{} was not one of the allowed options: [{}]", option, allowed));
  }
  return std::nullopt;
}

std::optional<ValueProblem> check_date(std::string_view value) {
  const auto moment = parse_moment(value);
  if (moment && *moment % kDayMillis == 0) return std::nullopt;
  return wrong("INVALID_DATE",
               fmt::format("{} is not a valid date: it has to be YYYY-MM-DD or midnight UTC in "
                           "milliseconds",
                           value));
}

std::optional<ValueProblem> check_text(const PropertyDefinition& property, std::string_view value) {
  if (value.size() > kTextBytesMax) {
    return ValueProblem{
        "VALUE_TOO_LONG",
        fmt::format("Property value of {} characters is longer than {}", value.size(), kTextBytesMax), false};
  }
  if (!property.is_email || is_email(value)) return std::nullopt;
  return ValueProblem{"INVALID_EMAIL", fmt::format("Email address {} is invalid", value), false};
}

bool has_upper(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// A moment in ISO 8601, if that is not how it was written.
std::optional<std::string> kept_moment(std::string_view sent, bool with_time) {
  const auto millis = parse_moment(sent);
  if (!millis) return std::nullopt;
  std::string kept = iso8601(from_unix_micros(*millis * 1000));
  if (!with_time) kept.resize(10);
  if (kept == sent) return std::nullopt;
  return kept;
}

}  // namespace

std::optional<ValueProblem> check_value(const PropertyDefinition& property, std::string_view value) {
  if (property.read_only) {
    return wrong("READ_ONLY_VALUE",
                 fmt::format("\"{}\" is a read only property; its value cannot be set.", property.name));
  }
  if (value.empty()) return std::nullopt;
  switch (property.value_type) {
    case ValueType::text:
      return check_text(property, value);
    case ValueType::number:
      if (parse_number(value)) return std::nullopt;
      return wrong("INVALID_INTEGER", fmt::format("{} was not a valid number.", value));
    case ValueType::date:
      return check_date(value);
    case ValueType::datetime:
      if (parse_moment(value)) return std::nullopt;
      return wrong("INVALID_DATE",
                   fmt::format("{} is not a valid time: it has to be ISO 8601 or milliseconds", value));
    case ValueType::boolean:
      if (value == "true" || value == "false") return std::nullopt;
      return wrong("INVALID_OPTION",
                   fmt::format("{} was not one of the allowed options: [true, false]", value));
    case ValueType::enumeration:
      return check_options(property, value);
  }
  return std::nullopt;
}

std::optional<std::string> kept_form(const PropertyDefinition& property, std::string_view value) {
  if (value.empty()) return std::nullopt;
  switch (property.value_type) {
    case ValueType::text:
      if (!property.is_email || !has_upper(value)) return std::nullopt;
      return lower_ascii(value);
    case ValueType::date:
      return kept_moment(value, false);
    case ValueType::datetime:
      return kept_moment(value, true);
    case ValueType::number:
    case ValueType::boolean:
    case ValueType::enumeration:
      return std::nullopt;
  }
  return std::nullopt;
}

bool adds_options(const PropertyDefinition& property, std::string_view value) {
  return property.field_type == "checkbox" && value.starts_with(';');
}

std::string add_options(std::string_view held, std::string_view added) {
  std::string all(held);
  const auto present = split_options(held);
  for (const std::string_view option : split_options(added)) {
    if (std::find(present.begin(), present.end(), option) != present.end()) continue;
    if (!all.empty()) all.push_back(';');
    all += option;
  }
  return all;
}

}  // namespace penstock::sandbox::hubspot
