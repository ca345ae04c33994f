#include "sandbox/value_index.h"

#include <xxhash.h>

#include "base/result.h"

namespace penstock::sandbox {

uint64_t hash_value(std::string_view value) {
  return XXH3_64bits(value.data(), value.size());
}

void UniqueIndex::place(Slot slot) {
  size_t at = slot.tag & mask();
  while (slots_[at].record_plus_1 != 0) at = (at + 1) & mask();
  slots_[at] = slot;
}

void UniqueIndex::grow() {
  std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.record_plus_1 != 0) place(slot);
  }
}

void UniqueIndex::insert(uint64_t hash, RecordNumber record) {
  if ((used_ + 1) * 10 > slots_.size() * 7) grow();
  place({static_cast<uint32_t>(hash), record + 1});
  ++used_;
}

void UniqueIndex::erase(uint64_t hash, RecordNumber record) {
  check(!slots_.empty(), "erased from an empty unique index");
  const auto tag = static_cast<uint32_t>(hash);
  size_t at = tag & mask();
  while (slots_[at].record_plus_1 != record + 1) {
    check(slots_[at].record_plus_1 != 0, "erased a record that a unique index does not hold");
    at = (at + 1) & mask();
  }
  close_gap(at);
  --used_;
}

// Moves later entries of the chain back, so that no search stops early at the gap.
void UniqueIndex::close_gap(size_t gap) {
  for (size_t at = (gap + 1) & mask(); slots_[at].record_plus_1 != 0; at = (at + 1) & mask()) {
    const size_t home = slots_[at].tag & mask();
    if (((at - home) & mask()) < ((at - gap) & mask())) continue;  // its home lies after the gap
    slots_[gap] = slots_[at];
    gap = at;
  }
  slots_[gap] = {};
}

std::span<const RecordNumber> PostingIndex::find(uint64_t hash) const {
  const auto found = postings_.find(hash);
  if (found == postings_.end()) return {};
  return found->second;
}

}  // namespace penstock::sandbox
