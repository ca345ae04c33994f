// Percent-encoding: of addresses, forms, and what else is written as they are.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// "a%2Fb" -> "a/b". '+' stays. A broken escape stays as it is.
std::string percent_decode(std::string_view text);
// All but letters, digits and "-._~" as %XX.
std::string percent_encode(std::string_view text);
// The same of a path: slashes stay.
std::string percent_encode_path(std::string_view path);

}  // namespace penstock
