#include "connector/values.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <optional>

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

bool is_number_or_boolean(PayloadType type) {
  switch (type) {
    case PayloadType::boolean:
    case PayloadType::integer:
    case PayloadType::unsigned_integer:
    case PayloadType::big_integer:
    case PayloadType::decimal:
    case PayloadType::real32:
    case PayloadType::real64:
      return true;
    default:
      return false;
  }
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

Times form_of(PayloadType type, const ValueRules& rules) {
  return type == PayloadType::date ? rules.dates : rules.timestamps;
}

void append_epoch(std::string& out, int64_t micros, Times form) {
  out += fmt::format_int(floor_divide(micros, form == Times::epoch_ms ? 1000 : 1'000'000)).c_str();
}

bool gets_zone(PayloadType type, const ValueRules& rules) {
  return rules.utc && (type == PayloadType::timestamp || type == PayloadType::timestamp_ns);
}

void append_time_text(std::string& out, const Values& values, size_t row, const ValueRules& rules) {
  const PayloadType type = values.type().type;
  if (const Times form = form_of(type, rules); form != Times::iso)
    return append_epoch(out, micros_of(values, row), form);
  append_text(out, values, row);
  if (gets_zone(type, rules)) out += 'Z';
}

// Microseconds since 1970 of "2026-01-02" or "2026-01-02T03:04:05.25Z", as append_text() writes them.
std::optional<int64_t> micros_in(std::string_view text) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const std::string copy(text);
  const int parts =
      std::sscanf(copy.c_str(), "%d-%u-%uT%u:%u:%u", &year, &month, &day, &hour, &minute, &second);
  if (parts != 3 && parts != 6) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  int64_t micros = 0, unit = 100'000;
  if (const size_t dot = text.find('.'); dot != text.npos)
    for (size_t i = dot + 1; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, unit /= 10)
      micros += (text[i] - '0') * unit;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (days * 86'400 + int64_t{hour} * 3600 + int64_t{minute} * 60 + second) * 1'000'000 + micros;
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
    const Times form = form_of(type, rules);
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

void append_old_value_text(std::string& out, ValueType type, std::string_view text, const ValueRules& rules) {
  const bool joins =
      rules.lists == ValueRules::Lists::join && type.type == PayloadType::json && text.starts_with('[');
  if (text.empty()) return;
  if (joins) return append_joined(out, text, rules);
  const Times form = is_time(type.type) ? form_of(type.type, rules) : Times::iso;
  const auto micros = form != Times::iso ? micros_in(text) : std::nullopt;
  if (micros) return append_epoch(out, *micros, form);
  out += text;
  if (gets_zone(type.type, rules)) out += 'Z';
}

void append_old_value(std::string& out, ValueType type, std::string_view text, const ValueRules& rules) {
  if (text.empty()) {
    out += rules.null;
    return;
  }
  std::string written;
  append_old_value_text(written, type, text, rules);
  const bool epoch = is_time(type.type) && form_of(type.type, rules) != Times::iso;
  const bool nested = type.type == PayloadType::json && written == text;  // not joined
  if (rules.style == ValueRules::Style::json && (epoch || nested || is_number_or_boolean(type.type)))
    out += written;
  else
    append_json_string(out, written);
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
