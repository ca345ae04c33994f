#include "source/postgres/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace penstock::postgres {
namespace {

// src/include/catalog/pg_type.dat of PostgreSQL 15.
enum : uint32_t {
  kBool = 16,
  kBytea = 17,
  kChar = 18,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kBpchar = 1042,
  kVarchar = 1043,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestamptz = 1184,
  kInterval = 1186,
  kNumeric = 1700,
  kUuid = 2950,
  kJsonb = 3802,
};

template <class T>
T big_endian(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return std::byteswap(value);
}

constexpr const char* kWrongLength = "is not as long as its type";
constexpr int64_t kDaysTo2000 = 10957;
constexpr int64_t kMicrosTo2000 = kDaysTo2000 * 86'400'000'000;
constexpr int64_t kForever = INT64_MAX;  // PostgreSQL's infinity; its -infinity is the smallest number

template <class T>
const char* put_number(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.size() != sizeof(T)) return kWrongLength;
  if constexpr (sizeof(T) == 1)
    out.set(row, static_cast<T>(value[0]));
  else
    out.set(row, std::bit_cast<T>(
                     big_endian<std::conditional_t<sizeof(T) == 2, uint16_t,
                                                   std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>(
                         value.data())));
  return nullptr;
}

const char* put_bool(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.size() != 1) return kWrongLength;
  out.set(row, value[0] != 0);
  return nullptr;
}

const char* put_text(std::string_view value, const duck::Writable& out, size_t row) {
  out.set_text(row, value);
  return nullptr;
}

// A version number, then the text.
const char* put_jsonb(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.empty() || value[0] != 1) return "is of an unknown version of jsonb";
  return put_text(value.substr(1), out, row);
}

const char* put_date(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.size() != 4) return kWrongLength;
  const auto days = big_endian<int32_t>(value.data());
  // DuckDB's infinities are the largest number and its negation.
  if (days == INT32_MAX || days == INT32_MIN)
    return out.set(row, days == INT32_MAX ? INT32_MAX : -INT32_MAX), nullptr;
  out.set(row, static_cast<int32_t>(days + kDaysTo2000));
  return nullptr;
}

const char* put_timestamp(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.size() != 8) return kWrongLength;
  const auto micros = big_endian<int64_t>(value.data());
  if (micros == kForever || micros == INT64_MIN)
    return out.set(row, micros == kForever ? kForever : -kForever), nullptr;
  int64_t since_1970 = 0;
  if (__builtin_add_overflow(micros, kMicrosTo2000, &since_1970)) return "lies too far in the future";
  out.set(row, since_1970);
  return nullptr;
}

const char* put_interval(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.size() != 16) return kWrongLength;
  duckdb_interval interval;
  interval.micros = big_endian<int64_t>(value.data());
  interval.days = big_endian<int32_t>(value.data() + 8);
  interval.months = big_endian<int32_t>(value.data() + 12);
  out.set(row, interval);
  return nullptr;
}

// DuckDB turns the first bit, so that UUIDs are in order as signed numbers.
const char* put_uuid(std::string_view value, const duck::Writable& out, size_t row) {
  if (value.size() != 16) return kWrongLength;
  duckdb_hugeint uuid;
  uuid.upper = static_cast<int64_t>(big_endian<uint64_t>(value.data()) ^ (uint64_t{1} << 63));
  uuid.lower = big_endian<uint64_t>(value.data() + 8);
  out.set(row, uuid);
  return nullptr;
}

// A NUMERIC: so many digits of 10000, the first one's weight, the sign, and how many decimals are shown.
struct Numeric {
  std::string_view digits;
  int weight = 0;
  uint16_t sign = 0;
  int count() const { return static_cast<int>(digits.size() / 2); }
  // Of 10000 to the power of `power`.
  uint32_t digit(int power) const {
    const int at = weight - power;
    return at < 0 || at >= count() ? 0 : big_endian<uint16_t>(digits.data() + at * 2);
  }
};

constexpr uint16_t kNegative = 0x4000, kPositive = 0x0000;

