#include "snapshot/merge.h"

namespace penstock::snapshot {
namespace {

class ChangesCursor final : public Cursor {
 public:
  explicit ChangesCursor(const EntryBuffer& changes) : walk_(changes) {}
  bool next() override {
    const Entry* found = walk_.next();
    if (found) entry_ = *found;
    return found != nullptr;
  }

 private:
  EntryBuffer::Walk walk_;
};

class TableCursor final : public Cursor {
 public:
  TableCursor(const Table& table, uint64_t first_slot) : table_(table), first_slot_(first_slot) {}

  bool next() override {
    do ++index_;
    while (index_ < table_.slot_count() && table_.slot(index_).hi == 0);
    if (index_ >= table_.slot_count() || !load_flags() || !load_ref()) return false;
    const Slot& slot = table_.slot(index_);
    entry_.key = slot.key();
    entry_.stored = slot.stored;
    return true;
  }
  Result<void> status() const override { return status_; }
  const Table* table() const override { return &table_; }
  uint64_t slot() const override { return first_slot_ + index_; }

 private:
  bool load_flags() {
    const uint64_t block = index_ / kBlockFlags;
    if (block != flags_block_) {
      auto flags = table_.flags_block(block);
      if (!flags.ok()) return status_ = flags.error(), false;
      flags_ = *flags;
      flags_block_ = block;
    }
    entry_.ref = Ref(0, 0, flags_[index_ % kBlockFlags]);
    return true;
  }
  bool load_ref() {
    if (table_.footer().detailed == 0) return true;
    const uint64_t block = index_ / kBlockWords;
    if (block != refs_block_) {
      auto refs = table_.refs_block(block);
      if (!refs.ok()) return status_ = refs.error(), false;
      refs_ = *refs;
      refs_block_ = block;
    }
    entry_.ref = Ref(refs_[index_ % kBlockWords]).with_flags(entry_.ref.flags());
    return true;
  }

  const Table& table_;
  uint64_t first_slot_;
  uint64_t index_ = kNoSlot;  // one before the first
  uint64_t flags_block_ = kNoSlot;
  const uint8_t* flags_ = nullptr;
  uint64_t refs_block_ = kNoSlot;
  const uint64_t* refs_ = nullptr;
  Result<void> status_;
};

}  // namespace

std::unique_ptr<Cursor> cursor_over(const EntryBuffer& changes) {
  return std::make_unique<ChangesCursor>(changes);
}

std::unique_ptr<Cursor> cursor_over(const Table& table, uint64_t first_slot) {
  return std::make_unique<TableCursor>(table, first_slot);
}

Merge::Merge(std::vector<std::unique_ptr<Cursor>> newest_first, Tombstones tombstones)
    : cursors_(std::move(newest_first)), done_(cursors_.size(), false), tombstones_(tombstones) {}

void Merge::advance(size_t cursor) {
  if (cursors_[cursor]->next()) return;
  done_[cursor] = true;
  if (auto status = cursors_[cursor]->status(); !status.ok()) status_ = std::move(status);
}

bool Merge::choose() {
  size_t least = cursors_.size();
  for (size_t i = 0; i < cursors_.size(); ++i)
    if (!done_[i] && (least == cursors_.size() || cursors_[i]->entry().key < cursors_[least]->entry().key))
      least = i;
  if (least == cursors_.size()) return false;
  const KeyHash key = cursors_[least]->entry().key;
  bounded_ = false;
  for (size_t i = 0; i < cursors_.size(); ++i) {
    if (i == least || done_[i]) continue;
    if (cursors_[i]->entry().key == key) advance(i);  // an older word about the same key
    if (done_[i]) continue;
    if (!bounded_ || cursors_[i]->entry().key < bound_) bound_ = cursors_[i]->entry().key;
    bounded_ = true;
  }
  current_ = least;
  return status_.ok();
}

bool Merge::step() {
  if (!started_) {
    started_ = true;
    for (size_t i = 0; i < cursors_.size(); ++i) advance(i);
    return status_.ok() && choose();
  }
  if (cursors_.empty() || done_[current_]) return false;
  advance(current_);
  if (!status_.ok()) return false;
  if (!done_[current_] && (!bounded_ || cursors_[current_]->entry().key < bound_)) return true;
  return choose();
}

bool Merge::next() {
  while (step())
    if (tombstones_ == Tombstones::keep || (entry().ref.flags() & kTombstone) == 0) return true;
  return false;
}

}  // namespace penstock::snapshot
