// The operations of a run as Parquet files that any tool can read.
#pragma once

#include "duck/duck.h"
#include "ledger/ledger.h"
#include "ledger/outcomes.h"

namespace penstock {

// From the plan, what became of its rows, and the table `requests` of load_journal(). Personal fields are
// masked.
Result<void> write_operations(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                              const RunFacts& facts, const Outcomes& outcomes);

}  // namespace penstock
