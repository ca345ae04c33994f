#include "snapshot/entry_buffer.h"

#include <algorithm>
#include <numeric>

namespace penstock::snapshot {

void EntryBuffer::Bucket::add(const Entry& entry) {
  if (size_ % kPageEntries == 0) pages_.push_back(std::make_unique_for_overwrite<Entry[]>(kPageEntries));
  (*this)[size_++] = entry;
}

void EntryBuffer::Bucket::shrink(uint64_t size) {
  size_ = size;
  pages_.resize((size + kPageEntries - 1) / kPageEntries);
}

std::vector<uint64_t> EntryBuffer::Bucket::scatter(std::vector<Arrival>& scratch) const {
  // A bucket that fits into the processor's cache is sorted as a whole.
  const int shift = size_ > 4 * kPageEntries ? 48 : 56;
  const auto part_of = [shift](const Entry& entry) { return entry.key.hi << 8 >> 8 >> shift; };
  std::vector<uint64_t> ends(shift == 48 ? 256 : 1);
  for (uint64_t i = 0; i < size_; ++i) ++ends[part_of((*this)[i])];
  std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), uint64_t{0});
  scratch.resize(size_);
  for (uint64_t i = 0; i < size_; ++i) scratch[ends[part_of((*this)[i])]++] = {(*this)[i], i};
  return ends;
}

void EntryBuffer::Bucket::sort(std::vector<Arrival>& scratch) {
  if (size_ == 0) return;
  uint64_t kept = 0, begin = 0;
  for (const uint64_t end : scatter(scratch)) {
    std::sort(scratch.begin() + begin, scratch.begin() + end, [](const Arrival& a, const Arrival& b) {
      return a.entry.key != b.entry.key ? a.entry.key < b.entry.key : a.ordinal < b.ordinal;
    });
    for (; begin < end; ++begin) {
      if (kept > 0 && (*this)[kept - 1].key == scratch[begin].entry.key) --kept;  // the later one wins
      (*this)[kept++] = scratch[begin].entry;
    }
  }
  shrink(kept);
}

void EntryBuffer::add(const Entry& entry) {
  buckets_[entry.key.hi >> 56].add(entry);
  ++size_;
}

void EntryBuffer::recount() {
  size_ = 0;
  for (const Bucket& bucket : buckets_) size_ += bucket.size();
}

void EntryBuffer::sort() {
  std::vector<Arrival> scratch;
  for (Bucket& bucket : buckets_) bucket.sort(scratch);
  recount();
}

Result<void> EntryBuffer::retain(const std::function<Result<bool>(const Entry&)>& keep) {
  for (Bucket& bucket : buckets_) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < bucket.size(); ++i) {
      const Entry entry = bucket[i];
      auto decided = keep(entry);
      if (!decided.ok()) return decided.error();
      if (*decided) bucket[kept++] = entry;
    }
    bucket.shrink(kept);
  }
  recount();
  return success();
}

const Entry* EntryBuffer::Walk::next() {
  while (bucket_ < buffer_->buckets_.size()) {
    const Bucket& bucket = buffer_->buckets_[bucket_];
    if (index_ < bucket.size()) return &bucket[index_++];
    ++bucket_;
    index_ = 0;
  }
  return nullptr;
}

}  // namespace penstock::snapshot
