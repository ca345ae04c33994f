#include "ledger/last_written.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock {
namespace {

constexpr size_t kEntryBytes = sizeof(uint32_t) + sizeof(uint64_t);

std::map<uint32_t, uint64_t> digests_in(std::string_view packed) {
  std::map<uint32_t, uint64_t> digests;
  for (; packed.size() >= kEntryBytes; packed.remove_prefix(kEntryBytes)) {
    uint32_t field = 0;
    uint64_t digest = 0;
    std::memcpy(&field, packed.data(), sizeof field);
    std::memcpy(&digest, packed.data() + sizeof field, sizeof digest);
    digests[field] = digest;
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
std::map<uint32_t, uint64_t> LastWritten::of(KeyHash key) const {
  const auto found = snapshot_.find(key);
  if (!found.ok() || !*found) return {};
  const auto details = snapshot_.details((*found)->slot);
  if (!details.ok() || details->match.empty()) return {};
  return digests_in(details->match[0]);
}

std::optional<uint64_t> LastWritten::of(KeyHash key, uint32_t field) const {
  const auto digests = of(key);
  const auto found = digests.find(field);
  return found == digests.end() ? std::nullopt : std::optional(found->second);
}

KeyState written_state(const std::map<uint32_t, uint64_t>& digests) {
  std::string packed;
  for (const auto& [field, digest] : digests) {
    packed.append(reinterpret_cast<const char*>(&field), sizeof field);
    packed.append(reinterpret_cast<const char*>(&digest), sizeof digest);
  }
  KeyState state{.accepted = 1};
  state.details = Details{.match = {std::move(packed)}};
  return state;
}

}  // namespace penstock
