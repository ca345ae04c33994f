#include "source/clickhouse/decode.h"

#include <simdjson.h>

#include <cmath>
#include <cstring>

#include "payload/text.h"

namespace penstock::clickhouse {
namespace {

constexpr const char* kNoText =
    "is not UTF-8 text: let the model give hex() of the column, or base64Encode()";
constexpr const char* kTooFine =
    "has parts of a microsecond, which are not carried: CAST the column to DateTime64(6) in the model";
constexpr const char* kTooFar = "lies too far from 1970";
constexpr const char* kNotWhole = "has a list whose length is not that of its members";

template <class T>
T read_as(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

bool is_ascii(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8)
    if ((read_as<uint64_t>(text.data() + at) & 0x8080808080808080) != 0) return false;
  unsigned char all = 0;
  for (; at < text.size(); ++at) all |= static_cast<unsigned char>(text[at]);
  return all < 0x80;
}

bool is_utf8(std::string_view text) {
  return is_ascii(text) || simdjson::validate_utf8(text.data(), text.size());
}

// Short texts stand in the vector itself; to have DuckDB put them there takes five times as long.
void put_text_at(const duck::Writable& out, size_t row, std::string_view text) {
  if (text.size() > 12) return out.set_text(row, text);
  duckdb_string_t& string = out.data<duckdb_string_t>()[row];
  string = {};
  string.value.inlined.length = static_cast<uint32_t>(text.size());
  std::memcpy(string.value.inlined.inlined, text.data(), text.size());
}

const char* micros_of(const Form& form, const char* bytes, int64_t& micros) {
  if (form.bytes == 4) {
    micros = int64_t{read_as<uint32_t>(bytes)} * 1'000'000;
    return nullptr;
  }
  static constexpr int64_t kTens[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};
  const auto ticks = read_as<int64_t>(bytes);
  if (form.scale > 6) {
    const int64_t finer = kTens[form.scale - 6];
    micros = ticks / finer;
    return ticks % finer == 0 ? nullptr : kTooFine;
  }
  return __builtin_mul_overflow(ticks, kTens[6 - form.scale], &micros) ? kTooFar : nullptr;
}

__int128 whole_of(const Form& form, const char* bytes) {
  switch (form.bytes) {
    case 1:
      return form.is_signed ? __int128{read_as<int8_t>(bytes)} : __int128{read_as<uint8_t>(bytes)};
    case 2:
      return form.is_signed ? __int128{read_as<int16_t>(bytes)} : __int128{read_as<uint16_t>(bytes)};
    case 4:
      return form.is_signed ? __int128{read_as<int32_t>(bytes)} : __int128{read_as<uint32_t>(bytes)};
    case 8:
      return form.is_signed ? __int128{read_as<int64_t>(bytes)} : __int128{read_as<uint64_t>(bytes)};
    default:
      return read_as<__int128>(bytes);
  }
}

// High half, low half. DuckDB turns the first bit, so that UUIDs are in order as signed numbers.
duckdb_hugeint uuid_of(const char* bytes) {
  return {.lower = read_as<uint64_t>(bytes + 8),
          .upper = static_cast<int64_t>(read_as<uint64_t>(bytes) ^ (uint64_t{1} << 63))};
}

void append_uuid(std::string& out, const char* bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
    out += kHex[(read_as<uint64_t>(bytes + (i < 16 ? 0 : 8)) >> (60 - i % 16 * 4)) & 15];
  }
}

// Digits of 128 bits without a sign do not fit the number that a decimal's digits are told as.
void append_whole(std::string& out, const Form& form, const char* bytes) {
  const __int128 value = whole_of(form, bytes);
  if (form.is_signed || value >= 0) return append_decimal(out, value, 0);
  const auto big = static_cast<unsigned __int128>(value);
  append_decimal(out, static_cast<__int128>(big / 10), 0);
  out += static_cast<char>('0' + static_cast<int>(big % 10));
}

template <class T>
const char* append_number(std::string& out, T value) {
  if (!std::isfinite(value)) return "holds NaN or infinity, which JSON does not know";
  append_real(out, value);
  return nullptr;
}

template <class T>
bool put_narrow(__int128 value, const duck::Writable& out, size_t row) {
  out.set(row, static_cast<T>(value));
  return static_cast<T>(value) == value;
}

}  // namespace

ColumnReader::ColumnReader(std::string_view bytes, Parts parts)
    : bytes_(bytes), parts_(std::move(parts)), places_(parts_.size()) {
  for (size_t i = 0; i < parts_.size(); ++i) places_[i].at = parts_[i].values;
}

