// The hashes that vendors ask for, as hexadecimal text, and Base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::sandbox::lua {

std::string md5(std::string_view text);
std::string sha256(std::string_view text);
std::string base64(std::string_view bytes);
// Empty optional: it is not Base64.
std::optional<std::string> unbase64(std::string_view text);

}  // namespace penstock::sandbox::lua
