// One table file, memory-mapped. Private to this folder.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/disk.h"
#include "base/result.h"
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

  void prefetch(KeyHash key) const {
    const Slot* at = slots_ + position_of(key.hi, capacity_);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 2);
  }
  // kNoSlot when it is not here. A tombstone counts as found.
  uint64_t find(KeyHash key) const {
    for (const Slot* at = slots_ + position_of(key.hi, capacity_); at != slots_end_; ++at) {
      // One comparison for "greater" and "empty": 0 - 1 is the greatest number.
      if (at->hi - 1 >= key.hi) return kNoSlot;
      if (at->hi == key.hi && at->lo >= key.lo)
        return at->lo == key.lo ? static_cast<uint64_t>(at - slots_) : kNoSlot;
    }
    return kNoSlot;
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
  // The record of texts that `ref` leads to, not checked yet; empty when there is none.
  Result<std::string_view> record(Ref ref) const;
  Result<Details> details(uint64_t slot) const;

 private:
  Table(std::string path, std::unique_ptr<MappedFile> file, const Footer& footer);
  Result<void> verify_chunks(uint64_t first, uint64_t step) const;
  Result<void> verify_on_two_threads() const;
  Result<const std::byte*> sealed_block(uint64_t section_at, uint64_t block) const;

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  Footer footer_;
  Layout layout_;
  uint64_t capacity_;
  const Slot* slots_;
  const Slot* slots_end_;
  mutable std::atomic<bool> verified_ = false;
};

}  // namespace penstock::snapshot
