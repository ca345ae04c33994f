#include "snapshot/tables.h"

#include <array>

namespace penstock::snapshot {
namespace {

// Of an entry that is no tombstone, which only the flags could tell.
Standing standing_of(const Slot& slot, Fingerprint fingerprint) {
  return slot.stored == fingerprint && slot.stored != kUnknownPayload ? Standing::same : Standing::other;
}

}  // namespace

State::State(Disk& the_disk, std::string the_directory, Manifest the_manifest,
             std::vector<std::unique_ptr<Table>> opened)
    : disk(&the_disk),
      directory(std::move(the_directory)),
      manifest(std::move(the_manifest)),
      tables(std::move(opened)),
      first_slots{0} {
  for (const auto& table : tables) first_slots.push_back(first_slots.back() + table->slot_count());
}

Result<void> State::verify() {
  uint64_t delta_entries = 0;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (auto verified = tables[i]->load(); !verified.ok()) return verified;
    if (i > 0) delta_entries += tables[i]->footer().entries;
  }
  filter.reserve(delta_entries);
  for (size_t i = 1; i < tables.size(); ++i)
    for (uint64_t index = 0; index < tables[i]->slot_count(); ++index)
      if (const Slot& slot = tables[i]->slot(index); slot.hi != 0) filter.add(slot.key());
  return success();
}

State::Place State::place_of(uint64_t slot) const {
  check(slot < slot_count(), "a slot of another snapshot");
  size_t table = 0;
  while (slot >= first_slots[table + 1]) ++table;
  return {table, slot - first_slots[table]};
}

void State::probe_base(std::span<const KeyHash> keys, std::span<const Fingerprint> fingerprints,
                       std::span<Probe> probes) const {
  // Far enough ahead for the memory to answer; farther, and the processor has no room to remember it.
  constexpr size_t kAhead = 16;
  const Table& base = *tables[0];
  for (size_t i = 0; i < std::min(kAhead, keys.size()); ++i) base.prefetch(keys[i]);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) base.prefetch(keys[i + kAhead]);
    const uint64_t index = base.find(keys[i]);
    probes[i] = index == kNoSlot ? Probe() : Probe{index, standing_of(base.slot(index), fingerprints[i])};
  }
}

Result<void> State::probe_deltas(KeyHash key, Fingerprint fingerprint, Probe& probe) const {
  const Place place = locate(key, 1);
  if (place.index == kNoSlot) return success();
  const Table& table = *tables[place.table];
  probe = {slot_of(place), standing_of(table.slot(place.index), fingerprint)};
  if (probe.standing == Standing::same) return success();
  auto flags = table.flags(place.index);
  if (!flags.ok()) return flags.error();
  if ((*flags & kTombstone) != 0) probe = Probe();
  return success();
}

Result<void> State::probe(std::span<const KeyHash> keys, std::span<const Fingerprint> fingerprints,
                          std::span<Probe> probes) const {
  probe_base(keys, fingerprints, probes);
  if (tables.size() == 1) return success();
  // First all that the filter lets through, without a branch on what it says: so its words are fetched
  // side by side.
  std::array<uint16_t, kBatch> suspects;
  size_t count = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    suspects[count] = static_cast<uint16_t>(i);
    count += filter.may_contain(keys[i]) ? 1 : 0;
  }
  for (size_t n = 0; n < count; ++n)
    for (size_t table = 1; table < tables.size(); ++table) tables[table]->prefetch(keys[suspects[n]]);
  for (size_t n = 0; n < count; ++n) {
    const size_t i = suspects[n];
    if (auto probed = probe_deltas(keys[i], fingerprints[i], probes[i]); !probed.ok()) return probed;
  }
  return success();
}

Result<std::optional<Found>> State::found(Place place) const {
  const Table& table = *tables[place.table];
  auto flags = table.flags(place.index);
  if (!flags.ok()) return flags.error();
  if ((*flags & kTombstone) != 0) return std::optional<Found>();
  return std::optional<Found>(found(place, *flags));
}

Found State::found(Place place, uint8_t flags) const {
  const Slot& slot = tables[place.table]->slot(place.index);
  Found found;
  found.key = slot.key();
  found.slot = slot_of(place);
  if ((flags & kAccepted) != 0) found.accepted = from_stored(flags, slot.stored);
  found.gone = (flags & kGone) != 0;
  found.foreign = (flags & kForeign) != 0;
  found.waiting = (flags & kWaiting) != 0;
  return found;
}

}  // namespace penstock::snapshot
