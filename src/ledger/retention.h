// Operations are kept for a time, and up to a size.
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

// Removes operations and requests of the runs that began first, of all `syncs` of the project, until what is
// left takes at most `bytes_max`; of the run `newest` they stay, however large. Where the state is shared,
// those of syncs that other machines run are left for these. What cannot be removed is left for the next
// time.
void remove_beyond_size(Disk& disk, const StatePaths& paths, const std::vector<std::string>& syncs,
                        uint64_t bytes_max, const std::string& newest);

}  // namespace penstock
