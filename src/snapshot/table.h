// One table file, memory-mapped. Private to this folder.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "snapshot/huge_memory.h"
#include "snapshot/manifest.h"
#include "snapshot/table_format.h"

namespace penstock::snapshot {

inline constexpr uint64_t kNoSlot = ~uint64_t{0};

// Immutable; thread-safe. Whatever the bytes of the file are, no call reads outside of it.
class Table {
 public:
  // Checks size, preamble and footer. With `expected`, that it is the very table the manifest speaks of.
  static Result<std::unique_ptr<Table>> open(Disk& disk, const std::string& path, const TableRef* expected);

  // Checks every slot, once: later calls return at once.
  Result<void> verify() const;
  // As verify(); and the slots are in huge pages afterwards, for a plan, which probes all of them: those of
  // the file, or else copies, where there is memory enough. Before other threads use the table.
  Result<void> load();
  // A bit for each slot that is empty; none at all unless load() had many to look at.
  std::span<const uint64_t> empty_slots() const { return empty_; }
  // Lets go of what was mapped of texts, flags and references; it comes back when it is read again.
  void release_details() const;

  void prefetch(KeyHash key) const {
    const Slot* at = slots_ + position_of(key.hi, capacity_);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 3);  // a key is found 2 slots on, in the mean
  }
  // kNoSlot when it is not here. A tombstone counts as found.
  uint64_t find(KeyHash key) const {
    const Slot* at = slots_ + position_of(key.hi, capacity_);
    // How many of four slots are in use and before the key: as slots are in order, those are the first ones.
    // 0 - 1 is the greatest number, so one comparison is for "empty" too; and none of them is a branch,
    // which the processor would guess wrong every other time.
    const uint64_t target = key.hi - 1;
    uint64_t before = 4;
    while (before == 4) {
      if (at + 4 > slots_end_) [[unlikely]]  // never in an intact table: see kEmptyTail
        return kNoSlot;
      before = uint64_t{at[0].hi - 1 < target} + (at[1].hi - 1 < target) + (at[2].hi - 1 < target) +
               (at[3].hi - 1 < target);
      at += before;
    }
    if (at->hi != key.hi) return kNoSlot;
    if (at->lo == key.lo) return static_cast<uint64_t>(at - slots_);
    return find_among_equal_hi(at, key);
  }

  const Slot& slot(uint64_t index) const { return slots_[index]; }
  uint64_t slot_count() const { return footer_.slot_count; }
  const Footer& footer() const { return footer_; }
  const std::string& path() const { return path_; }

  // The flags of the 504 slots of a block, checked.
  Result<const uint8_t*> flags_block(uint64_t block) const;
  // The references of the 63 slots of a block, checked. Only where some entry has texts.
  Result<const uint64_t*> refs_block(uint64_t block) const;
  Result<uint8_t> flags(uint64_t slot) const;
  Result<Ref> ref(uint64_t slot) const;
  // A hint that details() of the slot will be asked for.
  void prefetch_ref(uint64_t slot) const;
  // The record of texts that `ref` leads to, not checked yet; empty when there is none.
  Result<std::string_view> record(Ref ref) const;
  Result<Details> details(uint64_t slot) const;

 private:
  Table(std::string path, std::unique_ptr<MappedFile> file, const Footer& footer);
  uint64_t find_among_equal_hi(const Slot* at, KeyHash key) const;
  void release(std::span<const std::byte> part) const;
  std::span<const std::byte> pick(uint64_t at, uint64_t size) const;
  Result<void> verify_sums() const;
  bool is_in_huge_pages() const;
  // What load() has done besides.
  struct Loaded {
    std::byte* slots = nullptr;  // where slots are copied to
    uint64_t* empty = nullptr;   // the bits of empty_slots()
  };
  // Every `step`th chunk from `first` on.
  Result<void> verify_chunks(uint64_t first, uint64_t step, Loaded loaded) const;
  Result<void> verify_all_chunks(Loaded loaded) const;
  Result<const std::byte*> sealed_block(uint64_t section_at, uint64_t block) const;

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  Footer footer_;
  Layout layout_;
  uint64_t capacity_;
  const Slot* slots_;  // in the file or in slot_memory_
  const Slot* slots_end_;
  std::unique_ptr<HugeMemory> slot_memory_;
  std::vector<uint64_t> empty_;
  mutable std::atomic<bool> verified_ = false;
};

}  // namespace penstock::snapshot
