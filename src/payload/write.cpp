#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "payload/payload.h"
#include "payload/text.h"

namespace penstock {
namespace {

constexpr auto kInfiniteDay = std::numeric_limits<int32_t>::max();
constexpr auto kInfiniteTimestamp = std::numeric_limits<int64_t>::max();

// Which bytes cannot stand in a JSON string as they are.
constexpr auto kNeedsEscape = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void append_escape(std::string& out, unsigned char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

// Whether eight bytes hold none that needs an escape, the usual case (bit tricks: S. Anderson, "Bit Twiddling
// Hacks", haszero and hasless).
bool all_plain(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const uint64_t quotes = word ^ (kOnes * '"'), slashes = word ^ (kOnes * '\\');
  const uint64_t found =
      ((quotes - kOnes) & ~quotes) | ((slashes - kOnes) & ~slashes) | ((word - kOnes * 0x20) & ~word);
  return (found & kHighs) == 0;
}

bool is_bare_in_json(PayloadType type) {
  switch (type) {
    case PayloadType::boolean:
    case PayloadType::integer:
    case PayloadType::unsigned_integer:
    case PayloadType::big_integer:
    case PayloadType::decimal:
    case PayloadType::json:
      return true;
    default:
      return false;
  }
}

template <class Real>
void append_json_real(std::string& out, Real value) {
  if (std::isfinite(value))
    append_real(out, value);
  else
    out += "null";  // never sent: unsendable() names such rows first
}

}  // namespace

Values::Int128 Values::unscaled(size_t row) const {
  if (type_.width <= 4) return at<int16_t>(row);
  if (type_.width <= 9) return at<int32_t>(row);
  if (type_.width <= 18) return at<int64_t>(row);
  Int128 value;
  std::memcpy(&value, static_cast<const char*>(data_) + row * sizeof value, sizeof value);
  return value;
}

void append_text(std::string& out, const Values& values, size_t row) {
  switch (values.type().type) {
    case PayloadType::boolean:
      out += values.at<bool>(row) ? "true" : "false";
      return;
    case PayloadType::integer:
      append_integer(out, values.at<int64_t>(row));
      return;
    case PayloadType::unsigned_integer:
      append_unsigned(out, values.at<uint64_t>(row));
      return;
    case PayloadType::decimal:
      append_decimal(out, values.unscaled(row), values.type().scale);
      return;
    case PayloadType::real32:
      append_real(out, values.at<float>(row));
      return;
    case PayloadType::real64:
      append_real(out, values.at<double>(row));
      return;
    case PayloadType::big_integer:
    case PayloadType::text:
    case PayloadType::json:
      out += values.bytes(row);
      return;
    case PayloadType::binary:
      append_base64(out, values.bytes(row));
      return;
    case PayloadType::date:
      append_date(out, values.at<int32_t>(row));
      return;
    case PayloadType::time:
      append_time(out, values.at<int64_t>(row));
      return;
    case PayloadType::timestamp:
      append_timestamp(out, values.at<int64_t>(row), kMicros);
      return;
    case PayloadType::timestamp_ns:
      append_timestamp(out, values.at<int64_t>(row), kNanos);
      return;
    case PayloadType::timestamp_tz:
      append_timestamp(out, values.at<int64_t>(row), kMicros);
      out += 'Z';
      return;
  }
}

void append_json(std::string& out, const Values& values, size_t row) {
  if (values.is_null(row)) {
    out += "null";
    return;
  }
  const PayloadType type = values.type().type;
  if (type == PayloadType::text) return append_json_string(out, values.bytes(row));
  if (type == PayloadType::real32) return append_json_real(out, values.at<float>(row));
  if (type == PayloadType::real64) return append_json_real(out, values.at<double>(row));
  if (is_bare_in_json(type)) return append_text(out, values, row);
  out += '"';
  append_text(out, values, row);  // dates and base64 hold nothing to escape
  out += '"';
}

namespace {

// Whether all of it can stand in a JSON string as it is. The last eight bytes are looked at together, however
// many of them were seen before.
bool is_plain(std::string_view text) {
  if (text.size() < 8)
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return kNeedsEscape[c]; });
  for (size_t i = 0; i + 8 < text.size(); i += 8)
    if (!all_plain(text.data() + i)) return false;
  return all_plain(text.data() + text.size() - 8);
}

void append_quoted(std::string& out, std::string_view text) {
  const size_t at = out.size(), end = at + text.size() + 2;
  // libstdc++ 12 hands over the capacity instead of the size that was asked for.
  out.resize_and_overwrite(end, [&](char* bytes, size_t) {
    bytes[at] = bytes[end - 1] = '"';
    std::memcpy(bytes + at + 1, text.data(), text.size());
    return end;
  });
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain(text)) return append_quoted(out, text);
  out += '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* start = at;
  while (at < end) {
    if (end - at >= 8 && all_plain(at)) {
      at += 8;
      continue;
    }
    if (kNeedsEscape[static_cast<unsigned char>(*at)]) {
      out.append(start, at);
      append_escape(out, static_cast<unsigned char>(*at));
      start = at + 1;
    }
    ++at;
  }
  out.append(start, end);
  out += '"';
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
}

const char* unsendable(const Values& values, size_t row) {
  if (values.is_null(row)) return nullptr;
  static constexpr const char kNotANumber[] = "is NaN or infinite, which no destination takes";
  static constexpr const char kInfinite[] = "is an infinite date, which no destination takes";
  switch (values.type().type) {
    case PayloadType::real32:
      return std::isfinite(values.at<float>(row)) ? nullptr : kNotANumber;
    case PayloadType::real64:
      return std::isfinite(values.at<double>(row)) ? nullptr : kNotANumber;
    case PayloadType::date: {
      const int32_t day = values.at<int32_t>(row);
      return day == kInfiniteDay || day == -kInfiniteDay ? kInfinite : nullptr;
    }
    case PayloadType::timestamp:
    case PayloadType::timestamp_ns:
    case PayloadType::timestamp_tz: {
      const int64_t at = values.at<int64_t>(row);
      return at == kInfiniteTimestamp || at == -kInfiniteTimestamp ? kInfinite : nullptr;
    }
    default:
      return nullptr;
  }
}

}  // namespace penstock
