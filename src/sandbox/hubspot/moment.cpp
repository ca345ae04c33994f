// Numbers and moments out of the texts that HubSpot takes for them.
#include <charconv>
#include <chrono>

#include "sandbox/hubspot/values.h"

namespace penstock::sandbox::hubspot {
namespace {

// All of `text` as digits.
std::optional<int> digits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  if (text.empty() || text.size() > 9) return std::nullopt;
  return number;
}

std::optional<int64_t> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400'000};
}

// "Z", "+01:00", "-0530" as milliseconds east of UTC.
std::optional<int64_t> parse_offset(std::string_view text) {
  if (text == "Z") return 0;
  const bool colon = text.size() == 6 && text[3] == ':';
  if ((text.size() != 5 && !colon) || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = digits(text.substr(1, 2));
  const auto minutes = digits(text.substr(text.size() - 2));
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  const int64_t east = (*hours * 60 + *minutes) * int64_t{60'000};
  return text[0] == '+' ? east : -east;
}

// "14:13:11" and, if there, ".25": in milliseconds; cut off from the text.
std::optional<int64_t> take_time_of_day(std::string_view& text) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hours = digits(text.substr(0, 2));
  const auto minutes = digits(text.substr(3, 2));
  const auto seconds = digits(text.substr(6, 2));
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  text.remove_prefix(8);
  int64_t millis = (*hours * 3600 + *minutes * 60 + *seconds) * int64_t{1000};
  if (!text.starts_with('.')) return millis;
  const size_t end = text.find_first_not_of("0123456789", 1);
  const std::string_view fraction = text.substr(1, end == std::string_view::npos ? end : end - 1);
  if (fraction.empty()) return std::nullopt;
  int64_t scale = 100;
  for (const char c : fraction.substr(0, 3)) {
    millis += (c - '0') * scale;
    scale /= 10;
  }
  text.remove_prefix(1 + fraction.size());
  return millis;
}

std::optional<int64_t> parse_day_and_time(std::string_view text) {
  const auto day = parse_day(text.substr(0, 10));
  if (!day || text.size() < 11 || text[10] != 'T') return std::nullopt;
  text.remove_prefix(11);
  const auto time = take_time_of_day(text);
  const auto offset = time ? parse_offset(text) : std::nullopt;
  if (!offset) return std::nullopt;
  return *day + *time - *offset;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // from_chars also reads "inf" and "nan", which are no numbers to HubSpot.
  const bool plain = text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  if (error != std::errc() || end != text.data() + text.size() || !plain) return std::nullopt;
  return number;
}

std::optional<int64_t> parse_moment(std::string_view text) {
  constexpr int64_t kFirst = -62'167'219'200'000;  // of the year 0
  constexpr int64_t kLast = 253'402'300'799'999;   // of the year 9999
  int64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (millis < kFirst || millis > kLast) return std::nullopt;
    return millis;
  }
  if (text.size() == 10) return parse_day(text);
  return parse_day_and_time(text);
}

}  // namespace penstock::sandbox::hubspot
