// Markdown of our pages as roff, the language of man pages (man(7)).
#pragma once

#include <string>
#include <string_view>

namespace penstock::cli {

// Text as it must stand in roff: backslashes, hyphens, and dots at the beginning of a line.
std::string roff_text(std::string_view text);
// Paragraphs, lists, tables, code and emphasis; of links their words. Headings and HTML comments are left
// out.
std::string roff_of_markdown(std::string_view markdown);
// As it stands, in the font of a terminal.
std::string roff_block(std::string_view text);

}  // namespace penstock::cli
