#include "ledger/log_frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "ledger/log_file.h"

namespace penstock::log_frame {
namespace {

static_assert(std::endian::native == std::endian::little, "the stored formats are little-endian");

constexpr std::string_view kMagic = "PENSLOG\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kIdAt = 16;

template <class T>
T load(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <class T>
void append_value(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Of all that follows the checksum. The frame carries but the low half of its ordinal; all of it counts here.
uint64_t checksum_of(std::string_view bytes, uint64_t seed, uint64_t ordinal) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed + ordinal * 0x9E3779B97F4A7C15);
}

}  // namespace

std::string encode_header(std::string_view id) {
  std::string out(kMagic);
  append_value(out, kVersion);
  append_value(out, static_cast<uint32_t>(id.size()));
  out += id;
  out.resize(kHeaderBytes - 8, '\0');
  append_value(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

uint64_t seed_of(std::string_view header) {
  return load<uint64_t>(header, kHeaderBytes - 8);
}

std::optional<Header> decode_header(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  if (XXH3_64bits(bytes.data(), kHeaderBytes - 8) != seed_of(bytes)) return std::nullopt;
  const auto id_size = load<uint32_t>(bytes, 12);
  if (load<uint32_t>(bytes, 8) != kVersion || id_size > kLogIdBytesMax) return std::nullopt;
  return Header{bytes.substr(kIdAt, id_size), seed_of(bytes)};
}

void append_frame(std::string& out, uint64_t seed, const Frame& frame) {
  const size_t begin = out.size();
  const uint64_t lag = frame.ordinal - frame.durable;
  append_value(out, uint64_t{0});
  append_value(out, static_cast<uint32_t>(frame.payload.size()));
  append_value(out, static_cast<uint32_t>(frame.ordinal));
  append_value(out, static_cast<uint32_t>(std::min<uint64_t>(lag, std::numeric_limits<uint32_t>::max())));
  out += frame.payload;
  const uint64_t checksum = checksum_of(std::string_view(out).substr(begin + 8), seed, frame.ordinal);
  std::memcpy(out.data() + begin, &checksum, 8);
}

std::optional<Frame> decode_frame(std::string_view bytes, uint64_t seed, uint64_t ordinal, uint64_t more) {
  if (bytes.size() < kFrameHeadBytes) return std::nullopt;
  const auto size = load<uint32_t>(bytes, 8);
  const uint32_t ahead = load<uint32_t>(bytes, 12) - static_cast<uint32_t>(ordinal);
  if (ahead > more || size > kLogRecordBytesMax || size > bytes.size() - kFrameHeadBytes) return std::nullopt;
  Frame frame{.ordinal = ordinal + ahead, .durable = 0, .payload = bytes.substr(kFrameHeadBytes, size)};
  if (checksum_of(bytes.substr(8, kFrameHeadBytes - 8 + size), seed, frame.ordinal) !=
      load<uint64_t>(bytes, 0))
    return std::nullopt;
  const uint64_t lag = load<uint32_t>(bytes, 16);
  frame.durable = lag < frame.ordinal ? frame.ordinal - lag : 0;
  return frame;
}

}  // namespace penstock::log_frame
