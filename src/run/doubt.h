// Rows in doubt, and what a person found at the destination: they are there, or they are not.
#pragma once

#include <string>
#include <vector>

#include "run/workspace.h"

namespace penstock {

enum class DoubtVerdict {
  written,      // accepted, as it was sent
  not_written,  // never sent: the next run sends it as it is then
};

struct SettledDoubt {
  std::vector<std::string> keys;  // as they are shown
  std::vector<std::string> notes;
};

// Of the keys that are named (as a person types them; all when none is), all must be in doubt or nothing is
// changed. Errors: `config` names a key that is not; `locked`: a run is going on.
Result<SettledDoubt> settle_doubt(Workspace& workspace, const config::Sync& sync,
                                  const std::vector<std::string>& keys, DoubtVerdict verdict);

// How many rows of a sync are in doubt.
Result<uint64_t> count_in_doubt(const Workspace& workspace, const std::string& sync);

}  // namespace penstock
