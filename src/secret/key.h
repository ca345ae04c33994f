// Keys and what is done with them, by libsodium. Private to secret/.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock::secret {

// 256 bits, from which three keys are derived: to encrypt, to seal, and to say which key it is.
class Key {
 public:
  // Hexadecimal or Base64 of 32 bytes; lines that begin with '#' do not count. Nullopt: not a key.
  static std::optional<Key> parse(std::string_view text);
  static Key random();

  std::string base64() const;
  // Says which key it is, and nothing about it: 32 hexadecimal digits.
  std::string id() const;

  // XChaCha20-Poly1305: nonce and ciphertext. The length is hidden up to 64 bytes. `context` must be given
  // again.
  std::string encrypt(std::string_view plain, std::string_view context) const;
  // Nullopt: the bytes, the context or the key are not what they were.
  std::optional<std::string> decrypt(std::string_view bytes, std::string_view context) const;
  // Keyed BLAKE2b, 32 bytes.
  std::string seal(std::string_view text) const;

 private:
  std::string derived(uint64_t number, size_t bytes) const;
  std::array<unsigned char, 32> bytes_{};
};

std::string to_base64(std::string_view bytes);
// Nullopt: not Base64, with its padding.
std::optional<std::string> of_base64(std::string_view text);
// In constant time.
bool same_bytes(std::string_view a, std::string_view b);

}  // namespace penstock::secret
