// Rows as the text of a file. Pure text.
#pragma once

#include <string>

#include "store/rows_body.h"

namespace penstock::files {

enum class Format { jsonl, csv };

// Each line begins with `_operation` (empty: there is no such column) and, where rows have keys, the match.
// CSV begins with a line of names (RFC 4180); a NULL is an empty field, an empty text is "".
std::string file_text(const RowsBody& body, Format format, std::string_view operation);

}  // namespace penstock::files
