#include "sandbox/state.h"

#include <xxhash.h>

namespace penstock::sandbox {

Table& State::table(std::string_view object) {
  if (Table* known = find_table(object)) return *known;
  return *tables.emplace(object, std::make_unique<Table>(options.search_lag)).first->second;
}

Table* State::find_table(std::string_view object) const {
  const auto found = tables.find(object);
  return found == tables.end() ? nullptr : found->second.get();
}

TokenState State::token_state(std::string_view token) const {
  const auto found = tokens.find(token);
  return found == tokens.end() ? TokenState::valid : found->second;
}

bool is_chosen(std::string_view text, double share, uint64_t seed) {
  if (share <= 0) return false;
  const uint64_t hash = XXH3_64bits_withSeed(text.data(), text.size(), seed);
  return static_cast<double>(hash >> 11) * 0x1.0p-53 < share;
}

}  // namespace penstock::sandbox
