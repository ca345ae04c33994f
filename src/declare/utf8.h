// Just enough UTF-8 to check files and to count columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::declare {

// The bytes of the well-formed character at the start of `text` (RFC 3629: no surrogates, no overlong
// forms); 0 when there is none.
size_t character_bytes(std::string_view text);
// Offset of the first byte that is not UTF-8, or npos.
size_t find_not_utf8(std::string_view text);
// A stray byte counts as one character.
size_t count_characters(std::string_view text);
// At most `max` characters, "..." in place of what was cut, control characters as '?'.
std::string shorten(std::string_view text, size_t max);

}  // namespace penstock::declare