const char* ColumnReader::fill(size_t count, const duck::Writable& out, size_t& bad) {
  const size_t first = places_[0].row;
  if (parts_[0].form->nullable) fill_nulls(first, count, out);
  switch (parts_[0].form->shape) {
    case Shape::text:
      return fill_texts(count, out, bad);
    case Shape::fixed_text:
      return fill_fixed_texts(count, out, bad);
    case Shape::time:
      return fill_times(count, out, bad);
    case Shape::decimal:
      return fill_decimals(count, out, bad);
    case Shape::list:
    case Shape::tuple:
    case Shape::map:
      return fill_json(count, out, bad);
    default:
      fill_plain(count, out);
      return nullptr;
  }
}

// What stands where a value is NULL may be anything.
bool ColumnReader::is_null(size_t row) const {
  return parts_[0].form->nullable && bytes_[parts_[0].nulls + row] != 0;
}

void ColumnReader::fill_nulls(size_t first, size_t count, const duck::Writable& out) {
  const char* nulls = bytes_.data() + parts_[0].nulls + first;
  if (std::memchr(nulls, 1, count) == nullptr) return;
  duckdb_vector_ensure_validity_writable(out.get());
  uint64_t* validity = duckdb_vector_get_validity(out.get());
  for (size_t row = 0; row < count; ++row)
    if (nulls[row] != 0) validity[row >> 6] &= ~(uint64_t{1} << (row & 63));
}

std::string_view ColumnReader::next_text(size_t part) {
  Place& place = places_[part];
  ++place.row;
  size_t length = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes_[place.at++]);
    length |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const std::string_view text = bytes_.substr(place.at, length);
  place.at += length;
  return text;
}

const char* ColumnReader::next_bytes(size_t part) {
  return bytes_.data() + parts_[part].values + places_[part].row++ * parts_[part].form->bytes;
}

// What fills it up is no part of it.
std::string_view ColumnReader::next_fixed_text(size_t part) {
  const std::string_view all(next_bytes(part), parts_[part].form->bytes);
  return all.substr(0, all.find_last_not_of('\0') + 1);
}

const char* ColumnReader::fill_texts(size_t count, const duck::Writable& out, size_t& bad) {
  const size_t first = places_[0].row;
  for (size_t row = 0; row < count; ++row) {
    const std::string_view text = next_text(0);
    if (!is_utf8(text)) {
      if (is_null(first + row)) continue;
      return bad = row, kNoText;
    }
    put_text_at(out, row, text);
  }
  return nullptr;
}

const char* ColumnReader::fill_fixed_texts(size_t count, const duck::Writable& out, size_t& bad) {
  const size_t first = places_[0].row;
  for (size_t row = 0; row < count; ++row) {
    const std::string_view text = next_fixed_text(0);
    if (!is_utf8(text)) {
      if (is_null(first + row)) continue;
      return bad = row, kNoText;
    }
    put_text_at(out, row, text);
  }
  return nullptr;
}

const char* ColumnReader::fill_times(size_t count, const duck::Writable& out, size_t& bad) {
  const Form& form = *parts_[0].form;
  const size_t first = places_[0].row;
  for (size_t row = 0; row < count; ++row) {
    const char* why = micros_of(form, next_bytes(0), out.data<int64_t>()[row]);
    if (why != nullptr && !is_null(first + row)) return bad = row, why;
  }
  return nullptr;
}

const char* ColumnReader::fill_decimals(size_t count, const duck::Writable& out, size_t& bad) {
  const Form& form = *parts_[0].form;
  const size_t first = places_[0].row;
  for (size_t row = 0; row < count; ++row) {
    const __int128 value = whole_of(form, next_bytes(0));
    bool good = true;
    if (form.width <= 4)
      good = put_narrow<int16_t>(value, out, row);
    else if (form.width <= 9)
      out.set(row, static_cast<int32_t>(value));
    else if (form.width <= 18)
      out.set(row, static_cast<int64_t>(value));
    else
      out.set(row, duckdb_hugeint{.lower = static_cast<uint64_t>(value),
                                  .upper = static_cast<int64_t>(value >> 64)});
    if (!good && !is_null(first + row)) return bad = row, "has more digits than its type";
  }
  return nullptr;
}

