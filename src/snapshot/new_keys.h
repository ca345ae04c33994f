// A set of keys that many threads fill at once: finds the keys that come twice among the added rows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/key.h"

namespace penstock {

// Thread-safe. At most 27 bytes a key (plus some kilobytes); never shrinks.
class NewKeys {
 public:
  NewKeys();
  ~NewKeys();
  NewKeys(NewKeys&&) noexcept;
  NewKeys& operator=(NewKeys&&) noexcept;

  // Returns false when the key was there already.
  bool insert(KeyHash key);
  // The same for many keys at a fraction of the cost: is_new[i] becomes 1 or 0. Of equal keys in one call
  // the first one is the new one. Both spans have the same size.
  void insert(std::span<const KeyHash> keys, std::span<uint8_t> is_new);

  uint64_t size() const;          // exact when no thread is inserting
  uint64_t memory_bytes() const;  // likewise

 private:
  struct Partition;
  std::unique_ptr<Partition[]> partitions_;
};

}  // namespace penstock
