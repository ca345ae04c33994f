// Hashes and signatures, for logins, over OpenSSL. Texts are bytes. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock {

std::string sha256(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text);

std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
// The alphabet of URLs, without padding (RFC 4648, section 5).
std::string base64_url(std::string_view bytes);
// nullopt: not Base64.
std::optional<std::string> from_base64(std::string_view text);

// RSASSA-PKCS1-v1_5 with SHA-256. `pem`: an RSA private key; an error (of kind config) says what is wrong
// with it, never what is in it.
Result<std::string> sign_rs256(std::string_view pem, std::string_view text);

}  // namespace penstock
