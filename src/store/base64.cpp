#include "store/base64.h"

#include <cstdint>

namespace penstock {
namespace {

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::string hex_of_base64(std::string_view base64) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : base64) {
    const int digit = digit_of(c);
    if (digit < 0) break;
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += kDigits[(bits >> (count + 4)) & 15];
    out += kDigits[(bits >> count) & 15];
  }
  return out;
}

}  // namespace penstock
