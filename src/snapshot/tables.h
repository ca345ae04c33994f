// What an open snapshot holds: its tables as one. Private to this folder.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "snapshot/delta_filter.h"
#include "snapshot/snapshot.h"
#include "snapshot/table.h"

namespace penstock::snapshot {

struct State {
  // `opened` in the order of the manifest: the base first, the newest last.
  State(Disk& disk, std::string directory, Manifest manifest, std::vector<std::unique_ptr<Table>> opened);

  // Checks every slot, and from then on knows at once which keys no delta speaks of.
  Result<void> verify();

  struct Place {
    size_t table = 0;
    uint64_t index = kNoSlot;
  };
  // The newest entry of a key, in the tables from `oldest` on; a tombstone counts.
  Place locate(KeyHash key, size_t oldest = 0) const {
    if (filter.may_contain(key))
      for (size_t table = tables.size(); table-- > std::max<size_t>(oldest, 1);)
        if (const uint64_t index = tables[table]->find(key); index != kNoSlot) return {table, index};
    if (oldest > 0 || tables.empty()) return {};
    return {0, tables[0]->find(key)};
  }
  Place place_of(uint64_t slot) const;
  uint64_t slot_of(Place place) const { return first_slots[place.table] + place.index; }
  uint64_t slot_count() const { return first_slots.back(); }
  // At most kBatch keys, and at least one table.
  static constexpr size_t kBatch = 2048;
  Result<void> probe(std::span<const KeyHash> keys, std::span<const Fingerprint> fingerprints,
                     std::span<Probe> probes) const;
  // Nothing for a tombstone.
  Result<std::optional<Found>> found(Place place) const;
  Found found(Place place, uint8_t flags) const;

  void probe_base(std::span<const KeyHash> keys, std::span<const Fingerprint> fingerprints,
                  std::span<Probe> probes) const;
  // Corrects what the base said, where a delta knows better.
  Result<void> probe_deltas(KeyHash key, Fingerprint fingerprint, Probe& probe) const;

  Disk* disk;
  std::string directory;
  Manifest manifest;
  std::vector<std::unique_ptr<Table>> tables;
  std::vector<uint64_t> first_slots;  // one more than tables: the last is the number of slots
  DeltaFilter filter;
};

}  // namespace penstock::snapshot
