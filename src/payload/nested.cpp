// Nested values as compact JSON, exactly: DuckDB's own to_json passes big integers and decimals through a
// double. Also our own minify, for the same reason.
#include <fmt/format.h>

#include <cmath>

#include "payload/payload.h"
#include "payload/text.h"

namespace penstock {
namespace {

using duck::Type;
using duck::Vector;

// How to write one vector of any warehouse type: built once a chunk, then called for each row.
class Writer {
 public:
  Writer(Vector vector, const Type& type);
  void append(std::string& out, size_t row) const;
  // The value as the text of an object's key.
  void append_as_key(std::string& out, size_t row) const;

 private:
  void append_scalar(std::string& out, size_t row) const;
  void append_list(std::string& out, uint64_t offset, uint64_t length) const;
  void append_struct(std::string& out, size_t row) const;
  void append_map(std::string& out, size_t row) const;
  void append_union(std::string& out, size_t row) const;

  Vector vector_;
  duckdb_type id_;
  bool is_json_;
  uint8_t width_ = 0, scale_ = 0;
  uint64_t array_size_ = 0;
  std::vector<Writer> children_;
  std::vector<std::string> names_;   // members of a struct, as JSON strings with the colon
  std::vector<std::string> labels_;  // of an enum
};

Writer::Writer(Vector vector, const Type& type) : vector_(vector), id_(type.id()), is_json_(type.is_json()) {
  switch (id_) {
    case DUCKDB_TYPE_DECIMAL:
      width_ = duckdb_decimal_width(type.get());
      scale_ = duckdb_decimal_scale(type.get());
      break;
    case DUCKDB_TYPE_LIST:
      children_.emplace_back(Vector(duckdb_list_vector_get_child(vector.get())), type.element());
      break;
    case DUCKDB_TYPE_ARRAY:
      array_size_ = duckdb_array_type_array_size(type.get());
      children_.emplace_back(Vector(duckdb_array_vector_get_child(vector.get())), type.element());
      break;
    case DUCKDB_TYPE_STRUCT: {
      idx_t index = 0;
      for (const auto& [name, member] : type.members()) {
        children_.emplace_back(Vector(duckdb_struct_vector_get_child(vector.get(), index++)), member);
        append_json_string(names_.emplace_back(), name);
        names_.back() += ':';
      }
      break;
    }
    case DUCKDB_TYPE_UNION: {
      // Laid out as a struct whose first member is the tag.
      idx_t index = 1;
      for (const auto& [name, member] : type.members())
        children_.emplace_back(Vector(duckdb_struct_vector_get_child(vector.get(), index++)), member);
      break;
    }
    case DUCKDB_TYPE_MAP: {
      // Laid out as a list of structs of key and value.
      const duckdb_vector entries = duckdb_list_vector_get_child(vector.get());
      children_.emplace_back(Vector(duckdb_struct_vector_get_child(entries, 0)),
                             Type(duckdb_map_type_key_type(type.get())));
      children_.emplace_back(Vector(duckdb_struct_vector_get_child(entries, 1)),
                             Type(duckdb_map_type_value_type(type.get())));
      break;
    }
    case DUCKDB_TYPE_ENUM:
      for (uint32_t i = 0; i < duckdb_enum_dictionary_size(type.get()); ++i) {
        char* label = duckdb_enum_dictionary_value(type.get(), i);
        labels_.emplace_back(label);
        duckdb_free(label);
      }
      break;
    default:
      break;
  }
}

void Writer::append(std::string& out, size_t row) const {
  if (!vector_.valid(row)) {
    out += "null";
    return;
  }
  switch (id_) {
    case DUCKDB_TYPE_LIST: {
      const auto entry = vector_.data<duckdb_list_entry>()[row];
      return append_list(out, entry.offset, entry.length);
    }
    case DUCKDB_TYPE_ARRAY:
      return append_list(out, row * array_size_, array_size_);
    case DUCKDB_TYPE_STRUCT:
      return append_struct(out, row);
    case DUCKDB_TYPE_MAP:
      return append_map(out, row);
    case DUCKDB_TYPE_UNION:
      return append_union(out, row);
    default:
      return append_scalar(out, row);
  }
}

void Writer::append_list(std::string& out, uint64_t offset, uint64_t length) const {
  out += '[';
  for (uint64_t i = 0; i < length; ++i) {
    if (i > 0) out += ',';
    children_[0].append(out, offset + i);
  }
  out += ']';
}

void Writer::append_struct(std::string& out, size_t row) const {
  out += '{';
  for (size_t i = 0; i < children_.size(); ++i) {
    if (i > 0) out += ',';
    out += names_[i];
    children_[i].append(out, row);
  }
  out += '}';
}

void Writer::append_map(std::string& out, size_t row) const {
  const auto entry = vector_.data<duckdb_list_entry>()[row];
  out += '{';
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (i > entry.offset) out += ',';
    children_[0].append_as_key(out, i);
    out += ':';
    children_[1].append(out, i);
  }
  out += '}';
}

void Writer::append_union(std::string& out, size_t row) const {
  const Vector tags(duckdb_struct_vector_get_child(vector_.get(), 0));
  children_[tags.data<uint8_t>()[row]].append(out, row);
}

void Writer::append_as_key(std::string& out, size_t row) const {
  std::string text;
  append(text, row);
  if (text.starts_with('"'))
    out += text;
  else
    append_json_string(out, text);
}

__extension__ using Unsigned128 = unsigned __int128;

void append_unsigned128(std::string& out, Unsigned128 value) {
  char buffer[40];
  char* at = buffer + sizeof buffer;
  do *--at = static_cast<char>('0' + static_cast<int>(value % 10));
  while ((value /= 10) != 0);
  out.append(at, buffer + sizeof buffer);
}

template <class Real>
void append_nested_real(std::string& out, Real value) {
  const bool finite = std::isfinite(value);
  if (!finite) out += '"';
  append_real(out, value);
  if (!finite) out += '"';
}

// A UUID is kept as a hugeint whose top bit is flipped, so that it sorts as its text does.
void append_uuid(std::string& out, duckdb_hugeint value) {
  const auto hi = static_cast<uint64_t>(value.upper) ^ (uint64_t{1} << 63);
  out += fmt::format("\"{:08x}-{:04x}-{:04x}-{:04x}-{:012x}\"", hi >> 32, hi >> 16 & 0xffff, hi & 0xffff,
                     value.lower >> 48, value.lower & 0xffffffffffff);
}

// ISO 8601 duration.
void append_interval(std::string& out, duckdb_interval interval) {
  out += fmt::format("\"P{}M{}DT", interval.months, interval.days);
  append_decimal(out, interval.micros, 6);
  out += "S\"";
}

void append_time_tz(std::string& out, uint64_t bits) {
  const auto parts = duckdb_from_time_tz(duckdb_time_tz{bits});
  out += '"';
  append_time(out, int64_t{parts.time.hour} * 3600 * kMicros + int64_t{parts.time.min} * 60 * kMicros +
                       int64_t{parts.time.sec} * kMicros + parts.time.micros);
  const int32_t minutes = std::abs(parts.offset) / 60;
  out += fmt::format("{}{:02}:{:02}\"", parts.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

template <class Append>
void quoted(std::string& out, Append append) {
  out += '"';
  append();
  out += '"';
}

void Writer::append_scalar(std::string& out, size_t row) const {
  switch (id_) {
    case DUCKDB_TYPE_BOOLEAN:
      out += vector_.data<bool>()[row] ? "true" : "false";
      return;
    case DUCKDB_TYPE_TINYINT:
      return append_integer(out, vector_.data<int8_t>()[row]);
    case DUCKDB_TYPE_SMALLINT:
      return append_integer(out, vector_.data<int16_t>()[row]);
    case DUCKDB_TYPE_INTEGER:
      return append_integer(out, vector_.data<int32_t>()[row]);
    case DUCKDB_TYPE_BIGINT:
      return append_integer(out, vector_.data<int64_t>()[row]);
    case DUCKDB_TYPE_UTINYINT:
      return append_unsigned(out, vector_.data<uint8_t>()[row]);
    case DUCKDB_TYPE_USMALLINT:
      return append_unsigned(out, vector_.data<uint16_t>()[row]);
    case DUCKDB_TYPE_UINTEGER:
      return append_unsigned(out, vector_.data<uint32_t>()[row]);
    case DUCKDB_TYPE_UBIGINT:
      return append_unsigned(out, vector_.data<uint64_t>()[row]);
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_DECIMAL: {
      const ValueType type{PayloadType::decimal, id_ == DUCKDB_TYPE_HUGEINT ? uint8_t{38} : width_, scale_};
      return append_decimal(out, Values(vector_, type).unscaled(row), scale_);
    }
    case DUCKDB_TYPE_UHUGEINT: {
      const auto value = vector_.data<duckdb_uhugeint>()[row];
      return append_unsigned128(out, Unsigned128{value.upper} << 64 | value.lower);
    }
    case DUCKDB_TYPE_FLOAT:
      return append_nested_real(out, vector_.data<float>()[row]);
    case DUCKDB_TYPE_DOUBLE:
      return append_nested_real(out, vector_.data<double>()[row]);
    case DUCKDB_TYPE_VARCHAR:
      if (is_json_) {
        out += vector_.text(row);
        return;
      }
      return append_json_string(out, vector_.text(row));
    case DUCKDB_TYPE_BLOB:
      return quoted(out, [&] { append_base64(out, vector_.text(row)); });
    case DUCKDB_TYPE_DATE:
      return quoted(out, [&] { append_date(out, vector_.data<int32_t>()[row]); });
    case DUCKDB_TYPE_TIME:
      return quoted(out, [&] { append_time(out, vector_.data<int64_t>()[row]); });
    case DUCKDB_TYPE_TIME_TZ:
      return append_time_tz(out, vector_.data<uint64_t>()[row]);
    case DUCKDB_TYPE_TIMESTAMP:
      return quoted(out, [&] { append_timestamp(out, vector_.data<int64_t>()[row], kMicros); });
    case DUCKDB_TYPE_TIMESTAMP_S:
      return quoted(out, [&] { append_timestamp(out, vector_.data<int64_t>()[row], 1); });
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return quoted(out, [&] { append_timestamp(out, vector_.data<int64_t>()[row] * 1000, kMicros); });
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return quoted(out, [&] { append_timestamp(out, vector_.data<int64_t>()[row], kNanos); });
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return quoted(out, [&] { append_timestamp(out, vector_.data<int64_t>()[row], kMicros), out += 'Z'; });
    case DUCKDB_TYPE_UUID:
      return append_uuid(out, vector_.data<duckdb_hugeint>()[row]);
    case DUCKDB_TYPE_INTERVAL:
      return append_interval(out, vector_.data<duckdb_interval>()[row]);
    case DUCKDB_TYPE_ENUM: {
      const size_t index = labels_.size() <= 256     ? vector_.data<uint8_t>()[row]
                           : labels_.size() <= 65536 ? vector_.data<uint16_t>()[row]
                                                     : vector_.data<uint32_t>()[row];
      return append_json_string(out, labels_[index]);
    }
    default:
      // BIT, BIGNUM and types yet to come have no plain layout here; as_payload_sql keeps them out.
      out += "null";
  }
}

// JSON without the white space between its tokens. Strings are left as they are.
void minify(std::string& out, std::string_view json) {
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\' && i + 1 < json.size()) {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) out += c;
  }
}

void set_null(duckdb_vector result, size_t row) {
  duckdb_vector_ensure_validity_writable(result);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(result), row);
}

Result<void> call_json(std::span<const Vector> arguments, size_t rows, duckdb_vector result) {
  if (arguments.size() != 1) return Error{ErrorKind::internal, "penstock_json takes one value", ""};
  const Writer writer(arguments[0], arguments[0].type());
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) {
      set_null(result, row);
      continue;
    }
    text.clear();
    writer.append(text, row);
    duckdb_vector_assign_string_element_len(result, row, text.data(), text.size());
  }
  return success();
}