const char* read_numeric(std::string_view value, Numeric& numeric) {
  if (value.size() < 8) return kWrongLength;
  numeric.weight = big_endian<int16_t>(value.data() + 2);
  numeric.sign = big_endian<uint16_t>(value.data() + 4);
  numeric.digits = value.substr(8);
  if (numeric.sign != kPositive && numeric.sign != kNegative) return "is NaN or infinite";
  return static_cast<size_t>(big_endian<uint16_t>(value.data())) * 2 == numeric.digits.size() ? nullptr
                                                                                              : kWrongLength;
}

// Without zeros that say nothing: "-12.5".
std::string text_of(const Numeric& numeric) {
  std::string whole, part;
  for (int power = std::max(numeric.weight, 0); power >= 0; --power)
    whole += fmt::format("{:04}", numeric.digit(power));
  for (int power = -1; power >= numeric.weight - numeric.count() + 1; --power)
    part += fmt::format("{:04}", numeric.digit(power));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  part.erase(part.find_last_not_of('0') + 1);
  const bool zero = whole == "0" && part.empty();
  return (numeric.sign == kNegative && !zero ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

// Its digits without point and zeros at both ends, and where the point stands among them.
std::pair<std::string, int> significant(std::string_view text) {
  std::string digits;
  int exponent = 0;
  if (const size_t e = text.find('e'); e != text.npos) {
    std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
    text = text.substr(0, e);
  }
  bool after = false;
  for (const char c : text) {
    if (c == '.') after = true;
    if (c < '0' || c > '9') continue;
    digits += c;
    exponent -= after ? 1 : 0;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  while (!digits.empty() && digits.back() == '0') digits.pop_back(), ++exponent;
  return {digits, digits.empty() ? 0 : exponent};
}

// A NUMERIC of no declared precision becomes a DOUBLE, as long as that says the very same digits.
const char* put_any_numeric(std::string_view value, const duck::Writable& out, size_t row) {
  Numeric numeric;
  if (const char* why = read_numeric(value, numeric)) return why;
  const std::string text = text_of(numeric);
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  char again[40];
  const auto end = std::to_chars(std::begin(again), std::end(again), number).ptr;
  if (significant(text) != significant({again, static_cast<size_t>(end - again)}))
    return "has more digits than a floating-point number holds: give the column a precision in the model, "
           "such "
           "as CAST(... AS numeric(38,6))";
  out.set(row, number);
  return nullptr;
}

const char* put_as_declared(std::string_view, const duck::Writable&, size_t) {
  return "is no value";  // put_decimal() does it
}

template <class T>
bool fits(__int128 value, const duck::Writable& out, size_t row) {
  out.set(row, static_cast<T>(value));
  return static_cast<T>(value) == value;
}

Carried plain(const std::string& name, duckdb_type type, decltype(Carried::put) put) {
  return {.name = name, .type = duck::Type::of(type), .sql = duck::quote_name(name), .put = put};
}

Carried json(const std::string& name, std::string sql, decltype(Carried::put) put) {
  return {.name = name, .type = duck::Type::json(), .sql = std::move(sql), .put = put};
}

Carried numeric(const std::string& name, int modifier) {
  // ((precision << 16) | scale) + 4, where the scale has eleven bits and a sign since PostgreSQL 15.
  const int precision = ((modifier - 4) >> 16) & 0xffff;
  const int scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  if (modifier < 4 || precision > 38 || scale < 0 || scale > precision)
    return plain(name, DUCKDB_TYPE_DOUBLE, put_any_numeric);
  Carried column{.name = name,
                 .type = duck::Type(duckdb_create_decimal_type(static_cast<uint8_t>(precision),
                                                               static_cast<uint8_t>(scale))),
                 .sql = duck::quote_name(name),
                 .put = put_as_declared};
  column.scale = static_cast<uint8_t>(scale);
  column.width = static_cast<uint8_t>(precision);
  return column;
}

}  // namespace

const char* put_decimal(std::string_view value, const duck::Writable& out, size_t row, uint8_t width,
                        uint8_t scale) {
  Numeric numeric;
  if (const char* why = read_numeric(value, numeric)) return why;
  __int128 scaled = 0;
  for (int power = std::max(numeric.weight, 0); power >= -scale / 4; --power)
    scaled = scaled * 10000 + numeric.digit(power);
  // The scale may end within a digit of 10000: the server rounded there, so what is cut off are zeros.
  static constexpr int kTens[] = {1, 10, 100, 1000};
  if (const int rest = scale % 4; rest > 0)
    scaled = scaled * kTens[rest] + numeric.digit(-scale / 4 - 1) / kTens[4 - rest];
  if (numeric.sign == kNegative) scaled = -scaled;
  bool good = true;
  if (width <= 4)
    good = fits<int16_t>(scaled, out, row);
  else if (width <= 9)
    good = fits<int32_t>(scaled, out, row);
  else if (width <= 18)
    good = fits<int64_t>(scaled, out, row);
  else
    out.set(row, duckdb_hugeint{.lower = static_cast<uint64_t>(scaled),
                                .upper = static_cast<int64_t>(scaled >> 64)});
  return good ? nullptr : "does not fit its column's precision";
}

bool is_known(uint32_t type) {
  switch (type) {
    case kBool:
    case kBytea:
    case kChar:
    case kName:
    case kInt8:
    case kInt2:
    case kInt4:
    case kText:
    case kOid:
    case kJson:
    case kFloat4:
    case kFloat8:
    case kBpchar:
    case kVarchar:
    case kDate:
    case kTime:
    case kTimestamp:
    case kTimestamptz:
    case kInterval:
    case kNumeric:
    case kUuid:
    case kJsonb:
      return true;
    default:
      return false;
  }
}

Carried carried(const std::string& name, uint32_t type, int modifier, bool is_list) {
  switch (type) {
    case kBool:
      return plain(name, DUCKDB_TYPE_BOOLEAN, put_bool);
    case kInt2:
      return plain(name, DUCKDB_TYPE_SMALLINT, put_number<int16_t>);
    case kInt4:
      return plain(name, DUCKDB_TYPE_INTEGER, put_number<int32_t>);
    case kInt8:
      return plain(name, DUCKDB_TYPE_BIGINT, put_number<int64_t>);
    case kOid:
      return plain(name, DUCKDB_TYPE_UINTEGER, put_number<uint32_t>);
    case kFloat4:
      return plain(name, DUCKDB_TYPE_FLOAT, put_number<float>);
    case kFloat8:
      return plain(name, DUCKDB_TYPE_DOUBLE, put_number<double>);
    case kNumeric:
      return numeric(name, modifier);
    case kText:
    case kVarchar:
    case kBpchar:
    case kName:
    case kChar:
      return plain(name, DUCKDB_TYPE_VARCHAR, put_text);
    case kBytea:
      return plain(name, DUCKDB_TYPE_BLOB, put_text);
    case kDate:
      return plain(name, DUCKDB_TYPE_DATE, put_date);
    case kTime:
      return plain(name, DUCKDB_TYPE_TIME, put_number<int64_t>);
    case kTimestamp:
      return plain(name, DUCKDB_TYPE_TIMESTAMP, put_timestamp);
    case kTimestamptz:
      return plain(name, DUCKDB_TYPE_TIMESTAMP_TZ, put_timestamp);
    case kInterval:
      return plain(name, DUCKDB_TYPE_INTERVAL, put_interval);
    case kUuid:
      return plain(name, DUCKDB_TYPE_UUID, put_uuid);
    case kJson:
      return json(name, duck::quote_name(name), put_text);
    case kJsonb:
      return json(name, duck::quote_name(name), put_jsonb);
    default:
      break;
  }
  // The server makes a text of what has no form of its own here.
  if (is_list) return json(name, fmt::format("to_json({})::text", duck::quote_name(name)), put_text);
  Carried text = plain(name, DUCKDB_TYPE_VARCHAR, put_text);
  text.sql += "::text";
  return text;
}

}  // namespace penstock::postgres
