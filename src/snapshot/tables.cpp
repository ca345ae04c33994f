#include "snapshot/tables.h"

namespace penstock::snapshot {

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
    if (auto verified = tables[i]->verify(); !verified.ok()) return verified;
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
