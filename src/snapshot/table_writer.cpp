#include "snapshot/table_writer.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace penstock::snapshot {
namespace {

// Written to where a whole huge page of the file begins, so much at once is kept in one by file systems that
// have such (ext4 since Linux 6.16, XFS): a plan then maps the slots in huge pages, as they lie.
constexpr uint64_t kPieceBytes = 2 << 20;

// Gives each entry, in order, its slot.
class Placement {
 public:
  explicit Placement(uint64_t entries) : capacity_(capacity_for(entries)) {}
  uint64_t next(uint64_t hi) {
    const uint64_t slot = std::max(free_, position_of(hi, capacity_));
    free_ = slot + 1;
    return slot;
  }
  // Once all are placed.
  uint64_t slot_count() const { return std::max(capacity_, free_) + kEmptyTail; }

 private:
  uint64_t capacity_;
  uint64_t free_ = 0;
};

// Slots, which are given in ascending order, as chunks with their checksums; empty slots between them.
class SlotSection {
 public:
  SlotSection(FileWriter& file, std::string& sums) : file_(file), sums_(sums) {}

  Result<void> put(uint64_t index, const Slot& slot) {
    if (auto moved = move_to(index); !moved.ok()) return moved;
    chunk_.resize(index - begin_);  // empty ones in between
    chunk_.push_back(slot);
    return success();
  }
  Result<void> finish(uint64_t slot_count) {
    if (auto moved = move_to(slot_count); !moved.ok()) return moved;
    return write_chunk(slot_count - begin_);
  }

 private:
  Result<void> move_to(uint64_t index) {
    while (index >= begin_ + kChunkSlots)
      if (auto written = write_chunk(kChunkSlots); !written.ok()) return written;
    return success();
  }
  Result<void> write_chunk(uint64_t count) {
    if (count == 0) return success();
    chunk_.resize(count);
    const uint64_t checksum = chunk_checksum(reinterpret_cast<const std::byte*>(chunk_.data()),
                                             count * sizeof(Slot), begin_ / kChunkSlots);
    sums_.append(reinterpret_cast<const char*>(&checksum), 8);
    auto written = file_.append({reinterpret_cast<const char*>(chunk_.data()), count * sizeof(Slot)});
    chunk_.clear();
    begin_ += count;
    return written;
  }

  FileWriter& file_;
  std::string& sums_;
  std::vector<Slot> chunk_;  // up to the last one that is in use
  uint64_t begin_ = 0;
};

// Flags or references, which are given in ascending order, as sealed blocks; zeros between them.
template <class Item>
class SealedSection {
 public:
  explicit SealedSection(FileWriter& file) : file_(file) {}

  Result<void> put(uint64_t index, Item item) {
    for (; index / kItems != block_; ++block_)
      if (auto written = write_block(); !written.ok()) return written;
    std::memcpy(bytes_ + index % kItems * sizeof(Item), &item, sizeof(Item));
    return success();
  }
  Result<void> finish(uint64_t slot_count) {
    for (; block_ * kItems < slot_count; ++block_)
      if (auto written = write_block(); !written.ok()) return written;
    return success();
  }

 private:
  static constexpr uint64_t kItems = (kBlockBytes - 8) / sizeof(Item);
  Result<void> write_block() {
    const uint64_t checksum = block_checksum(bytes_, file_.position() / kBlockBytes);
    std::memcpy(bytes_ + kBlockBytes - 8, &checksum, 8);
    auto written = file_.append({reinterpret_cast<const char*>(bytes_), kBlockBytes});
    std::memset(bytes_, 0, kBlockBytes);
    return written;
  }

  FileWriter& file_;
  std::byte bytes_[kBlockBytes] = {};
  uint64_t block_ = 0;
};

void count(KeyCounts& counts, uint8_t flags, uint64_t by) {
  if ((flags & kTombstone) != 0) return;
  const bool accepted = (flags & kAccepted) != 0, gone = (flags & kGone) != 0;
  counts.keys += by;
  if (accepted) counts.accepted += by;
  if (accepted && !gone) counts.current += by;
  if (gone) counts.gone += by;
  if ((flags & kForeign) != 0) counts.foreign += by;
  if ((flags & kWaiting) != 0) counts.waiting += by;
}

}  // namespace

void count_in(KeyCounts& counts, uint8_t flags) {
  count(counts, flags, 1);
}
void count_out(KeyCounts& counts, uint8_t flags) {
  count(counts, flags, ~uint64_t{0});
}

Result<void> FileWriter::append(std::string_view bytes) {
  buffer_ += bytes;
  const uint64_t whole = position() / kPieceBytes * kPieceBytes;
  if (whole <= file_->size()) return success();
  const uint64_t size = whole - file_->size();
  auto appended = file_->append(std::string_view(buffer_).substr(0, size));
  buffer_.erase(0, size);
  return appended;
}

