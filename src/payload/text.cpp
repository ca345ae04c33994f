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

// The functions that write at a place and return where they ended are for texts of many parts: one append for
// all of them costs as much as one for each. Two digits for a number below 100.
char* write_pair(char* at, uint32_t value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
  return at + 2;
}

char* write_fraction(char* at, uint64_t fraction, int64_t per_second) {
  if (fraction == 0) return at;
  int digits = per_second == kNanos ? 9 : 6;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  *at++ = '.';
  for (int i = digits - 1; i >= 0; --i, fraction /= 10) at[i] = static_cast<char>('0' + fraction % 10);
  return at + digits;
}

// Of a time of the day.
char* write_clock(char* at, int64_t units, int64_t per_second) {
  const auto seconds = static_cast<uint32_t>(units / per_second);
  at = write_pair(at, seconds / 3600);
  *at++ = ':';
  at = write_pair(at, seconds / 60 % 60);
  *at++ = ':';
  at = write_pair(at, seconds % 60);
  return write_fraction(at, static_cast<uint64_t>(units % per_second), per_second);
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

namespace {

// The digits of the magnitude, backwards from `at`, with a point before the last `scale`; at least one digit
// stands before it.
template <class Magnitude>
char* write_decimal_before(char* at, Magnitude magnitude, int scale) {
  for (int digits = 0; magnitude != 0 || digits <= scale; ++digits, magnitude /= 10) {
    if (digits == scale && scale > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(magnitude % 10));
  }
  return at;
}

}  // namespace

void append_decimal(std::string& out, Values::Int128 unscaled, int scale) {
  __extension__ using Magnitude = unsigned __int128;
  auto magnitude = static_cast<Magnitude>(unscaled);
  if (unscaled < 0) magnitude = -magnitude;
  char buffer[48];
  char* const end = buffer + sizeof buffer;
  // Nearly all fit into 64 bits, which the processor divides by itself.
  char* at = magnitude >> 64 == 0 ? write_decimal_before(end, static_cast<uint64_t>(magnitude), scale)
                                  : write_decimal_before(end, magnitude, scale);
  if (unscaled < 0) *--at = '-';
  out.append(at, end);
}

namespace {

// Days to year, month, day in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level
// date algorithms"): <chrono>'s years end at 32767, DuckDB's do not.
char* write_date(char* at, int64_t days) {
  days += 719468;
  const int64_t era = floor_divide(days, 146097);
  const auto day_of_era = static_cast<uint32_t>(days - era * 146097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  if (year < 0) {
    *at++ = '-';
    year = -year;
  }
  if (year < 10000) {
    at = write_pair(at, static_cast<uint32_t>(year) / 100);
    at = write_pair(at, static_cast<uint32_t>(year) % 100);
  } else {
    at = std::to_chars(at, at + 20, year).ptr;
  }
  *at++ = '-';
  at = write_pair(at, month);
  *at++ = '-';
  return write_pair(at, day);
}

constexpr size_t kTimestampBytesMax = 64;  // the longest has 46

}  // namespace

void append_date(std::string& out, int64_t days) {
  char buffer[kTimestampBytesMax];
  out.append(buffer, write_date(buffer, days));
}

void append_time(std::string& out, int64_t micros) {
  char buffer[kTimestampBytesMax];
  out.append(buffer, write_clock(buffer, micros, kMicros));
}

void append_timestamp(std::string& out, int64_t units, int64_t per_second) {
  const int64_t per_day = 86400 * per_second;
  const int64_t day = floor_divide(units, per_day);
  // Not from `day * per_day`, which the first day that there is would make too large.
  const int64_t rest = units % per_day;
  char buffer[kTimestampBytesMax];
  char* at = write_date(buffer, day);
  *at++ = 'T';
  out.append(buffer, write_clock(at, rest < 0 ? rest + per_day : rest, per_second));
}

}  // namespace penstock
