// Knows of most keys that no delta speaks of them. Private to this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "base/key.h"

namespace penstock::snapshot {

// A Bloom filter that looks at one word for a key, at 5 of its 64 bits; 16 bits of memory a key. Lets through
// some 3 in 1,000 of the keys that are not in it, so that a probe hardly pays for the deltas.
class DeltaFilter {
 public:
  // Until then it lets everything through.
  void reserve(uint64_t keys) { words_.assign(keys / 4 + 1, 0); }
  void add(KeyHash key) { words_[word_of(key)] |= bits_of(key); }
  bool may_contain(KeyHash key) const {
    if (words_.empty()) return true;
    const uint64_t bits = bits_of(key);
    return (words_[word_of(key)] & bits) == bits;
  }

 private:
  // Of `lo`, whose bits do not depend on those that place a key in a table.
  uint64_t word_of(KeyHash key) const {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(key.lo) * words_.size()) >> 64);
  }
  static uint64_t bits_of(KeyHash key) {
    const uint64_t low = key.lo;
    return uint64_t{1} << (low & 63) | uint64_t{1} << (low >> 6 & 63) | uint64_t{1} << (low >> 12 & 63) |
           uint64_t{1} << (low >> 18 & 63) | uint64_t{1} << (low >> 24 & 63);
  }
  std::vector<uint64_t> words_;
};

}  // namespace penstock::snapshot
