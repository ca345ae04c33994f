// What people see: colours where there is a terminal, tables, numbers as they are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/spoken.h"

namespace penstock::cli {

enum class Style { plain, bold, dim, green, red, yellow, blue, struck };

// Whether standard output and standard error take colours, and how wide the terminal is. Set once by main.
struct Terminal {
  bool colour_out = false, colour_err = false;
  bool live = false;  // standard error is a terminal: lines may be rewritten
  size_t width = 100;
  static Terminal detect(bool no_color);
};

// The text in a style, if `colour`.
std::string styled(std::string_view text, Style style, bool colour);

// Columns aligned, the first line as header. Numbers to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string text(const Terminal& terminal) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// Cut to so many characters, with an ellipsis.
std::string shortened(std::string_view text, size_t characters);
size_t display_width(std::string_view text);

}  // namespace penstock::cli
