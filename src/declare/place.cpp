#include "declare/place.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/utf8.h"

namespace penstock::declare {

SourceFile::SourceFile(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  starts_.push_back(0);
  for (size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1))
    starts_.push_back(at + 1);
}

std::string_view SourceFile::line(uint32_t line) const {
  if (line == 0 || line > starts_.size()) return {};
  const size_t start = starts_[line - 1];
  const size_t end = line < starts_.size() ? starts_[line] - 1 : text_.size();
  std::string_view found = std::string_view(text_).substr(start, end - start);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

std::string Place::show() const {
  if (!file) return "";
  return line == 0 ? file->name() : fmt::format("{}:{}:{}", file->name(), line, column);
}

std::string_view Place::text() const {
  if (!file || column == 0) return {};
  std::string_view rest = file->line(line);
  const auto skip = [](std::string_view from, uint32_t characters) {
    size_t at = 0;
    for (; characters > 0 && at < from.size(); --characters)
      at += std::max<size_t>(1, character_bytes(from.substr(at)));
    return std::min(at, from.size());
  };
  rest.remove_prefix(skip(rest, column - 1));
  return rest.substr(0, skip(rest, width));
}

std::strong_ordering operator<=>(const Place& a, const Place& b) {
  static const std::string kNone;
  const std::string& a_name = a.file ? a.file->name() : kNone;
  const std::string& b_name = b.file ? b.file->name() : kNone;
  if (auto order = a_name.compare(b_name); order != 0) return order <=> 0;
  if (auto order = a.line <=> b.line; order != 0) return order;
  return a.column <=> b.column;
}

bool operator==(const Place& a, const Place& b) {
  return (a <=> b) == 0;
}

}  // namespace penstock::declare
