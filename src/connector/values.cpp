#include "connector/values.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace penstock::connector {
namespace {

using Times = ValueRules::Times;

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

bool is_time(PayloadType type) {
  return type == PayloadType::date || type == PayloadType::timestamp || type == PayloadType::timestamp_tz ||
         type == PayloadType::timestamp_ns;
}

// Microseconds since 1970 of a date or timestamp.
int64_t micros_of(const Values& values, size_t row) {
  switch (values.type().type) {
    case PayloadType::date:
      return int64_t{values.at<int32_t>(row)} * 86'400'000'000;
    case PayloadType::timestamp_ns:
      return floor_divide(values.at<int64_t>(row), 1000);
    default:
      return values.at<int64_t>(row);
  }
}

void append_time_text(std::string& out, const Values& values, size_t row, const ValueRules& rules) {
  const PayloadType type = values.type().type;
  const Times form = type == PayloadType::date ? rules.dates : rules.timestamps;
  if (form != Times::iso) {
    out += fmt::format_int(floor_divide(micros_of(values, row), form == Times::epoch_ms ? 1000 : 1'000'000))
               .c_str();
    return;
  }
  append_text(out, values, row);
  if (rules.utc && (type == PayloadType::timestamp || type == PayloadType::timestamp_ns)) out += 'Z';
}

bool is_joined_list(const Values& values, size_t row, const ValueRules& rules) {
  return rules.lists == ValueRules::Lists::join && values.type().type == PayloadType::json &&
         values.bytes(row).starts_with('[');
}

// The items of a JSON list as texts. Parsed anew for each value: joined lists are short.
Result<std::vector<std::string>> items_of(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(json.data(), json.size()).get_array().get(array) != simdjson::SUCCESS)
    return Error{ErrorKind::rejected, "is not a readable list", ""};
  std::vector<std::string> items;
  for (const simdjson::dom::element item : array) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS)
      items.emplace_back(text);
    else if (!item.is_null())
      items.push_back(simdjson::minify(item));
  }
  return items;
}

void append_joined(std::string& out, std::string_view json, const ValueRules& rules) {
  const auto items = items_of(json);
  if (items.ok()) out += fmt::format("{}", fmt::join(*items, rules.separator));
}

}  // namespace

void append_value_text(std::string& out, const Values& values, size_t row, const ValueRules& rules) {
  if (values.is_null(row)) return;
  if (is_time(values.type().type)) return append_time_text(out, values, row, rules);
  if (is_joined_list(values, row, rules)) return append_joined(out, values.bytes(row), rules);
  append_text(out, values, row);
}

void append_value(std::string& out, const Values& values, size_t row, const ValueRules& rules) {
  const PayloadType type = values.type().type;
  if (values.is_null(row)) {
    out += rules.null;
  } else if (type == PayloadType::text) {
    append_json_string(out, values.bytes(row));
  } else if (is_joined_list(values, row, rules) ||
             (rules.style == ValueRules::Style::text && type == PayloadType::json)) {
    std::string text;
    append_value_text(text, values, row, rules);
    append_json_string(out, text);
  } else if (is_time(type)) {
    const Times form = type == PayloadType::date ? rules.dates : rules.timestamps;
    const bool quoted = rules.style == ValueRules::Style::text || form == Times::iso;
    if (quoted) out += '"';
    append_time_text(out, values, row, rules);
    if (quoted) out += '"';
  } else if (rules.style == ValueRules::Style::text) {
    out += '"';
    append_text(out, values, row);  // numbers, times and base64 hold nothing to escape
    out += '"';
  } else {
    append_json(out, values, row);
  }
}

std::string why_not(const Values& values, size_t row, const ValueRules& rules) {
  if (const char* reason = unsendable(values, row)) return reason;
  if (values.is_null(row) || !is_joined_list(values, row, rules)) return "";
  const auto items = items_of(values.bytes(row));
  if (!items.ok()) return items.error().message;
  for (const auto& item : *items)
    if (item.find(rules.separator) != item.npos)
      return fmt::format("has an item that holds '{}', which separates items there", rules.separator);
  return "";
}

}  // namespace penstock::connector
