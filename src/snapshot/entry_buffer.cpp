#include "snapshot/entry_buffer.h"

#include <algorithm>

namespace penstock::snapshot {

void EntryBuffer::Bucket::add(const Entry& entry) {
  if (size_ % kPageEntries == 0) pages_.push_back(std::make_unique_for_overwrite<Entry[]>(kPageEntries));
  (*this)[size_++] = entry;
}

void EntryBuffer::Bucket::shrink(uint64_t size) {
  size_ = size;
  pages_.resize((size + kPageEntries - 1) / kPageEntries);
}

void EntryBuffer::Bucket::sort(std::vector<Arrival>& scratch) {
  scratch.clear();
  for (uint64_t i = 0; i < size_; ++i) scratch.push_back({(*this)[i], i});
  std::sort(scratch.begin(), scratch.end(), [](const Arrival& a, const Arrival& b) {
    return a.entry.key != b.entry.key ? a.entry.key < b.entry.key : a.ordinal < b.ordinal;
  });
  uint64_t kept = 0;
  for (const Arrival& arrival : scratch) {
    if (kept > 0 && (*this)[kept - 1].key == arrival.entry.key) --kept;  // the later one wins
    (*this)[kept++] = arrival.entry;
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
