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

// Writes the tables of Changes into `file`; how many entries changed. `connection` has the candidates open as
// `drawn` and knows the functions that the mapping uses.
Result<uint64_t> list_changes(duck::Connection& connection, const MappedModel& mapped,
                              const std::vector<std::string>& keys, bool keys_only, const LocalState& state,
                              const std::string& file);

}  // namespace penstock
