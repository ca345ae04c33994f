#include "config/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <span>

namespace penstock::config {
namespace {

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

// The longest wait for a date that exists: 29 February over a year 2100, on any weekday of 400 years' cycle
// is not asked for, since day and weekday are alternatives.
constexpr int kDaysAhead = 366 * 9;

struct FieldFacts {
  std::string_view name;
  int min;
  int max;
  Names names;  // of the values from first_name on
  int first_name = 0;
};

constexpr FieldFacts kMinute{"minute", 0, 59, {}};
constexpr FieldFacts kHour{"hour", 0, 23, {}};
constexpr FieldFacts kDay{"day", 1, 31, {}};
constexpr FieldFacts kMonth{"month", 1, 12, kMonths, 1};
constexpr FieldFacts kWeekday{"weekday", 0, 7, kWeekdays, 0};  // 7 is Sunday, too

Error expected(const FieldFacts& field, std::string_view found) {
  return {ErrorKind::config,
          fmt::format("a cron expression whose {} is within {} to {} (here it is '{}')", field.name,
                      field.min, field.max, found),
          "an example is '0 7 * * MON-FRI': at 7:00 from Monday to Friday"};
}

std::optional<int> parse_value(const FieldFacts& field, std::string_view text) {
  for (size_t i = 0; i < field.names.size(); ++i) {
    const bool same =
        std::equal(text.begin(), text.end(), field.names[i].begin(), field.names[i].end(),
                   [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
    if (same) return static_cast<int>(i) + field.first_name;
  }
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] =
      std::from_chars(text.data(), end, value);  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const bool number = problem == std::errc() && rest == end && value >= field.min && value <= field.max;
  return number ? std::optional(value) : std::nullopt;
}

struct Range {
  int from;
  int to;
  int step = 1;
};

// "*", "5", "1-5", each with "/2" or without.
std::optional<Range> parse_range(const FieldFacts& field, std::string_view text) {
  Range range{field.min, field.max};
  const size_t slash = text.find('/');
  const std::string_view span = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    const std::string_view step = text.substr(slash + 1);
    const auto [rest, problem] = std::from_chars(step.data(), step.data() + step.size(), range.step);
    if (problem != std::errc() || rest != step.data() + step.size() || range.step < 1) return std::nullopt;
  }
  if (span == "*") return range;
  const size_t dash = span.find('-');
  const auto from = parse_value(field, span.substr(0, dash));
  const bool alone = dash == std::string_view::npos;
  const auto to = alone ? from : parse_value(field, span.substr(dash + 1));
  if (!from || !to || *from > *to) return std::nullopt;
  range.from = *from;
  range.to = alone && slash != std::string_view::npos ? field.max : *to;
  return range;
}

Result<uint64_t> parse_field(const FieldFacts& field, std::string_view text) {
  uint64_t bits = 0;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    const auto range = parse_range(field, rest.substr(0, comma));
    if (!range) return expected(field, text);
    for (int value = range->from; value <= range->to; value += range->step) bits |= uint64_t{1} << value;
    if (comma == std::string_view::npos) return bits;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.empty()) return words;
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string_view without_macro(std::string_view text) {
  if (text == "@hourly") return "0 * * * *";
  if (text == "@daily" || text == "@midnight") return "0 0 * * *";
  if (text == "@weekly") return "0 0 * * 0";
  if (text == "@monthly") return "0 0 1 * *";
  if (text == "@yearly" || text == "@annually") return "0 0 1 1 *";
  return text;
}

// The five fields' bits into `cron`.
Result<void> parse_fields(const std::vector<std::string_view>& words, Cron& cron) {
  uint64_t bits[5] = {};
  const FieldFacts* const facts[5] = {&kMinute, &kHour, &kDay, &kMonth, &kWeekday};
  for (size_t i = 0; i < 5; ++i) {
    auto field = parse_field(*facts[i], words[i]);
    if (!field.ok()) return field.error();
    bits[i] = *field;
  }
  if (bits[4] & (1u << 7)) bits[4] = (bits[4] | 1u) & 0x7F;
  cron.minutes = bits[0];
  cron.hours = static_cast<uint32_t>(bits[1]);
  cron.days = static_cast<uint32_t>(bits[2]);
  cron.months = static_cast<uint16_t>(bits[3]);
  cron.weekdays = static_cast<uint8_t>(bits[4]);
  cron.any_day = words[2].starts_with('*');
  cron.any_weekday = words[4].starts_with('*');
  return success();
}

}  // namespace

bool Cron::fires_on(std::chrono::local_days day) const {
  const std::chrono::year_month_day date(day);
  const std::chrono::weekday weekday(day);
  if (!(months >> unsigned(date.month()) & 1)) return false;
  const bool day_fits = days >> unsigned(date.day()) & 1;
  const bool weekday_fits = weekdays >> weekday.c_encoding() & 1;
  return any_day || any_weekday ? day_fits && weekday_fits : day_fits || weekday_fits;
}

std::optional<LocalMinutes> Cron::next(LocalMinutes now) const {
  using namespace std::chrono;
  const local_days today = floor<std::chrono::days>(now);
  for (int ahead = 0; ahead <= kDaysAhead; ++ahead) {
    const local_days day = today + std::chrono::days(ahead);
    if (!fires_on(day)) continue;
    for (unsigned hour = 0; hour < 24; ++hour) {
      if (!(this->hours >> hour & 1)) continue;
      for (uint64_t left = this->minutes; left != 0; left &= left - 1) {
        const LocalMinutes time =
            day + std::chrono::hours(hour) + std::chrono::minutes(std::countr_zero(left));
        if (time > now) return time;
      }
    }
  }
  return std::nullopt;
}

Result<Cron> parse_cron(std::string_view text) {
  const auto words = words_of(without_macro(text));
  if (words.size() != 5)
    return Error{ErrorKind::config, "a cron expression of five fields (minute hour day month weekday)",
                 "an example is '0 7 * * MON-FRI': at 7:00 from Monday to Friday"};
  Cron cron;
  cron.text = std::string(text);
  auto parsed = parse_fields(words, cron);
  if (!parsed.ok()) return parsed.error();
  if (!cron.next(LocalMinutes{}))
    return Error{ErrorKind::config, "a cron expression for a date that exists",
                 "for a month's last day use days 28 to 31"};
  return cron;
}

}  // namespace penstock::config
