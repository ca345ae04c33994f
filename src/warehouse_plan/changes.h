// What a run changed in the drawn part of the state.
#pragma once

#include <string>

#include "snapshot/snapshot.h"
#include "warehouse_plan/tables.h"
#include "warehouse_plan/warehouse_plan.h"

namespace penstock {

struct LocalState {
  const Snapshot& snapshot;
  const Snapshot& owners;
  const Snapshot& written;
};

struct ListedChanges {
  uint64_t lines = 0;         // of all three tables
  bool has_unplaced = false;  // among them entries whose key columns are not known
};

// Writes the tables of Changes into `file`. `connection` has the candidates open as `drawn` and knows the
// functions that the mapping uses.
Result<ListedChanges> list_changes(duck::Connection& connection, const MappedModel& mapped,
                                   const std::vector<std::string>& keys, bool keys_only,
                                   const LocalState& state, const std::string& file);

}  // namespace penstock
