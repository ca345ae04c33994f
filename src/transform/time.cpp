// Transforms of dates and points in time. A time without zone is UTC.
#include <fmt/format.h>

#include <charconv>

#include "transform/unicode.h"
#include "transform/value.h"

namespace penstock::transform {
namespace {

constexpr int64_t kDaySeconds = 86'400;

struct Moment {
  int64_t seconds = 0;  // since 1970
  int64_t nanos = 0;
};

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// Exactly `width` digits from the start of `text`.
bool read_number(std::string_view& text, size_t width, int& value) {
  if (text.size() < width) return false;
  value = 0;
  for (size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return true;
}

bool read_sign(std::string_view& text, char sign) {
  if (!text.starts_with(sign)) return false;
  text.remove_prefix(1);
  return true;
}

bool read_date(std::string_view& text, int64_t& days) {
  int year = 0, month = 0, day = 0;
  if (!read_number(text, 4, year) || !read_sign(text, '-') || !read_number(text, 2, month) ||
      !read_sign(text, '-') || !read_number(text, 2, day))
    return false;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

bool read_fraction(std::string_view& text, int64_t& nanos) {
  if (!read_sign(text, '.') && !read_sign(text, ',')) return true;
  int64_t unit = 100'000'000;
  size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    nanos += (text[0] - '0') * unit;
    unit /= 10;
  }
  return digits > 0;
}

bool read_clock(std::string_view& text, Moment& moment) {
  int hour = 0, minute = 0, second = 0;
  if (!read_number(text, 2, hour) || !read_sign(text, ':') || !read_number(text, 2, minute)) return false;
  if (read_sign(text, ':') && (!read_number(text, 2, second) || !read_fraction(text, moment.nanos)))
    return false;
  if (hour > 23 || minute > 59 || second > 60) return false;
  moment.seconds += hour * 3600 + minute * 60 + second;
  return true;
}

// Z, +02, +0200, +02:00, or nothing.
bool read_zone(std::string_view text, Moment& moment) {
  if (text.empty() || text == "Z" || text == "z") return true;
  const char sign = text[0];
  if (sign != '+' && sign != '-') return false;
  text.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!read_number(text, 2, hours)) return false;
  read_sign(text, ':');
  if (!text.empty() && !read_number(text, 2, minutes)) return false;
  if (!text.empty() || hours > 18 || minutes > 59) return false;
  const int64_t offset = hours * 3600 + minutes * 60;
  moment.seconds -= sign == '+' ? offset : -offset;
  return true;
}

std::optional<Moment> read_moment(std::string_view text) {
  Moment moment;
  int64_t days = 0;
  if (!read_date(text, days)) return std::nullopt;
  moment.seconds = days * kDaySeconds;
  if (text.empty()) return moment;
  if (text[0] != 'T' && text[0] != 't' && text[0] != ' ') return std::nullopt;
  text.remove_prefix(1);
  if (!read_clock(text, moment)) return std::nullopt;
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (!read_zone(text, moment)) return std::nullopt;
  return moment;
}

// A moment as a calendar and a clock show it.
struct Shown {
  std::chrono::year_month_day date;
  std::chrono::weekday weekday;
  int64_t hour, minute, second, nanos, day_of_year, seconds_since_1970;
};

Shown show(const Moment& moment) {
  using namespace std::chrono;
  const int64_t day = floor_divide(moment.seconds, kDaySeconds);
  const int64_t of_day = moment.seconds - day * kDaySeconds;
  const sys_days days{std::chrono::days(day)};
  const year_month_day date(days);
  const sys_days new_year(date.year() / January / 1);
  return {date,
          weekday(days),
          of_day / 3600,
          of_day / 60 % 60,
          of_day % 60,
          moment.nanos,
          (days - new_year).count() + 1,
          moment.seconds};
}

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

void append_padded(std::string& out, int64_t value, int width) {
  out += fmt::format("{:0{}}", value, width);
}

// One directive of strftime; false when it is not one of ours.
bool append_directive(std::string& out, char directive, const Shown& at) {
  const int year = static_cast<int>(at.date.year());
  const unsigned month = static_cast<unsigned>(at.date.month());
  const unsigned day = static_cast<unsigned>(at.date.day());
  const unsigned weekday = at.weekday.c_encoding();
  switch (directive) {
    case 'Y':
      return append_padded(out, year, 4), true;
    case 'y':
      return append_padded(out, year % 100, 2), true;
    case 'm':
      return append_padded(out, month, 2), true;
    case 'd':
      return append_padded(out, day, 2), true;
    case 'e':
      return out += fmt::format("{}", day), true;
    case 'j':
      return append_padded(out, at.day_of_year, 3), true;
    case 'H':
      return append_padded(out, at.hour, 2), true;
    case 'I':
      return append_padded(out, (at.hour + 11) % 12 + 1, 2), true;
    case 'M':
      return append_padded(out, at.minute, 2), true;
    case 'S':
      return append_padded(out, at.second, 2), true;
    case 'p':
      return out += at.hour < 12 ? "AM" : "PM", true;
    case 'f':
      return append_padded(out, at.nanos / 1000, 6), true;
    case 'L':
      return append_padded(out, at.nanos / 1'000'000, 3), true;
    case 'B':
      return out += kMonths[month - 1], true;
    case 'b':
      return out += kMonths[month - 1].substr(0, 3), true;
    case 'A':
      return out += kDays[weekday], true;
    case 'a':
      return out += kDays[weekday].substr(0, 3), true;
    case 'F':
      return append_padded(out, year, 4), out += '-', append_padded(out, month, 2), out += '-',
             append_padded(out, day, 2), true;
    case 'T':
      return append_padded(out, at.hour, 2), out += ':', append_padded(out, at.minute, 2), out += ':',
             append_padded(out, at.second, 2), true;
    case 's':
      return out += fmt::format("{}", at.seconds_since_1970), true;
    case '%':
      return out += '%', true;
    default:
      return false;
  }
}

constexpr std::string_view kDirectives = "%Y %y %m %d %e %j %B %b %A %a %H %I %p %M %S %L %f %F %T %s %%";

// False at a directive that is not one of ours.
bool append_formatted(std::string& out, std::string_view pattern, const Moment& moment) {
  const Shown at = show(moment);
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    ++i;
    if (i == pattern.size() || !append_directive(out, pattern[i], at)) return false;
  }
  return true;
}

using Write = void (*)(std::string& out, const Moment& moment);

template <class Use>
Step moment_step(Use use) {
  return [use](Value& value) {
    trim(value.text);
    if (value.text.empty()) return value.clear();
    const auto moment = read_moment(value.text);
    if (!moment) return value.fail("is not a date or time (2026-11-23, 2026-11-23T14:13:11Z)");
    value.text.clear();
    use(value.text, *moment);
  };
}

Result<Step> make_epoch_s(const Arguments&) {
  return moment_step(
      [](std::string& out, const Moment& moment) { out += fmt::format("{}", moment.seconds); });
}

Result<Step> make_epoch_ms(const Arguments&) {
  return moment_step([](std::string& out, const Moment& moment) {
    out += fmt::format("{}", moment.seconds * 1000 + moment.nanos / 1'000'000);
  });
}

Result<Step> make_iso_date(const Arguments&) {
  return moment_step([](std::string& out, const Moment& moment) { append_formatted(out, "%F", moment); });
}

Result<Step> make_iso_datetime(const Arguments&) {
  return moment_step([](std::string& out, const Moment& moment) {
    append_formatted(out, "%FT%T", moment);
    if (moment.nanos > 0) {
      out += fmt::format(".{:09}", moment.nanos);
      out.resize(out.find_last_not_of('0') + 1);
    }
    out += 'Z';
  });
}

Result<Step> make_date_format(const Arguments& arguments) {
  const std::string pattern = arguments.text("pattern");
  std::string tried;
  if (!append_formatted(tried, pattern, {}))
    return Error{ErrorKind::config, fmt::format("the pattern '{}' has a part that is not known", pattern),
                 fmt::format("the parts are {}", kDirectives)};
  return moment_step(
      [pattern](std::string& out, const Moment& moment) { append_formatted(out, pattern, moment); });
}

}  // namespace

