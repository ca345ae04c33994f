// What of a sync's runs stands in the warehouse that `sync_log:` names.
#pragma once

#include <string>
#include <vector>

#include "run/workspace.h"

namespace penstock {

// Writes there what is not there yet: this run, and earlier ones that could not be written, or that nobody
// was left to write; oldest first, a hundred at a time. `syncs/SYNC/logged.json` in the state says how far
// that has come; where it says nothing, this run is the first. Never fails: what cannot be written is said in
// `notes`, and goes with the next run. Blocks. The caller holds the sync's lock.
void write_sync_log(const Workspace& workspace, const std::string& sync, const std::string& run,
                    std::vector<std::string>& notes);

}  // namespace penstock
