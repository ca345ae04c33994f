// Why rows were refused, grouped for people.
#pragma once

#include "run/run.h"
#include "run/workspace.h"

namespace penstock {

// From a run's operations file; empty when it cannot be read.
std::vector<RefusedGroup> refused_groups(const std::string& operations_file);

// Rows that wait for a person now, whichever run refused them.
struct WaitingGroup {
  RefusedGroup refused;
  Time since{};  // of the row that waits longest
};
// The largest first. Reads each row that waits. Errors: the snapshot cannot be read.
Result<std::vector<WaitingGroup>> waiting_groups(const Workspace& workspace, const std::string& sync);

}  // namespace penstock
