#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace penstock::cli {

Terminal Terminal::detect(bool no_color) {
  Terminal terminal;
  const char* unwanted = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool colour = !no_color && (unwanted == nullptr || *unwanted == '\0') &&
                      (kind == nullptr || std::string_view(kind) != "dumb");
  terminal.colour_out = colour && ::isatty(STDOUT_FILENO) == 1;
  terminal.live = ::isatty(STDERR_FILENO) == 1;
  terminal.colour_err = colour && terminal.live;
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) terminal.width = size.ws_col;
  return terminal;
}

std::string styled(std::string_view text, Style style, bool colour) {
  static constexpr const char* kCodes[] = {"", "1", "2", "32", "31", "33", "34", "9;2"};
  if (!colour || style == Style::plain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(style)], text);
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  bool in_escape = false;
  for (const char c : text) {
    if (c == '\x1b') in_escape = true;
    if (!in_escape && (static_cast<unsigned char>(c) & 0xc0) != 0x80) ++width;
    if (in_escape && c == 'm') in_escape = false;
  }
  return width;
}

std::string shortened(std::string_view text, size_t characters) {
  std::string clean;
  for (const char c : text) clean += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (display_width(clean) <= characters) return clean;
  std::string out;
  size_t width = 0;
  for (const char c : clean) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++width >= characters) break;
    out += c;
  }
  return out + "\u2026";
}

namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == ',' || c == '.' || c == '%';
  });
}

}  // namespace

std::string Table::text(const Terminal& terminal) const {
  std::vector<size_t> widths;
  for (const auto& title : header_) widths.push_back(display_width(title));
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  std::string out;
  const auto line = [&](const std::vector<std::string>& row, bool is_header) {
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - display_width(row[i]), ' ');
      const bool right = is_header ? !rows_.empty() && is_number(rows_[0][i]) : is_number(row[i]);
      if (i > 0) text += "  ";
      text += right ? padding + row[i] : row[i] + padding;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += (is_header ? styled(text, Style::dim, terminal.colour_out) : text) + "\n";
  };
  line(header_, true);
  for (const auto& row : rows_) line(row, false);
  return out;
}

}  // namespace penstock::cli
