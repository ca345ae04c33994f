#include "source/mysql/decode.h"

#include <simdjson.h>

#include <charconv>
#include <chrono>
#include <optional>

namespace penstock::mysql {
namespace {

__extension__ using Int128 = __int128;

template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
const char* put_number(const Carried&, std::string_view text, const duck::Writable& out, size_t row) {
  const auto value = number_in<T>(text);
  if (!value) return "is no number of its type";
  out.set<T>(row, *value);
  return nullptr;
}

// Of a FLOAT, which is asked for as a double: the server writes only six digits of it.
const char* put_float(const Carried&, std::string_view text, const duck::Writable& out, size_t row) {
  const auto value = number_in<double>(text);
  if (!value) return "is no number";
  out.set<float>(row, static_cast<float>(*value));
  return nullptr;
}

// Bytes, the most significant first.
const char* put_bits(const Carried&, std::string_view bytes, const duck::Writable& out, size_t row) {
  if (bytes.size() > 8) return "has more bits than there can be";
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  out.set<uint64_t>(row, value);
  return nullptr;
}

// 12345.60 -> 1234560, as many digits after the point as the type has.
std::optional<Int128> unscaled(std::string_view text, int scale) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  Int128 value = 0;
  int after = -1;
  for (const char c : text) {
    if (c == '.' && after < 0) {
      after = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
    if (after >= 0) ++after;
  }
  for (after = std::max(after, 0); after < scale; ++after) value *= 10;
  if (after != scale) return std::nullopt;
  return negative ? -value : value;
}

const char* put_decimal(const Carried& column, std::string_view text, const duck::Writable& out, size_t row) {
  const auto value = unscaled(text, column.scale);
  if (!value) return "is no decimal number of its type";
  if (column.width <= 4)
    out.set(row, static_cast<int16_t>(*value));
  else if (column.width <= 9)
    out.set(row, static_cast<int32_t>(*value));
  else if (column.width <= 18)
    out.set(row, static_cast<int64_t>(*value));
  else
    out.set(row, *value);
  return nullptr;
}

const char* put_text(const Carried&, std::string_view text, const duck::Writable& out, size_t row) {
  if (!simdjson::validate_utf8(text)) return "is not UTF-8";
  out.set_text(row, text);
  return nullptr;
}

const char* put_bytes(const Carried&, std::string_view bytes, const duck::Writable& out, size_t row) {
  out.set_text(row, bytes);
  return nullptr;
}

enum class Day { good, zero, bad };

// "2026-11-27"; days since 1970.
Day read_day(std::string_view text, int64_t& days) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return Day::bad;
  const auto year = number_in<int>(text.substr(0, 4)), month = number_in<int>(text.substr(5, 2)),
             day = number_in<int>(text.substr(8, 2));
  if (!year || !month || !day) return Day::bad;
  if (*month == 0 || *day == 0) return Day::zero;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return Day::bad;
  days = std::chrono::sys_days(date).time_since_epoch().count();
  return Day::good;
}

const char* not_a_day(const Carried& column, Day day, const duck::Writable& out, size_t row) {
  if (day == Day::bad) return "is no date";
  if (column.zero_dates == ZeroDates::refuse) return "is a date that there is not (a zero date)";
  out.set_null(row);
  return nullptr;
}

const char* put_date(const Carried& column, std::string_view text, const duck::Writable& out, size_t row) {
  int64_t days = 0;
  if (const Day day = read_day(text, days); day != Day::good) return not_a_day(column, day, out, row);
  out.set<int32_t>(row, static_cast<int32_t>(days));
  return nullptr;
}

// "2026-11-27 14:03:09.250000"
const char* put_timestamp(const Carried& column, std::string_view text, const duck::Writable& out,
                          size_t row) {
  int64_t days = 0;
  if (const Day day = read_day(text, days); day != Day::good) return not_a_day(column, day, out, row);
  if (text.size() < 19 || text[13] != ':' || text[16] != ':') return "is no time";
  const auto hour = number_in<int>(text.substr(11, 2)), minute = number_in<int>(text.substr(14, 2)),
             second = number_in<int>(text.substr(17, 2));
  if (!hour || !minute || !second) return "is no time";
  int64_t fraction = 0;
  if (text.size() > 20) {
    const auto digits = number_in<int64_t>(text.substr(20));
    if (!digits || text[19] != '.' || text.size() > 26) return "is no time";
    fraction = *digits;
    for (size_t i = text.size() - 20; i < 6; ++i) fraction *= 10;
  }
  out.set<int64_t>(row, ((days * 24 + *hour) * 60 + *minute) * 60'000'000 + *second * 1'000'000LL + fraction);
  return nullptr;
}

Carried column_of(const Field& field, duckdb_type type, decltype(Carried::put) put) {
  return {.name = field.name, .type = duck::Type::of(type), .sql = quoted_name(field.name), .put = put};
}

template <class Signed, class Unsigned>
Carried whole(const Field& field, duckdb_type type, duckdb_type unsigned_type) {
  return (field.flags & UNSIGNED_FLAG) != 0 ? column_of(field, unsigned_type, put_number<Unsigned>)
                                            : column_of(field, type, put_number<Signed>);
}

// DECIMAL(65,30) is more than a decimal of ours holds: its digits are kept as text.
Carried decimal(const Field& field) {
  const bool is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
  const unsigned long width = field.length - (field.decimals > 0 ? 1 : 0) - (is_unsigned ? 0 : 1);
  if (width > 38 || field.decimals > width) return column_of(field, DUCKDB_TYPE_VARCHAR, put_text);
  Carried column = column_of(field, DUCKDB_TYPE_INVALID, put_decimal);
  column.width = static_cast<uint8_t>(std::max(width, 1UL));
  column.scale = static_cast<uint8_t>(field.decimals);
  column.type = duck::Type(duckdb_create_decimal_type(column.width, column.scale));
  return column;
}

Carried json(const Field& field) {
  Carried column = column_of(field, DUCKDB_TYPE_VARCHAR, put_text);
  column.type = duck::Type::json();
  return column;
}

Carried characters(const Field& field) {
  if (field.json) return json(field);
  const bool has_words = (field.flags & (ENUM_FLAG | SET_FLAG)) != 0;
  return field.binary && !has_words ? column_of(field, DUCKDB_TYPE_BLOB, put_bytes)
                                    : column_of(field, DUCKDB_TYPE_VARCHAR, put_text);
}

}  // namespace