// Forms of which DuckDB's is the same, or nearly.
void ColumnReader::fill_plain(size_t count, const duck::Writable& out) {
  const Form& form = *parts_[0].form;
  const char* from = bytes_.data() + parts_[0].values + places_[0].row * form.bytes;
  if (form.shape == Shape::uuid)
    for (size_t row = 0; row < count; ++row) out.set(row, uuid_of(from + row * 16));
  else if (form.shape == Shape::boolean)
    for (size_t row = 0; row < count; ++row) out.set(row, from[row] != 0);
  else if (form.shape == Shape::date && form.bytes == 2)
    for (size_t row = 0; row < count; ++row) out.set(row, int32_t{read_as<uint16_t>(from + row * 2)});
  else
    std::memcpy(out.data<char>(), from, count * form.bytes);
  places_[0].row += count;
}

const char* ColumnReader::fill_json(size_t count, const duck::Writable& out, size_t& bad) {
  std::string json;
  for (size_t row = 0; row < count; ++row) {
    json.clear();
    if (const char* why = put_json(0, json)) return bad = row, why;
    put_text_at(out, row, json);
  }
  return nullptr;
}

// Where a value is NULL there stands one all the same.
const char* ColumnReader::put_json(size_t part, std::string& out) {
  const size_t row = places_[part].row, length = out.size();
  const bool null = parts_[part].form->nullable && bytes_[parts_[part].nulls + row] != 0;
  const char* why = put_json_value(part, row, out);
  if (!null) return why;
  out.resize(length);
  out += "null";
  return nullptr;
}

const char* ColumnReader::put_json_value(size_t part, size_t row, std::string& out) {
  switch (parts_[part].form->shape) {
    case Shape::list:
    case Shape::map:
      ++places_[part].row;
      return put_json_members(part, row, out);
    case Shape::tuple:
      ++places_[part].row;
      return put_json_tuple(part, out);
    default:
      return put_json_plain(part, out);
  }
}

const char* ColumnReader::put_json_plain(size_t part, std::string& out) {
  const Form& form = *parts_[part].form;
  if (form.shape == Shape::text || form.shape == Shape::fixed_text) {
    const std::string_view text = form.shape == Shape::text ? next_text(part) : next_fixed_text(part);
    if (!is_utf8(text)) return kNoText;
    append_json_string(out, text);
    return nullptr;
  }
  const char* bytes = next_bytes(part);
  int64_t micros = 0;
  switch (form.shape) {
    case Shape::boolean:
      out += *bytes != 0 ? "true" : "false";
      return nullptr;
    case Shape::integer:
      append_whole(out, form, bytes);
      return nullptr;
    case Shape::decimal:
      append_decimal(out, whole_of(form, bytes), form.scale);
      return nullptr;
    case Shape::real:
      return form.bytes == 4 ? append_number(out, read_as<float>(bytes))
                             : append_number(out, read_as<double>(bytes));
    case Shape::date:
      out += '"';
      append_date(out, static_cast<int64_t>(whole_of(form, bytes)));
      out += '"';
      return nullptr;
    case Shape::time:
      if (const char* why = micros_of(form, bytes, micros)) return why;
      out += '"';
      append_timestamp(out, micros, kMicros);
      out += "Z\"";
      return nullptr;
    default:
      out += '"';
      append_uuid(out, bytes);
      out += '"';
      return nullptr;
  }
}

// Of a list or a map.
const char* ColumnReader::put_json_members(size_t part, size_t row, std::string& out) {
  const char* ends = bytes_.data() + parts_[part].values;
  const auto begin = row == 0 ? 0 : read_as<uint64_t>(ends + (row - 1) * 8);
  const auto end = read_as<uint64_t>(ends + row * 8);
  const size_t first = part + 1, second = first + parts_[first].length;
  if (begin > end || end > parts_[first].rows || begin != places_[first].row) return kNotWhole;
  const bool is_map = parts_[part].form->shape == Shape::map;
  out += is_map ? '{' : '[';
  for (uint64_t i = begin; i < end; ++i) {
    if (i > begin) out += ',';
    const size_t key = out.size();
    if (const char* why = put_json(first, out)) return why;
    if (!is_map) continue;
    if (out[key] != '"') out.insert(key, 1, '"') += '"';
    out += ':';
    if (const char* why = put_json(second, out)) return why;
  }
  out += is_map ? '}' : ']';
  return nullptr;
}

const char* ColumnReader::put_json_tuple(size_t part, std::string& out) {
  const Form& form = *parts_[part].form;
  const bool named = !form.names.empty();
  out += named ? '{' : '[';
  size_t member = part + 1;
  for (size_t i = 0; i < form.members.size(); ++i, member += parts_[member].length) {
    if (i > 0) out += ',';
    if (named) {
      append_json_string(out, form.names[i]);
      out += ':';
    }
    if (const char* why = put_json(member, out)) return why;
  }
  out += named ? '}' : ']';
  return nullptr;
}

}  // namespace penstock::clickhouse
