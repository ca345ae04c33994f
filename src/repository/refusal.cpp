#include "repository/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace penstock::repository {
namespace {

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::string refusal_text(const Refusal& refusal) {
  return fmt::format("penstock-refusal 1\n{}\n{}\n{}\n{}\n{}", refusal.commit, unix_micros(refusal.at),
                     one_line(refusal.reason), one_line(refusal.remedy), refusal.details);
}

std::optional<Refusal> parse_refusal(std::string_view text) {
  std::string_view lines[5];
  for (std::string_view& line : lines) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  int64_t micros = 0;
  const auto [rest, problem] = std::from_chars(lines[2].begin(), lines[2].end(), micros);
  if (lines[0] != "penstock-refusal 1" || problem != std::errc() || rest != lines[2].end())
    return std::nullopt;
  return Refusal{std::string(lines[1]), std::string(lines[3]), std::string(lines[4]), std::string(text),
                 from_unix_micros(micros)};
}

}  // namespace penstock::repository
