#include "base/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace penstock {
namespace {

void append_json_text(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

KeyHash hash_key(std::span<const std::string_view> parts) {
  char inline_buffer[256];
  size_t size = 0;
  for (const auto part : parts) size += 4 + part.size();
  std::string heap;
  char* buffer = inline_buffer;
  if (size > sizeof inline_buffer) {
    heap.resize(size);
    buffer = heap.data();
  }
  char* at = buffer;
  for (const auto part : parts) {
    const auto length = static_cast<uint32_t>(part.size());
    std::memcpy(at, &length, 4);
    if (!part.empty()) std::memcpy(at + 4, part.data(), part.size());
    at += 4 + part.size();
  }
  const XXH128_hash_t hash = XXH3_128bits(buffer, size);
  return {hash.high64 == 0 ? 1 : hash.high64, hash.low64};
}

std::string show_key(std::span<const std::string_view> parts) {
  if (parts.size() == 1) return std::string(parts[0]);
  std::string out = "[";
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += ',';
    append_json_text(out, parts[i]);
  }
  return out + "]";
}

}  // namespace penstock
