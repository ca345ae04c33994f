// Binary values travel as base64; stores want the bytes.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// Two digits a byte. Ends at the first character that is not base64.
std::string hex_of_base64(std::string_view base64);

}  // namespace penstock
