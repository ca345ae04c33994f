// One bit for each slot of a snapshot: which keys the model still has.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>

#include "snapshot/huge_memory.h"

namespace penstock {

// Thread-safe: several threads mark at once; counting and reading are exact once they have finished.
class SeenBits {
 public:
  explicit SeenBits(uint64_t slot_count)
      : slot_count_(slot_count),
        memory_(bytes() < snapshot::HugeMemory::kPageBytes ? nullptr
                                                           : snapshot::HugeMemory::allocate(bytes())),
        small_(memory_ ? nullptr : std::make_unique<std::atomic<uint64_t>[]>(word_count())),
        words_(memory_ ? reinterpret_cast<std::atomic<uint64_t>*>(memory_->data()) : small_.get()) {}
  // The first slots' bits are given.
  SeenBits(uint64_t slot_count, std::span<const uint64_t> words) : SeenBits(slot_count) {
    std::copy(words.begin(), words.end(), words_);
  }

  // Returns whether it was marked already: then this key came twice.
  bool mark(uint64_t slot) {
    const uint64_t bit = uint64_t{1} << (slot & 63);
    return (words_[slot >> 6].fetch_or(bit, std::memory_order_relaxed) & bit) != 0;
  }
  // Asks the memory for what mark() will need some rows later.
  void prefetch(uint64_t slot) const { __builtin_prefetch(&words_[slot >> 6], 1); }
  bool test(uint64_t slot) const {
    return ((words_[slot >> 6].load(std::memory_order_relaxed) >> (slot & 63)) & 1) != 0;
  }
  // The first slot from `slot` on, and before `end`, that is not marked; `end` when there is none.
  uint64_t next_unmarked(uint64_t slot, uint64_t end) const {
    while (slot < end) {
      const uint64_t rest = ~words_[slot >> 6].load(std::memory_order_relaxed) >> (slot & 63);
      if (rest != 0) return std::min(end, slot + static_cast<uint64_t>(std::countr_zero(rest)));
      slot = (slot | 63) + 1;
    }
    return end;
  }
  uint64_t count() const {
    uint64_t total = 0;
    for (uint64_t i = 0; i < word_count(); ++i)
      total += std::popcount(words_[i].load(std::memory_order_relaxed));
    return total;
  }
  uint64_t slot_count() const { return slot_count_; }

 private:
  uint64_t word_count() const { return (slot_count_ + 63) / 64; }

  uint64_t bytes() const { return word_count() * sizeof(uint64_t); }

  uint64_t slot_count_;
  std::unique_ptr<snapshot::HugeMemory>
      memory_;  // for many: each row's bit is somewhere else; zeros at first
  std::unique_ptr<std::atomic<uint64_t>[]> small_;
  std::atomic<uint64_t>* words_;
};

}  // namespace penstock
