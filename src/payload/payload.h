// The values of a payload: which types they have, and their exact text.
//
// Every warehouse type is carried as one of a few payload types, chosen so that no value is ever changed on
// the way: big integers travel as their digits, nested values as JSON text, times in their own unit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/key.h"
#include "base/result.h"
#include "duck/duck.h"

namespace penstock {

enum class PayloadType : uint8_t {
  boolean,
  integer,           // int64
  unsigned_integer,  // uint64
  big_integer,       // digits as text: HUGEINT, UHUGEINT, BIGNUM
  decimal,           // scaled integer of up to 38 digits
  real32,
  real64,
  text,          // also ENUM, UUID, BIT, INTERVAL, TIME WITH TIME ZONE
  binary,        // BLOB; base64 in JSON
  date,          // days since 1970-01-01
  time,          // microseconds of the day
  timestamp,     // microseconds, without zone
  timestamp_ns,  // nanoseconds, without zone
  timestamp_tz,  // microseconds, UTC
  json,          // LIST, ARRAY, STRUCT, MAP, UNION and JSON, as compact JSON text
};

std::string_view name_of(PayloadType type);
std::optional<PayloadType> payload_type_named(std::string_view name);

// A payload column's type with what is needed to read its vector.
struct ValueType {
  PayloadType type = PayloadType::text;
  uint8_t width = 0;  // of a decimal
  uint8_t scale = 0;
  bool operator==(const ValueType&) const = default;
};

// How a warehouse type is carried.
ValueType payload_type_of(const duck::Type& warehouse_type);
// Wraps an SQL expression of that warehouse type so that it yields the payload type's vector. The functions
// that it may use are defined by define_payload_functions().
std::string as_payload_sql(const std::string& expression, const duck::Type& warehouse_type);
// The payload type of a column that already is in payload form and is read back from a Parquet file.
std::string storage_sql_type(ValueType type);

// Registers on a database, all giving VARCHAR: penstock_json(nested), penstock_minify(json), and
// penstock_text(value in payload form).
Result<void> define_payload_functions(duck::Connection& connection);

// One column of payload values of one chunk; borrows the chunk's memory. Cheap to copy.
class Values {
 public:
  Values() = default;
  Values(const duck::Vector& vector, ValueType type)
      : data_(vector.raw()), validity_(vector.validity()), type_(type) {}

  ValueType type() const { return type_; }
  bool may_have_nulls() const { return validity_ != nullptr; }
  bool is_null(size_t row) const {
    return validity_ != nullptr && ((validity_[row >> 6] >> (row & 63)) & 1) == 0;
  }
  template <class T>
  T at(size_t row) const {
    return static_cast<const T*>(data_)[row];
  }
  // Of text, binary, json and big_integer.
  std::string_view bytes(size_t row) const {
    const auto& string = static_cast<const duckdb_string_t*>(data_)[row];
    const uint32_t length = string.value.inlined.length;
    return {length <= 12 ? string.value.inlined.inlined : string.value.pointer.ptr, length};
  }
  // A decimal's unscaled value.
  __extension__ using Int128 = __int128;
  Int128 unscaled(size_t row) const;

 private:
  const void* data_ = nullptr;
  const uint64_t* validity_ = nullptr;
  ValueType type_;
};

// Appends the value's text: true, 42, 1.50, 2026-11-23, 14:13:11.25, 2026-11-23T14:13:11.25 (with Z when it
// has a zone), base64 for binary, JSON for json. The row must not be NULL.
void append_text(std::string& out, const Values& values, size_t row);
// Appends the value as JSON: numbers and booleans bare, json as it is, everything else as a string.
// A row that is NULL gives null.
void append_json(std::string& out, const Values& values, size_t row);
// Appends text as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);
void append_base64(std::string& out, std::string_view bytes);

// What stands for a personal value wherever values are kept or shown.
inline constexpr std::string_view kMask = "\u2022\u2022\u2022";

// Why a value can be sent nowhere (NaN, an infinite date), or nullptr.
const char* unsendable(const Values& values, size_t row);

// The key hash of each row, and whether a key column is NULL there (hi = lo = 0 then).
void hash_keys(std::span<const Values> columns, size_t rows, KeyHash* out);
// The key as people see it. No column may be NULL in that row.
std::string key_text(std::span<const Values> columns, size_t row);

// Fingerprints: see docs/formats.md. A field's contribution is a hash of (name, type, value); the sum of the
// contributions, hashed once more, is the fingerprint: so the order of fields does not matter.
class FingerprintField {
 public:
  // A NULL contributes nothing when it is left out of the payload anyway (`omit_null`).
  FingerprintField(std::string_view name, ValueType type, bool omit_null);
  void add_to(uint64_t* sums, const Values& values, size_t rows) const;
  uint64_t contribution(const Values& values, size_t row) const;

 private:
  template <class Use>
  void with_hash(const Values& values, Use use) const;
  uint64_t value_seed_;
  uint64_t null_contribution_;
};
Fingerprint finish_fingerprint(uint64_t sum);

}  // namespace penstock