Carried carried(const Field& field, ZeroDates zero_dates) {
  const auto dated = [&](Carried column) {
    column.zero_dates = zero_dates;
    return column;
  };
  switch (field.type) {
    case MYSQL_TYPE_TINY:
      return whole<int8_t, uint8_t>(field, DUCKDB_TYPE_TINYINT, DUCKDB_TYPE_UTINYINT);
    case MYSQL_TYPE_SHORT:
      return whole<int16_t, uint16_t>(field, DUCKDB_TYPE_SMALLINT, DUCKDB_TYPE_USMALLINT);
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
      return whole<int32_t, uint32_t>(field, DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_UINTEGER);
    case MYSQL_TYPE_LONGLONG:
      return whole<int64_t, uint64_t>(field, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_UBIGINT);
    case MYSQL_TYPE_YEAR:
      return column_of(field, DUCKDB_TYPE_USMALLINT, put_number<uint16_t>);
    case MYSQL_TYPE_BIT:
      return column_of(field, DUCKDB_TYPE_UBIGINT, put_bits);
    case MYSQL_TYPE_FLOAT: {
      Carried column = column_of(field, DUCKDB_TYPE_FLOAT, put_float);
      column.sql = "(" + column.sql + " + 0e0) AS " + column.sql;
      return column;
    }
    case MYSQL_TYPE_DOUBLE:
      return column_of(field, DUCKDB_TYPE_DOUBLE, put_number<double>);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return decimal(field);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
      return dated(column_of(field, DUCKDB_TYPE_DATE, put_date));
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_DATETIME2:
      return dated(column_of(field, DUCKDB_TYPE_TIMESTAMP, put_timestamp));
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIMESTAMP2:
      return dated(column_of(field, DUCKDB_TYPE_TIMESTAMP_TZ, put_timestamp));
    case MYSQL_TYPE_JSON:
      return json(field);
    case MYSQL_TYPE_GEOMETRY:
      return column_of(field, DUCKDB_TYPE_BLOB, put_bytes);
    case MYSQL_TYPE_TIME:  // up to 838 hours, and below zero
    case MYSQL_TYPE_TIME2:
    case MYSQL_TYPE_NULL:
      return column_of(field, DUCKDB_TYPE_VARCHAR, put_text);
    default:
      return characters(field);
  }
}

}  // namespace penstock::mysql