std::vector<Entry> time_entries() {
  const std::string group = "Dates and times";
  const std::string takes =
      " Takes dates and timestamps of the warehouse, and texts in ISO 8601. Without a zone it is UTC.";
  constexpr auto kOneText = Facts::Takes::one_text;
  return {
      {{.name = "iso_date",
        .group = group,
        .help = "The date in UTC: `2026-11-23`." + takes,
        .examples = {{"iso_date", "2026-11-23T23:30:00-02:00", "2026-11-24"},
                     {"iso_date", "23.11.2026", "",
                      "is not a date or time (2026-11-23, 2026-11-23T14:13:11Z)"}}},
       make_iso_date},
      {{.name = "iso_datetime",
        .group = group,
        .help = "The point in time in UTC: `2026-11-23T14:13:11Z`." + takes,
        .examples = {{"iso_datetime", "2026-11-23 14:13:11.250", "2026-11-23T14:13:11.25Z"},
                     {"iso_datetime", "2026-11-23", "2026-11-23T00:00:00Z"}}},
       make_iso_datetime},
      {{.name = "epoch_s",
        .group = group,
        .help = "Seconds since 1970 (Unix time), as a number." + takes,
        .takes = kOneText,
        .gives = Form::json,
        .examples = {{"epoch_s", "2026-11-23T14:13:11Z", "1795443191"}}},
       make_epoch_s},
      {{.name = "epoch_ms",
        .group = group,
        .help = "Milliseconds since 1970, as a number." + takes,
        .takes = kOneText,
        .gives = Form::json,
        .examples = {{"epoch_ms", "2026-11-23", "1795392000000"}}},
       make_epoch_ms},
      {{.name = "date_format",
        .group = group,
        .help = "A date or time by a pattern of strftime, in UTC and English. Its parts: `" +
                std::string(kDirectives) + "` (`%L` is milliseconds, `%f` microseconds)." + takes,
        .parameters = {{.name = "pattern", .required = true, .help = "How it is written."}},
        .examples = {{"{ date_format: \"%d.%m.%Y\" }", "2026-11-23", "23.11.2026"},
                     {"{ date_format: \"%m/%d\" }", "2026-11-23T14:13:11Z", "11/23"},
                     {"{ date_format: \"%a, %e %b %Y %I:%M %p\" }", "2026-11-03 14:05:00",
                      "Tue, 3 Nov 2026 02:05 PM"}}},
       make_date_format},
  };
}

}  // namespace penstock::transform
