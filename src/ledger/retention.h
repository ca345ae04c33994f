// Operations are kept for a time.
#pragma once

#include "ledger/ledger.h"

namespace penstock {

struct Retention {
  Duration operations{};  // and requests; 0: for ever
  Duration before{};      // what runs overwrote
};

// Removes the operations and requests of a sync's runs, and what they overwrote, when they began longer ago.
// Their line in the history of runs stays. What cannot be removed is left for the next time.
void remove_old_operations(Disk& disk, const StatePaths& paths, const std::string& sync, Retention keep,
                           Time now);

}  // namespace penstock
