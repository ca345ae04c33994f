// What is kept of a run when it is over, and what takes the place of one that was cut off.
#pragma once

#include <string>

#include "ledger/run_queue.h"
#include "run/run.h"

namespace penstock::service {

// JSON: what `penstock run --json` prints, with notes, the guard that stopped it, and samples of invalid
// rows; or {"status":"failed","error":...} where no report came of it.
std::string report_text(const QueuedRun& run, const Result<RunReport>& result);
// Of a run whose worker is gone.
std::string lost_report_text(const QueuedRun& run);
// The same ask once more. Asked for again and again it is one.
QueuedRun instead_of(const QueuedRun& run, std::string id);

}  // namespace penstock::service