Result<void> FileWriter::flush() {
  if (buffer_.empty()) return success();
  auto appended = file_->append(buffer_);
  buffer_.clear();
  return appended;
}

Result<void> FileWriter::pad_to(uint64_t position) {
  check(position >= this->position(), "a section begins behind the end of the one before");
  return append(std::string(position - this->position(), '\0'));
}

Result<Written> TableWriter::write() {
  if (auto counted = count(); !counted.ok()) return counted.error();
  if (footer_.entries == 0) return written_;
  for (const auto step : {&TableWriter::copy_records, &TableWriter::write_slots, &TableWriter::write_flags,
                          &TableWriter::write_refs, &TableWriter::write_footer})
    if (auto done = (this->*step)(); !done.ok()) return done.error();
  written_.entries = footer_.entries;
  written_.size_bytes = file_.position();
  return written_;
}

Result<void> TableWriter::count() {
  const auto merge = source_();
  while (merge->next()) {
    const Entry& entry = merge->entry();
    ++footer_.entries;
    if ((entry.ref.flags() & kTombstone) != 0) ++footer_.tombstones;
    if (!entry.ref.empty()) ++footer_.detailed;
    count_in(written_.counts, entry.ref.flags());
  }
  return merge->status();
}

Result<void> TableWriter::copy_records() {
  copies_at_ = file_.position();
  if (footer_.detailed > 0) {
    const auto merge = source_();
    while (merge->next()) {
      const Entry& entry = merge->entry();
      const Table* table = merge->origin().table();
      if (!table || entry.ref.empty()) continue;
      auto record = table->record(entry.ref);
      if (!record.ok()) return record.error();
      if (!record_intact(entry.key, *record))
        return damaged(table->path(), fmt::format("is damaged near byte {}", entry.ref.offset_bytes()));
      if (auto copied = file_.append(*record); !copied.ok()) return copied;
    }
    if (!merge->status().ok()) return merge->status();
  }
  footer_.records_end = file_.position();
  if (footer_.records_end > Ref::kOffsetMax)
    return Error{ErrorKind::disk, "the snapshot's texts exceed 512 GB",
                 "split the sync by a filter in its model"};
  return success();
}

uint64_t TableWriter::stored_of(const Merge& merge) const {
  const Entry& entry = merge.entry();
  const uint8_t flags = entry.ref.flags();
  if (!refingerprint_ || !merge.origin().table() || (flags & kAccepted) == 0) return entry.stored;
  return to_stored(flags, refingerprint_(merge.origin().slot(), from_stored(flags, entry.stored)));
}

Result<void> TableWriter::write_slots() {
  if (auto padded = file_.pad_to(layout_of(footer_).slots_at); !padded.ok()) return padded;
  Placement placement(footer_.entries);
  SlotSection slots(file_, sums_);
  const auto merge = source_();
  while (merge->next()) {
    const KeyHash key = merge->entry().key;
    auto put = slots.put(placement.next(key.hi), {key.hi, key.lo, stored_of(*merge)});
    if (!put.ok()) return put;
  }
  if (!merge->status().ok()) return merge->status();
  footer_.slot_count = placement.slot_count();
  return slots.finish(footer_.slot_count);
}

Result<void> TableWriter::write_flags() {
  if (auto padded = file_.pad_to(layout_of(footer_).flags_at); !padded.ok()) return padded;
  Placement placement(footer_.entries);
  SealedSection<uint8_t> flags(file_);
  const auto merge = source_();
  while (merge->next()) {
    const Entry& entry = merge->entry();
    if (auto put = flags.put(placement.next(entry.key.hi), entry.ref.flags()); !put.ok()) return put;
  }
  if (!merge->status().ok()) return merge->status();
  return flags.finish(footer_.slot_count);
}

Result<void> TableWriter::write_refs() {
  if (footer_.detailed == 0) return success();
  Placement placement(footer_.entries);
  SealedSection<uint64_t> refs(file_);
  uint64_t copied_to = copies_at_;
  const auto merge = source_();
  while (merge->next()) {
    const Entry& entry = merge->entry();
    Ref ref = entry.ref.with_flags(0);
    if (merge->origin().table() && !ref.empty()) {
      ref = Ref(copied_to, entry.ref.size_bytes(), 0);
      copied_to += entry.ref.size_bytes();
    }
    if (auto put = refs.put(placement.next(entry.key.hi), ref.bits()); !put.ok()) return put;
  }
  if (!merge->status().ok()) return merge->status();
  return refs.finish(footer_.slot_count);
}

Result<void> TableWriter::write_footer() {
  footer_.sums_checksum = XXH3_64bits(sums_.data(), sums_.size());
  if (auto sums = file_.append(sums_); !sums.ok()) return sums;
  const std::string footer = encode_footer(footer_);
  written_.checksum = footer_checksum(footer);
  if (auto appended = file_.append(footer); !appended.ok()) return appended;
  return file_.flush();
}

}  // namespace penstock::snapshot
