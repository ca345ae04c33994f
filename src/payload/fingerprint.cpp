#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "payload/payload.h"

namespace penstock {
namespace {

// Types that print the same values share a tag, so that widening a column resends nothing.
uint8_t tag_of(PayloadType type) {
  switch (type) {
    case PayloadType::boolean:
      return 1;
    case PayloadType::integer:
    case PayloadType::unsigned_integer:
      return 2;
    case PayloadType::big_integer:
      return 3;
    case PayloadType::decimal:
      return 4;
    case PayloadType::real32:
      return 5;
    case PayloadType::real64:
      return 6;
    case PayloadType::text:
      return 7;
    case PayloadType::binary:
      return 8;
    case PayloadType::date:
      return 9;
    case PayloadType::time:
      return 10;
    case PayloadType::timestamp:
      return 11;
    case PayloadType::timestamp_ns:
      return 12;
    case PayloadType::timestamp_tz:
      return 13;
    case PayloadType::json:
      return 14;
  }
  return 0;
}
constexpr uint8_t kNullTag = 0;

uint64_t seed_for(std::string_view name, uint8_t tag) {
  std::string bytes(name);
  bytes += '\0';
  bytes += static_cast<char>(tag);
  return XXH3_64bits(bytes.data(), bytes.size());
}

// Flattened: with its size known, the hash of a word is a few instructions; as a call it is many.
[[gnu::flatten]] inline uint64_t hash_word(uint64_t word, uint64_t seed) {
  return XXH3_64bits_withSeed(&word, sizeof word, seed);
}

// Likewise: most texts are short.
[[gnu::flatten]] inline uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint64_t hash_decimal(const Values& values, size_t row, uint64_t seed) {
  struct {
    uint64_t low, high, scale;
  } parts{};
  const auto value = values.unscaled(row);
  std::memcpy(&parts, &value, sizeof value);
  parts.scale = values.type().scale;
  return XXH3_64bits_withSeed(&parts, sizeof parts, seed);
}

}  // namespace

FingerprintField::FingerprintField(std::string_view name, ValueType type, bool omit_null)
    : value_seed_(seed_for(name, tag_of(type.type))),
      null_contribution_(omit_null ? 0 : seed_for(name, kNullTag)) {}

// Hands `use` the hash of a row's value, made for the column's type: so the switch stands outside the loop
// over the rows, which runs for every value of the model.
template <class Use>
void FingerprintField::with_hash(const Values& values, Use use) const {
  const uint64_t seed = value_seed_;
  switch (values.type().type) {
    case PayloadType::boolean:
      return use([&](size_t row) { return hash_word(values.at<uint8_t>(row) != 0 ? 1 : 0, seed); });
    case PayloadType::date:
      return use([&](size_t row) { return hash_word(static_cast<uint64_t>(values.at<int32_t>(row)), seed); });
    case PayloadType::real32:
      return use([&](size_t row) { return hash_word(values.at<uint32_t>(row), seed); });
    case PayloadType::integer:
    case PayloadType::unsigned_integer:
    case PayloadType::real64:
    case PayloadType::time:
    case PayloadType::timestamp:
    case PayloadType::timestamp_ns:
    case PayloadType::timestamp_tz:
      return use([&](size_t row) { return hash_word(values.at<uint64_t>(row), seed); });
    case PayloadType::decimal:
      return use([&](size_t row) { return hash_decimal(values, row, seed); });
    case PayloadType::big_integer:
    case PayloadType::text:
    case PayloadType::binary:
    case PayloadType::json:
      return use([&](size_t row) { return hash_bytes(values.bytes(row), seed); });
  }
}

void FingerprintField::add_to(uint64_t* sums, const Values& values, size_t rows) const {
  with_hash(values, [&](auto hash) {
    if (!values.may_have_nulls())
      for (size_t row = 0; row < rows; ++row) sums[row] += hash(row);
    else
      for (size_t row = 0; row < rows; ++row)
        sums[row] += values.is_null(row) ? null_contribution_ : hash(row);
  });
}

uint64_t FingerprintField::contribution(const Values& values, size_t row) const {
  uint64_t contribution = null_contribution_;
  if (!values.is_null(row)) with_hash(values, [&](auto hash) { contribution = hash(row); });
  return contribution;
}

Fingerprint finish_fingerprint(uint64_t sum) {
  const uint64_t hash = hash_word(sum, 0);
  return hash == kUnknownPayload ? 1 : hash;
}

namespace {

void append_key_part(std::string& out, const Values& values, size_t row) {
  const size_t start = out.size();
  out.append(4, '\0');
  append_text(out, values, row);
  const auto length = static_cast<uint32_t>(out.size() - start - 4);
  std::memcpy(out.data() + start, &length, 4);
}

[[gnu::flatten]] inline KeyHash hash_key_bytes(const char* bytes, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return {hash.high64 == 0 ? 1 : hash.high64, hash.low64};
}

// A single column of integers, the usual key: the digits need no string. They are written for some rows and
// then hashed: a processor waits when it is to read in one piece what it has just written in several.
template <class Integer>
void hash_integer_keys(const Values& column, size_t rows, KeyHash* out) {
  constexpr size_t kAtOnce = 64;
  struct Part {
    char bytes[4 + 20];
    uint32_t size;
  };
  Part parts[kAtOnce];
  for (size_t first = 0; first < rows; first += kAtOnce) {
    const size_t count = std::min(kAtOnce, rows - first);
    for (size_t i = 0; i < count; ++i) {
      Part& part = parts[i];
      const char* end =
          std::to_chars(part.bytes + 4, std::end(part.bytes), column.at<Integer>(first + i)).ptr;
      const auto length = static_cast<uint32_t>(end - part.bytes - 4);
      std::memcpy(part.bytes, &length, 4);
      part.size = 4 + length;
    }
    for (size_t i = 0; i < count; ++i)
      out[first + i] = column.is_null(first + i) ? KeyHash() : hash_key_bytes(parts[i].bytes, parts[i].size);
  }
}

}  // namespace

// The same bytes as hash_key() hashes, without a string per part.
void hash_keys(std::span<const Values> columns, size_t rows, KeyHash* out) {
  if (columns.size() == 1 && columns[0].type().type == PayloadType::integer)
    return hash_integer_keys<int64_t>(columns[0], rows, out);
  if (columns.size() == 1 && columns[0].type().type == PayloadType::unsigned_integer)
    return hash_integer_keys<uint64_t>(columns[0], rows, out);
  std::string bytes;
  for (size_t row = 0; row < rows; ++row) {
    bytes.clear();
    bool has_null = false;
    for (const auto& column : columns) {
      has_null = has_null || column.is_null(row);
      if (!has_null) append_key_part(bytes, column, row);
    }
    if (has_null) {
      out[row] = {};
      continue;
    }
    out[row] = hash_key_bytes(bytes.data(), bytes.size());
  }
}

std::string key_text(std::span<const Values> columns, size_t row) {
  std::vector<std::string> texts(columns.size());
  std::vector<std::string_view> parts;
  for (size_t i = 0; i < columns.size(); ++i) {
    append_text(texts[i], columns[i], row);
    parts.push_back(texts[i]);
  }
  return show_key(parts);
}

}  // namespace penstock
