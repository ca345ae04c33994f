// Operations are kept for a time.
#pragma once

#include "ledger/ledger.h"

namespace penstock {

// Removes the operations and requests of a sync's runs that began longer ago than `keep`. Their line in the
// history of runs stays. What cannot be removed is left for the next time.
void remove_old_operations(Disk& disk, const StatePaths& paths, const std::string& sync, Duration keep,
                           Time now);

}  // namespace penstock
