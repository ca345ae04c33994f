#include "deliver/row.h"

#include <simdjson.h>

namespace penstock {

// The plan shows them as a key: one as it is, several as a list in JSON.
std::vector<std::string> old_match_of(const PlanChunk& chunk, size_t row) {
  const std::string_view shown = chunk.match_before(row);
  if (shown.empty()) return {};
  if (chunk.match().size() == 1) return {std::string(shown)};
  std::vector<std::string> texts;
  simdjson::dom::parser parser;
  simdjson::dom::array parts;
  if (parser.parse(shown.data(), shown.size()).get_array().get(parts) != simdjson::SUCCESS) return {};
  for (const auto part : parts) {
    std::string_view text;
    if (part.get(text) != simdjson::SUCCESS) return {};
    texts.emplace_back(text);
  }
  return texts.size() == chunk.match().size() ? texts : std::vector<std::string>();
}

}  // namespace penstock
