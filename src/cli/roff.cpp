#include "cli/roff.h"

#include <algorithm>
#include <vector>

namespace penstock::cli {
namespace {

std::vector<std::string_view> lines_in(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// `code`, **strong**, *stressed* and [words](link) in one paragraph.
class Inline {
 public:
  explicit Inline(std::string_view text) : text_(text) {}
  std::string roff() {
    while (at_ < text_.size()) step();
    return (out_.starts_with('.') || out_.starts_with('\'') ? "\\&" : "") + out_;
  }

 private:
  void step() {
    if (span("**", "\\fB") || code() || span("*", "\\fI") || link()) return;
    out_ += roff_text(text_.substr(at_++, 1));
  }
  bool span(std::string_view mark, std::string_view font) {
    if (!text_.substr(at_).starts_with(mark)) return false;
    const size_t end = text_.find(mark, at_ + mark.size());
    // A mark that stands by itself ("crm_*") is none.
    if (end == std::string_view::npos || end == at_ + mark.size() || text_[at_ + mark.size()] == ' ')
      return false;
    out_ +=
        std::string(font) + Inline(text_.substr(at_ + mark.size(), end - at_ - mark.size())).roff() + "\\fR";
    at_ = end + mark.size();
    return true;
  }
  bool code() {
    if (text_[at_] != '`') return false;
    const size_t end = text_.find('`', at_ + 1);
    if (end == std::string_view::npos) return false;
    out_ += "\\fB" + roff_text(text_.substr(at_ + 1, end - at_ - 1)) + "\\fR";
    at_ = end + 1;
    return true;
  }
  bool link() {
    if (text_[at_] != '[') return false;
    const size_t middle = text_.find("](", at_), end = text_.find(')', middle);
    if (middle == std::string_view::npos || end == std::string_view::npos) return false;
    out_ += Inline(text_.substr(at_ + 1, middle - at_ - 1)).roff();
    at_ = end + 1;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

std::vector<std::string_view> cells_of(std::string_view row) {
  std::vector<std::string_view> cells;
  row.remove_prefix(1);
  while (!row.empty()) {
    size_t end = std::min(row.find('|'), row.size());
    while (end < row.size() && row[end - 1] == '\\') end = std::min(row.find('|', end + 1), row.size());
    std::string_view cell = row.substr(0, end);
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    while (cell.ends_with(' ')) cell.remove_suffix(1);
    cells.push_back(cell);
    row.remove_prefix(std::min(end + 1, row.size()));
  }
  if (!cells.empty() && cells.back().empty()) cells.pop_back();
  return cells;
}

class Markdown {
 public:
  explicit Markdown(std::string_view text) : lines_(lines_in(text)) {}
  std::string roff() {
    while (at_ < lines_.size()) block();
    // The first paragraph follows a heading, which begins one.
    if (out_.starts_with(kParagraph)) out_.erase(0, kParagraph.size());
    return std::move(out_);
  }

 private:
  static constexpr std::string_view kParagraph = ".PP\n";

  bool is(std::string_view start) const { return at_ < lines_.size() && lines_[at_].starts_with(start); }

  void block() {
    if (lines_[at_].empty() || is("#")) {
      ++at_;
    } else if (is("<!--")) {
      while (at_ < lines_.size() && lines_[at_].find("-->") == std::string_view::npos) ++at_;
      ++at_;
    } else if (is("```")) {
      fence();
    } else if (is("|")) {
      table();
    } else if (is("- ")) {
      out_ += ".IP \\(bu 2\n" + Inline(lines_[at_++].substr(2)).roff() + "\n";
    } else {
      out_ += ".PP\n" + Inline(lines_[at_++]).roff() + "\n";
    }
  }
  void fence() {
    std::string text;
    for (++at_; at_ < lines_.size() && !is("```"); ++at_) text += std::string(lines_[at_]) + "\n";
    ++at_;
    out_ += ".PP\n" + roff_block(text);
  }
  // The first column names what the others say.
  void table() {
    at_ += 2;  // its head, and the line below it
    for (; is("|"); ++at_) {
      const auto cells = cells_of(lines_[at_]);
      if (cells.empty()) continue;
      out_ += ".TP\n" + Inline(cells[0]).roff() + "\n";
      std::string rest;
      for (size_t i = 1; i < cells.size(); ++i)
        if (!cells[i].empty()) rest += (rest.empty() ? "" : "; ") + Inline(cells[i]).roff();
      out_ += (rest.empty() ? "\\&" : rest) + "\n";
    }
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string roff_block(std::string_view text) {
  std::string out = ".nf\n";
  for (const auto line : lines_in(text)) {
    const bool is_request = line.starts_with('.') || line.starts_with('\'');
    out += (is_request ? "\\&" : "") + roff_text(line) + "\n";
  }
  return out + ".fi\n";
}

std::string roff_of_markdown(std::string_view markdown) {
  return Markdown(markdown).roff();
}

}  // namespace penstock::cli
