#include "payload/text.h"

#include <charconv>
#include <cmath>

namespace penstock {
namespace {

template <class T>
void append_number(std::string& out, T value) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}

template <class T>
void append_real_of(std::string& out, T value) {
  if (std::isnan(value))
    out += "NaN";
  else if (std::isinf(value))
    out += value < 0 ? "-Infinity" : "Infinity";
  else
    append_number(out, value);
}

// `value` as exactly `width` digits.
void append_padded(std::string& out, uint64_t value, int width) {
  char buffer[20];
  for (int i = width - 1; i >= 0; --i, value /= 10) buffer[i] = static_cast<char>('0' + value % 10);
  out.append(buffer, static_cast<size_t>(width));
}

void append_fraction(std::string& out, int64_t fraction, int64_t per_second) {
  if (fraction == 0) return;
  int digits = per_second == kNanos ? 9 : 6;
  while (fraction % 10 == 0) {
    fraction /= 10;
    --digits;
  }
  out += '.';
  append_padded(out, static_cast<uint64_t>(fraction), digits);
}

void append_clock(std::string& out, int64_t units, int64_t per_second) {
  const int64_t seconds = units / per_second;
  append_padded(out, static_cast<uint64_t>(seconds / 3600), 2);
  out += ':';
  append_padded(out, static_cast<uint64_t>(seconds / 60 % 60), 2);
  out += ':';
  append_padded(out, static_cast<uint64_t>(seconds % 60), 2);
  append_fraction(out, units % per_second, per_second);
}

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

void append_integer(std::string& out, int64_t value) {
  append_number(out, value);
}
void append_unsigned(std::string& out, uint64_t value) {
  append_number(out, value);
}
void append_real(std::string& out, double value) {
  append_real_of(out, value);
}
void append_real(std::string& out, float value) {
  append_real_of(out, value);
}

void append_decimal(std::string& out, Values::Int128 unscaled, int scale) {
  __extension__ using Magnitude = unsigned __int128;
  auto magnitude = static_cast<Magnitude>(unscaled);
  if (unscaled < 0) {
    out += '-';
    magnitude = -magnitude;
  }
  char buffer[48];
  char* const end = buffer + sizeof buffer;
  char* at = end;
  int digits = 0;
  while (magnitude != 0 || digits <= scale) {
    if (digits == scale && scale > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
    ++digits;
  }
  out.append(at, end);
}

// Days to year, month, day in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level
// date algorithms"): <chrono>'s years end at 32767, DuckDB's do not.
void append_date(std::string& out, int64_t days) {
  days += 719468;
  const int64_t era = floor_divide(days, 146097);
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  if (year < 0) {
    out += '-';
    year = -year;
  }
  if (year < 10000)
    append_padded(out, static_cast<uint64_t>(year), 4);
  else
    append_integer(out, year);
  out += '-';
  append_padded(out, static_cast<uint64_t>(month), 2);
  out += '-';
  append_padded(out, static_cast<uint64_t>(day), 2);
}

void append_time(std::string& out, int64_t micros) {
  append_clock(out, micros, kMicros);
}

void append_timestamp(std::string& out, int64_t units, int64_t per_second) {
  const int64_t per_day = 86400 * per_second;
  const int64_t day = floor_divide(units, per_day);
  append_date(out, day);
  out += 'T';
  append_clock(out, units - day * per_day, per_second);
}

}  // namespace penstock
