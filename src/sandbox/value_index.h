// Two indexes from a value to the records that hold it. Both keep hashes only; what they find is compared
// with the records themselves by the caller, so a collision costs time and never an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::sandbox {

// The position of a record in its table: 0, 1, 2, ... in order of creation.
using RecordNumber = uint32_t;

uint64_t hash_value(std::string_view value);

// Exactly the live records of a property whose values are unique. Open addressing, 8 bytes a slot.
class UniqueIndex {
 public:
  // The record among those of this hash for which `holds(record)` is true.
  template <class Holds>
  std::optional<RecordNumber> find(uint64_t hash, const Holds& holds) const {
    if (slots_.empty()) return std::nullopt;
    const auto tag = static_cast<uint32_t>(hash);
    for (size_t at = tag & mask(); slots_[at].record_plus_1 != 0; at = (at + 1) & mask()) {
      if (slots_[at].tag == tag && holds(slots_[at].record_plus_1 - 1)) return slots_[at].record_plus_1 - 1;
    }
    return std::nullopt;
  }
  void insert(uint64_t hash, RecordNumber record);
  // The pair must be in the index.
  void erase(uint64_t hash, RecordNumber record);

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t record_plus_1 = 0;  // 0: empty
  };
  size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot);
  void grow();
  void close_gap(size_t gap);

  std::vector<Slot> slots_;  // a power of two
  size_t used_ = 0;
};

// Records that hold or once held a value, for search. Only ever grows: a record that moved on stays listed
// under its old value (and may be listed twice), which the caller's own comparison sorts out.
class PostingIndex {
 public:
  void add(uint64_t hash, RecordNumber record) { postings_[hash].push_back(record); }
  std::span<const RecordNumber> find(uint64_t hash) const;

 private:
  std::unordered_map<uint64_t, std::vector<RecordNumber>> postings_;
};

}  // namespace penstock::sandbox
