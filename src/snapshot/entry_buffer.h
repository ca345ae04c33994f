// The entries of a change set, in memory. Private to this folder.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "snapshot/table_format.h"

namespace penstock::snapshot {

// Entries are gathered in 256 buckets by their first byte, each a list of pages: 32 bytes an entry however
// many there are, and sorting one bucket after the other needs little room beside them.
class EntryBuffer {
 public:
  void add(const Entry& entry);
  // In the order of keys from here on; of equal keys only the one added last.
  void sort();
  // Keeps the entries for which `keep` says so, asking in order, once sorted.
  Result<void> retain(const std::function<Result<bool>(const Entry&)>& keep);
  uint64_t size() const { return size_; }

  // Walks over the entries in order, once sorted; nullptr at the end.
  class Walk {
   public:
    explicit Walk(const EntryBuffer& buffer) : buffer_(&buffer) {}
    const Entry* next();

   private:
    const EntryBuffer* buffer_;
    size_t bucket_ = 0;
    uint64_t index_ = 0;
  };

 private:
  static constexpr uint64_t kPageEntries = 512;
  struct Arrival {
    Entry entry;
    uint64_t ordinal;
  };
  class Bucket {
   public:
    void add(const Entry& entry);
    Entry& operator[](uint64_t index) { return pages_[index / kPageEntries][index % kPageEntries]; }
    const Entry& operator[](uint64_t index) const {
      return pages_[index / kPageEntries][index % kPageEntries];
    }
    uint64_t size() const { return size_; }
    void shrink(uint64_t size);
    void sort(std::vector<Arrival>& scratch);

   private:
    // Copies the entries into `scratch`, in parts by the second byte of their keys, and says where each ends.
    std::vector<uint64_t> scatter(std::vector<Arrival>& scratch) const;

    std::vector<std::unique_ptr<Entry[]>> pages_;
    uint64_t size_ = 0;
  };
  void recount();

  std::array<Bucket, 256> buckets_;
  uint64_t size_ = 0;
};

}  // namespace penstock::snapshot
