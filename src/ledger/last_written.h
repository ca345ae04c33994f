// What a sync last wrote to the fields that it may overwrite only while nobody else has: one more snapshot
// beside the sync's (docs/formats.md), of digests, so that no value is kept longer than operations are.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/snapshot.h"

namespace penstock {

// By which a field is known there.
uint32_t field_digest(std::string_view field);

// Thread-safe.
class LastWritten {
 public:
  // Empty when there is none in `directory`. `disk` must outlive it.
  static Result<LastWritten> open(Disk& disk, std::string directory);
  // connector::value_digest() of what was last written to that field of the key's record; nullopt: nothing
  // that is known.
  std::optional<uint64_t> of(KeyHash key, uint32_t field) const;
  // The same of all fields that are known.
  std::map<uint32_t, uint64_t> of(KeyHash key) const;
  const Snapshot& snapshot() const { return snapshot_; }

 private:
  explicit LastWritten(Snapshot snapshot) : snapshot_(std::move(snapshot)) {}
  Snapshot snapshot_;
};

// How the digests of a key's fields are kept.
KeyState written_state(const std::map<uint32_t, uint64_t>& digests);

}  // namespace penstock
