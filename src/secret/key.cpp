#include "secret/key.h"

#include <sodium.h>

#include <algorithm>
#include <cstdint>

namespace penstock::secret {
namespace {

constexpr size_t kPadTo = 64;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr char kDerivedFor[crypto_kdf_CONTEXTBYTES + 1] = "penstock";
static_assert(crypto_kdf_KEYBYTES == 32);

enum Derived : uint64_t { kToEncrypt = 1, kToSeal = 2, kToName = 3 };

void start_sodium() {
  static const bool ready = sodium_init() >= 0;
  check(ready, "libsodium did not start");
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// The one line that is no comment; empty if there are several.
std::string_view key_line(std::string_view text) {
  std::string_view found;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
      line.remove_suffix(1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') continue;
    if (!found.empty()) return {};
    found = line;
  }
  return found;
}

}  // namespace

std::optional<Key> Key::parse(std::string_view text) {
  start_sodium();
  const std::string_view line = key_line(text);
  Key key;
  const size_t bytes = key.bytes_.size();
  size_t read = 0;
  if (line.size() == 2 * bytes) {
    const bool is_hex =
        sodium_hex2bin(key.bytes_.data(), bytes, line.data(), line.size(), nullptr, &read, nullptr) == 0;
    return is_hex && read == bytes ? std::optional(key) : std::nullopt;
  }
  for (const int variant : {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                            sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING})
    if (sodium_base642bin(key.bytes_.data(), bytes, line.data(), line.size(), nullptr, &read, nullptr,
                          variant) == 0 &&
        read == bytes)
      return key;
  return std::nullopt;
}

Key Key::random() {
  start_sodium();
  Key key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  return key;
}

std::string Key::base64() const {
  return to_base64({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

std::string Key::derived(uint64_t number, size_t bytes) const {
  std::string out(bytes, '\0');
  crypto_kdf_derive_from_key(raw(out), out.size(), number, kDerivedFor, bytes_.data());
  return out;
}

std::string Key::id() const {
  const std::string bytes = derived(kToName, 16);
  std::string out(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), raw(bytes), bytes.size());
  out.pop_back();
  return out;
}

std::string Key::encrypt(std::string_view plain, std::string_view context) const {
  std::string padded(plain);
  padded.resize((plain.size() / kPadTo + 1) * kPadTo);
  size_t padded_size = 0;
  check(sodium_pad(&padded_size, raw(padded), plain.size(), kPadTo, padded.size()) == 0,
        "there is room for padding");
  padded.resize(padded_size);
  std::string out(kNonceBytes + padded.size() + kTagBytes, '\0');
  randombytes_buf(out.data(), kNonceBytes);
  const std::string key = derived(kToEncrypt, crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(out) + kNonceBytes, &written, raw(padded), padded.size(),
                                             raw(context), context.size(), nullptr, raw(out), raw(key));
  out.resize(kNonceBytes + written);
  return out;
}

std::optional<std::string> Key::decrypt(std::string_view bytes, std::string_view context) const {
  if (bytes.size() < kNonceBytes + kTagBytes + kPadTo) return std::nullopt;
  const std::string key = derived(kToEncrypt, crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  std::string plain(bytes.size() - kNonceBytes - kTagBytes, '\0');
  unsigned long long written = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(raw(plain), &written, nullptr, raw(bytes) + kNonceBytes,
                                                 bytes.size() - kNonceBytes, raw(context), context.size(),
                                                 raw(bytes), raw(key)) != 0)
    return std::nullopt;
  size_t size = 0;
  if (sodium_unpad(&size, raw(plain), written, kPadTo) != 0) return std::nullopt;
  plain.resize(size);
  return plain;
}

std::string Key::seal(std::string_view text) const {
  const std::string key = derived(kToSeal, crypto_generichash_KEYBYTES);
  std::string out(crypto_generichash_BYTES, '\0');
  crypto_generichash(raw(out), out.size(), raw(text), text.size(), raw(key), key.size());
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), raw(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the NUL
  return out;
}

std::optional<std::string> of_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  if (sodium_base642bin(raw(out), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0)
    return std::nullopt;
  out.resize(size);
  return out;
}

bool same_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace penstock::secret
