// What records held before a run wrote to them, as a Parquet file that `undo` and any tool can read.
#pragma once

#include "duck/duck.h"
#include "ledger/ledger.h"
#include "ledger/load_journal.h"

namespace penstock {

// From the plan, the outcomes and the images; nothing where no record was read. Its values are as they were,
// personal ones too, for they are to be put back: so the file is its owner's alone.
Result<void> write_before_images(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                                 const LoadedJournal& journal);

}  // namespace penstock
