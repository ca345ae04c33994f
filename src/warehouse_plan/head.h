// What the warehouse knows of a sync as a whole: its line in the table `syncs`. And the mark that a draw
// leaves here, by which a later process knows what was drawn.
#pragma once

#include <optional>
#include <string>

#include "base/disk.h"
#include "snapshot/manifest.h"

namespace penstock {

struct Head {
  uint64_t generation = 0;  // grows by one with every push
  std::string last_run;
  std::string mappings;   // as in the snapshot's manifest
  std::string digest_of;  // what digests were made of; another text, and every row is a candidate
  KeyCounts counts;
  bool has_unplaced = false;  // entries whose row was never seen, and whose key columns are not known
  bool left = false;          // the sync is planned elsewhere by now
};

// Columns of the table that are texts made by these.
std::string counts_text(const KeyCounts& counts);
KeyCounts parse_counts(std::string_view text);

// Of all keys, when a part of them went from `before` to `after`.
KeyCounts added_up(const KeyCounts& all, const KeyCounts& before, const KeyCounts& after);

struct DrawMark {
  uint64_t generation = 0;    // of the head that was drawn
  uint64_t loaded = 0;        // generation of the local snapshot before anything happened to it
  KeyCounts head_counts{};    // of all entries
  KeyCounts loaded_counts{};  // of those that were drawn
  std::string digest_of;
  bool all = false;  // everything was drawn: what is here is the whole state
  bool has_unplaced = false;
  bool drawing = false;  // the draw did not come to its end: what is here counts for nothing
};

Result<std::optional<DrawMark>> read_mark(Disk& disk, const std::string& path);
Result<void> write_mark(Disk& disk, const std::string& path, const DrawMark& mark);

}  // namespace penstock
