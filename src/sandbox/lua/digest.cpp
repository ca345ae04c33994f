#include "sandbox/lua/digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/result.h"

namespace penstock::sandbox::lua {
namespace {

std::string digest(std::string_view text, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  check(EVP_Digest(text.data(), text.size(), bytes.data(), &size, kind, nullptr) == 1,
        "OpenSSL has no such digest");
  std::string hex;
  for (unsigned place = 0; place < size; ++place) {
    hex.push_back("0123456789abcdef"[bytes[place] >> 4]);
    hex.push_back("0123456789abcdef"[bytes[place] & 15]);
  }
  return hex;
}

}  // namespace

std::string md5(std::string_view text) {
  return digest(text, EVP_md5());
}

std::string sha256(std::string_view text) {
  return digest(text, EVP_sha256());
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

std::optional<std::string> unbase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // The decoder counts the padding as zero bytes.
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

}  // namespace penstock::sandbox::lua
