#include "ledger/last_written.h"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock {
namespace {

constexpr size_t kEntryBytes = sizeof(uint32_t) + sizeof(uint64_t);

WrittenDigests digests_in(std::string_view packed) {
  WrittenDigests digests;
  for (; packed.size() >= kEntryBytes; packed.remove_prefix(kEntryBytes)) {
    uint32_t field = 0;
    uint64_t digest = 0;
    std::memcpy(&field, packed.data(), sizeof field);
    std::memcpy(&digest, packed.data() + sizeof field, sizeof digest);
    digests.emplace(field, digest);
  }
  return digests;
}

}  // namespace

uint32_t field_digest(std::string_view field) {
  return static_cast<uint32_t>(XXH3_64bits(field.data(), field.size()));
}

Result<LastWritten> LastWritten::open(Disk& disk, std::string directory) {
  auto snapshot = Snapshot::open(disk, std::move(directory), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  return LastWritten(*std::move(snapshot));
}

// What cannot be read is not known, and what is not known is left to others.
WrittenDigests LastWritten::of(KeyHash key) const {
  const auto found = snapshot_.find(key);
  if (!found.ok() || !*found) return {};
  const auto details = snapshot_.details((*found)->slot);
  if (!details.ok() || details->match.empty()) return {};
  return digests_in(details->match[0]);
}

std::optional<bool> LastWritten::is_last(KeyHash key, uint32_t field, uint64_t digest) const {
  const auto digests = of(key);
  const auto [first, end] = digests.equal_range(field);
  if (first == end) return std::nullopt;
  return std::any_of(first, end, [&](const auto& one) { return one.second == digest; });
}

std::string LastWritten::record_of(KeyHash key) const {
  const auto found = snapshot_.find(key);
  if (!found.ok() || !*found) return "";
  auto details = snapshot_.details((*found)->slot);
  return details.ok() ? std::move(details->record_id) : "";
}

KeyState written_state(const WrittenDigests& digests, std::string record) {
  std::string packed;
  for (const auto& [field, digest] : digests) {
    packed.append(reinterpret_cast<const char*>(&field), sizeof field);
    packed.append(reinterpret_cast<const char*>(&digest), sizeof digest);
  }
  KeyState state{.accepted = 1};
  state.details = Details{.record_id = std::move(record), .match = {std::move(packed)}};
  return state;
}

}  // namespace penstock
