#include "connector/same_value.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock::connector {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string as_double(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::string(text);
  return fmt::format("{}", value == 0 ? 0.0 : value);
}

// -012.50 is -12.5. What has an exponent is compared as a double.
std::string plain_number(std::string_view text) {
  const std::string_view given = text;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  size_t points = 0;
  for (const char c : text) {
    if (c == '.') ++points;
    if (c == 'e' || c == 'E') return as_double(given);
    if (c != '.' && !is_digit(c)) return std::string(given);
  }
  if (points > 1 || text.empty() || text == ".") return std::string(given);
  while (text.size() > 1 && text[0] == '0' && text[1] != '.') text.remove_prefix(1);
  if (points == 1) {
    while (text.ends_with('0')) text.remove_suffix(1);
    if (text.ends_with('.')) text.remove_suffix(1);
  }
  std::string out = text.starts_with('.') ? "0" + std::string(text) : std::string(text);
  if (out.empty()) out = "0";
  return is_negative && out != "0" ? "-" + out : out;
}

std::string truth(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE" || text == "1" || text == "t") return "true";
  if (text == "false" || text == "False" || text == "FALSE" || text == "0" || text == "f") return "false";
  return std::string(text);
}

// Reads figures from the front of a text.
class Figures {
 public:
  explicit Figures(std::string_view text) : text_(text) {}
  bool take(size_t digits, int& into) {
    if (text_.size() < digits) return false;
    const auto read = std::from_chars(text_.data(), text_.data() + digits, into);
    if (read.ec != std::errc() || read.ptr != text_.data() + digits || text_[0] == '-') return false;
    text_.remove_prefix(digits);
    return true;
  }
  bool take(char wanted) {
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(1);
    return true;
  }
  // The figures after a point, as microseconds.
  int64_t fraction() {
    int64_t micros = 0, unit = 100'000;
    while (!text_.empty() && is_digit(text_[0])) {
      micros += (text_[0] - '0') * unit;
      unit /= 10;
      text_.remove_prefix(1);
    }
    return micros;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

// Z, +02:00, +0200 or nothing, in minutes.
std::optional<int> zone(Figures& in) {
  if (in.rest().empty()) return 0;
  if (in.take('Z')) return in.rest().empty() ? std::optional(0) : std::nullopt;
  const int sign = in.take('-') ? -1 : in.take('+') ? 1 : 0;
  int hours = 0, minutes = 0;
  if (sign == 0 || !in.take(2, hours)) return std::nullopt;
  (void)in.take(':');
  if (!in.rest().empty() && !in.take(2, minutes)) return std::nullopt;
  return in.rest().empty() ? std::optional(sign * (hours * 60 + minutes)) : std::nullopt;
}

// Microseconds since 1970 of 2026-01-02, 2026-01-02T03:04:05.6Z, 2026-01-02 03:04:05+02.
std::optional<int64_t> micros_of_iso(std::string_view text) {
  Figures in(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!in.take(4, year) || !in.take('-') || !in.take(2, month) || !in.take('-') || !in.take(2, day))
    return std::nullopt;
  int64_t fraction = 0;
  if (in.take('T') || in.take(' ')) {
    if (!in.take(2, hour) || !in.take(':') || !in.take(2, minute)) return std::nullopt;
    if (in.take(':') && !in.take(2, second)) return std::nullopt;
    if (in.take('.')) fraction = in.fraction();
  }
  const auto offset = zone(in);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!offset || !date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute - *offset) * 60 + second) * 1'000'000 + fraction;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string instant(std::string_view text, ValueRules::Times written) {
  if (const auto micros = micros_of_iso(text)) return fmt::format("{}", *micros);
  const auto number = whole_number(text);
  if (!number) return std::string(text);
  // Seconds have ten figures for centuries to come; a destination that reads as ISO may still tell numbers.
  const bool seconds = written == ValueRules::Times::epoch_s ||
                       (written == ValueRules::Times::iso && std::abs(*number) < 100'000'000'000);
  return fmt::format("{}", *number * (seconds ? 1'000'000 : 1'000));
}

// Members in the order of their names, numbers in one form, no spaces: databases and APIs write them anew.
void append_comparable_json(std::string& out, simdjson::dom::element value) {
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    std::vector<std::pair<std::string_view, simdjson::dom::element>> members;
    for (const auto member : object) members.emplace_back(member.key, member.value);
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (const auto& [name, inner] : members) {
      append_json_string(out, name);
      out += ':';
      append_comparable_json(out, inner);
      out += ',';
    }
    out += '}';
  } else if (value.get(array) == simdjson::SUCCESS) {
    out += '[';
    for (const auto item : array) {
      append_comparable_json(out, item);
      out += ',';
    }
    out += ']';
  } else {
    out += value.is_number() ? plain_number(simdjson::minify(value)) : simdjson::minify(value);
  }
}

// A text that is no JSON, or holds a number that no 64 bits do, is compared as it is.
std::string comparable_json(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::string(text);
  std::string out;
  append_comparable_json(out, root);
  return out;
}

}  // namespace

std::string comparable(std::string_view text, ValueType type, const ValueRules& rules) {
  if (text.empty()) return "";
  switch (type.type) {
    case PayloadType::integer:
    case PayloadType::unsigned_integer:
    case PayloadType::big_integer:
    case PayloadType::decimal:
      return plain_number(text);
    case PayloadType::real32:
    case PayloadType::real64:
      return as_double(text);
    case PayloadType::boolean:
      return truth(text);
    case PayloadType::date:
      return instant(text, rules.dates);
    case PayloadType::timestamp:
    case PayloadType::timestamp_ns:
    case PayloadType::timestamp_tz:
      return instant(text, rules.timestamps);
    case PayloadType::text:
    case PayloadType::binary:
    case PayloadType::time:
      return std::string(text);
    case PayloadType::json:
      return comparable_json(text);
  }
  return std::string(text);
}

uint64_t value_digest(std::string_view text, ValueType type, const ValueRules& rules) {
  const std::string value = comparable(text, type, rules);
  if (value.empty()) return 0;
  const uint64_t digest = XXH3_64bits(value.data(), value.size());
  return digest == 0 ? 1 : digest;
}

}  // namespace penstock::connector
