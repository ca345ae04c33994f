// The text of the file of secrets. Private to secret/ and the fuzzers. No I/O.
//
//     penstock secrets 1
//     key ID
//     secret NAME MICROSECONDS BASE64          any number, by name, each once
//     seal BASE64
//
// ID says with which key; BASE64 of a secret is nonce and ciphertext (Key::encrypt), with the first line,
// name and time as context; the seal is over all lines before it, so that none can be left out or brought
// back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "secret/key.h"

namespace penstock::secret {

struct SecretLine {
  std::string name{};
  int64_t set_at_micros = 0;  // since 1970
  std::string encrypted{};

  // What the ciphertext is bound to.
  std::string context() const;
};

struct SecretFile {
  std::string key_id{};
  std::vector<SecretLine> secrets{};  // by name
  std::string sealed{}, seal{};       // as read: what the seal is over, and the seal

  const SecretLine* find(std::string_view name) const;
};

// An error's message says line and mistake ("line 3 is no secret"), never what stands there; its kind is
// `disk`.
Result<SecretFile> parse_secret_file(std::string_view text);
// The secrets are in order.
std::string write_secret_file(const std::vector<SecretLine>& secrets, const Key& key);

}  // namespace penstock::secret
