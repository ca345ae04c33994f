// The operations of a run as Parquet files that any tool can read.
#pragma once

#include "duck/duck.h"
#include "ledger/ledger.h"

namespace penstock {

// From the tables of load_journal() and the plan. Personal fields are masked.
Result<void> write_operations(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                              const RunFacts& facts);

}  // namespace penstock