Result<void> call_minify(std::span<const Vector> arguments, size_t rows, duckdb_vector result) {
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[0].valid(row)) {
      set_null(result, row);
      continue;
    }
    text.clear();
    minify(text, arguments[0].text(row));
    duckdb_vector_assign_string_element_len(result, row, text.data(), text.size());
  }
  return success();
}

// The text of a value in payload form, as it stands in keys and match values.
Result<void> call_text(std::span<const Vector> arguments, size_t rows, duckdb_vector result) {
  const Values values(arguments[0], payload_type_of(arguments[0].type()));
  std::string text;
  for (size_t row = 0; row < rows; ++row) {
    if (values.is_null(row)) {
      set_null(result, row);
      continue;
    }
    text.clear();
    append_text(text, values, row);
    duckdb_vector_assign_string_element_len(result, row, text.data(), text.size());
  }
  return success();
}

}  // namespace

Result<void> define_payload_functions(duck::Connection& connection) {
  duck::ScalarFunction json{
      .name = "penstock_json", .result = Type::of(DUCKDB_TYPE_VARCHAR), .call = call_json};
  if (auto done = connection.define(std::move(json)); !done.ok()) return done;
  duck::ScalarFunction text{
      .name = "penstock_text", .result = Type::of(DUCKDB_TYPE_VARCHAR), .call = call_text};
  if (auto done = connection.define(std::move(text)); !done.ok()) return done;
  return connection.define({.name = "penstock_minify",
                            .parameters = {DUCKDB_TYPE_VARCHAR},
                            .result = Type::of(DUCKDB_TYPE_VARCHAR),
                            .call = call_minify});
}

}  // namespace penstock
