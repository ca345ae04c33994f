// A sync's state for whoever changes it: locked, and with the last run brought to its end.
#pragma once

#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/lock.h"
#include "run/run.h"
#include "run/workspace.h"

namespace penstock {

// Makes the sync's directories and locks it for `run`. An error of kind `locked` names who holds it.
Result<SyncLock> lock_sync(Workspace& workspace, const std::string& sync, const std::string& run);

// The same, waiting for the lease of a holder who died: whoever lives shows it in that time, and is not
// waited for.
Task<Result<SyncLock>> lock_sync_in_time(Loop& loop, Workspace& workspace, std::string sync, std::string run,
                                         const Interruption& interruption);

// A run that its process did not survive is settled, and gets its line in the history; `notes` says so. The
// caller holds the lock. Jobs that it left at the destination are not asked about (resume.h).
Result<void> recover(Workspace& workspace, const std::string& sync, std::vector<std::string>& notes);

void copy_outcomes(const OutcomeCounts& outcomes, RunRow& run);

}  // namespace penstock
