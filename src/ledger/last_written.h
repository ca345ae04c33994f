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

// connector::value_digest() of what was last written, by field_digest(). Of a field several, where it is not
// known whether the last write took effect: each of them is ours.
using WrittenDigests = std::multimap<uint32_t, uint64_t>;

// Thread-safe.
class LastWritten {
 public:
  // Empty when there is none in `directory`. `disk` must outlive it.
  static Result<LastWritten> open(Disk& disk, std::string directory);
  // What was last written to the key's record: of the fields of which it is known.
  WrittenDigests of(KeyHash key) const;
  // The record; empty: not known.
  std::string record_of(KeyHash key) const;
  // Whether this is what was last written to that field of the key's record; nullopt: that is not known.
  std::optional<bool> is_last(KeyHash key, uint32_t field, uint64_t digest) const;
  const Snapshot& snapshot() const { return snapshot_; }

 private:
  explicit LastWritten(Snapshot snapshot) : snapshot_(std::move(snapshot)) {}
  Snapshot snapshot_;
};

// How they are kept. `record`: as in LastWritten::record_of().
KeyState written_state(const WrittenDigests& digests, std::string record);

}  // namespace penstock
