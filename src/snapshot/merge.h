// Several sorted sources as one: the newest entry of each key, in order. Private to this folder.
#pragma once

#include <memory>
#include <vector>

#include "snapshot/entry_buffer.h"
#include "snapshot/table.h"

namespace penstock::snapshot {

// Walks over a source's entries in the order of keys, one entry at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // Moves to the first, then to the next entry; false at the end, or when reading failed (status()).
  virtual bool next() = 0;
  virtual Result<void> status() const { return success(); }
  // Where the entry's record of texts is; nullptr: already in the file that is being written.
  virtual const Table* table() const { return nullptr; }
  // The entry's slot in the snapshot; meaningless without a table.
  virtual uint64_t slot() const { return kNoSlot; }
  const Entry& entry() const { return entry_; }

 protected:
  Entry entry_;
};

std::unique_ptr<Cursor> cursor_over(const EntryBuffer& changes);
// `first_slot`: the number of the table's first slot in the snapshot. The table must be verified.
std::unique_ptr<Cursor> cursor_over(const Table& table, uint64_t first_slot);

enum class Tombstones { keep, drop };

class Merge {
 public:
  Merge(std::vector<std::unique_ptr<Cursor>> newest_first, Tombstones tombstones);
  // Moves on; false at the end or after an error (status()). Then origin() is the entry's source.
  bool next();
  const Cursor& origin() const { return *cursors_[current_]; }
  const Entry& entry() const { return cursors_[current_]->entry(); }
  Result<void> status() const { return status_; }

 private:
  bool step();
  bool choose();
  void advance(size_t cursor);

  std::vector<std::unique_ptr<Cursor>> cursors_;
  std::vector<bool> done_;
  Tombstones tombstones_;
  size_t current_ = 0;
  // While the current source's keys are below this one, no other source has a say.
  KeyHash bound_;
  bool bounded_ = false;
  bool started_ = false;
  Result<void> status_;
};

}  // namespace penstock::snapshot
