// Lines of values between tabs, as COPY's text format and ClickHouse's TabSeparated both read them.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

inline constexpr std::string_view kTabNull = "\\N";

// What would end a value or a line, and the backslash itself, is escaped.
void append_tab_text(std::string& out, std::string_view text);

}  // namespace penstock
