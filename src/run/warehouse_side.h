// Syncs that are planned in the warehouse: what is drawn from it before a plan, and goes back after a run.
#pragma once

#include "run/run.h"

namespace penstock {

// Where the state lies that a plan is compared with.
struct StateDirectories {
  std::string snapshot, owners, written;
};
StateDirectories state_of(const Workspace& workspace, const PreparedSync& prepared);

// Of a sync that is planned in the warehouse, or was: before draw_stage(). `directory`: where to.
Result<void> open_warehouse(const Workspace& workspace, PreparedSync& prepared, const RunRequest& request,
                            const std::string& directory);
// Says what a run that died could not say, and puts the rows that may have changed in the place of the model;
// of a sync that is not planned there any more, brings the state here. Blocks; WarehousePlan::interrupt()
// ends it.
Result<void> draw_stage(const Workspace& workspace, PreparedSync& prepared);
// What the run changed. Closes the model. Blocks.
Result<void> push_stage(PreparedSync& prepared);

// Of all keys of a sync, wherever they are kept, as of its last run here.
Result<KeyCounts> state_counts(const Workspace& workspace, const std::string& sync);

// An error for what needs the whole state here.
Result<void> needs_local_state(const config::Sync& sync, std::string_view what);

}  // namespace penstock
