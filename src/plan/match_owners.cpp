#include "plan/match_owners.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace penstock {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool same_match(std::span<const std::string> one, std::span<const std::string> other, bool ignore_case) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [&](const auto& a, const auto& b) {
    return ignore_case ? lowered(a) == lowered(b) : a == b;
  });
}

// Another key that the match value was last written for, whatever it has now.
Result<std::optional<MatchOwner>> last_owner(const Snapshot& owners, const Snapshot& snapshot,
                                             const SeenBits* seen, KeyHash key,
                                             std::span<const std::string> match) {
  const std::optional<MatchOwner> none;
  const auto owner = owner_of(owners, match);
  if (!owner.ok()) return owner.error();
  if (!*owner || **owner == key) return none;
  const auto found = snapshot.find(**owner);
  if (!found.ok()) return found.error();
  if (!*found || (seen != nullptr && !seen->test((*found)->slot))) return none;
  auto details = snapshot.details((*found)->slot);
  if (!details.ok()) return details.error();
  return std::optional<MatchOwner>(MatchOwner{**found, *std::move(details)});
}

}  // namespace

std::optional<KeyHash> match_hash(std::span<const std::string> match) {
  if (std::all_of(match.begin(), match.end(), [](const auto& text) { return text.empty(); }))
    return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& text : match) texts.push_back(lowered(text));
  const std::vector<std::string_view> parts(texts.begin(), texts.end());
  return hash_key(parts);
}

Fingerprint owner_mark(KeyHash owner) {
  return owner.lo;
}

KeyState owner_state(KeyHash owner) {
  KeyState state;
  state.accepted = owner_mark(owner);
  state.details.emplace().key = fmt::format("{:016x}", owner.hi);
  return state;
}

Result<std::optional<KeyHash>> owner_of(const Snapshot& owners, std::span<const std::string> match) {
  const auto hash = match_hash(match);
  if (!hash) return std::optional<KeyHash>();
  const auto found = owners.find(*hash);
  if (!found.ok()) return found.error();
  if (!*found || !(*found)->accepted) return std::optional<KeyHash>();
  const auto details = owners.details((*found)->slot);
  if (!details.ok()) return details.error();
  KeyHash owner{.hi = 0, .lo = *(*found)->accepted};
  const std::string& hi = details->key;
  if (std::from_chars(hi.data(), hi.data() + hi.size(), owner.hi, 16).ec != std::errc())
    return std::optional<KeyHash>();
  return std::optional<KeyHash>(owner);
}

Result<bool> is_passed_on(const Snapshot& owners, KeyHash key, std::span<const std::string> match) {
  const auto owner = owner_of(owners, match);
  if (!owner.ok()) return owner.error();
  return *owner && **owner != key;
}

Result<std::optional<MatchOwner>> other_owner(const Snapshot& owners, const Snapshot& snapshot,
                                              const SeenBits* seen, KeyHash key,
                                              std::span<const std::string> match, bool ignore_case) {
  auto owner = last_owner(owners, snapshot, seen, key, match);
  if (!owner.ok() || !*owner || same_match((*owner)->details.match, match, ignore_case)) return owner;
  return std::optional<MatchOwner>();
}

Result<std::optional<MatchOwner>> record_sharer(const Snapshot& owners, const Snapshot& snapshot,
                                                const SeenBits* seen, KeyHash key, const Details& details) {
  auto owner = last_owner(owners, snapshot, seen, key, details.match);
  if (!owner.ok() || !*owner) return owner;
  const std::string& record = (*owner)->details.record_id;
  const bool shares = record.empty() || details.record_id.empty()
                          ? same_match((*owner)->details.match, details.match, true)
                          : record == details.record_id;
  return shares ? std::move(owner) : std::optional<MatchOwner>();
}

}  // namespace penstock
