// What a run overwrote, as a plan that puts it back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connector/connector.h"
#include "duck/duck.h"
#include "mapping/mapping.h"
#include "recall/undo.h"
#include "run/workspace.h"

namespace penstock {

// A file of before-images, open for questions.
struct OverwrittenBy {
  duck::Database database;
  duck::Connection connection;
  std::string file;
  MappedModel model;             // the rows of the plan that is made of it
  std::vector<ValueType> types;  // of the fields, as they were sent
};

// Errors: config where the run kept nothing.
Result<OverwrittenBy> open_overwritten(const Workspace& workspace, const config::Sync& sync,
                                       const std::string& run);
// Its values as this destination takes them.
void take_style(OverwrittenBy& images, const connector::ValueRules& rules);

// How many rows of each kind the plan has.
struct UndoCounts {
  uint64_t restored = 0, made_again = 0, removed = 0;
  uint64_t created = 0;  // records that the run had made: removed, or left
  uint64_t rows() const { return restored + made_again + removed; }
};
Result<UndoCounts> write_undo_plan(OverwrittenBy& images, const connector::ValueRules& rules,
                                   const std::optional<KeyHash>& only, bool removes_created,
                                   const std::string& file);

// What an undo did, by what was read for it; `would`: what it would do.
struct Undone {
  uint64_t restored = 0, values = 0, removed = 0, made_again = 0, left_values = 0;
  std::vector<LeftAlone> left;  // the first so many
};
Result<Undone> tell_undone(OverwrittenBy& overwritten, const std::string& images, bool would, size_t shown);

// What the run wrote, by which it is known what others changed since: a directory that LastWritten opens.
Result<void> write_expected(OverwrittenBy& images, Disk& disk, const connector::ValueRules& rules,
                            const std::string& directory);

}  // namespace penstock
