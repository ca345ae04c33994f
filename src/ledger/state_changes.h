// From the outcomes of a run to the states that its keys have afterwards.
#pragma once

#include "duck/duck.h"
#include "ledger/ledger.h"

namespace penstock {

// For every row of the plan that has an outcome (tables of load_journal()).
Result<void> put_outcomes(duck::Connection& connection, const std::string& plan, const Snapshot& snapshot,
                          const RunFacts& facts, Time now, ChangeSet& changes);
// For keys that changed without a request.
Result<void> put_silent_changes(const SilentChanges& silent, const Snapshot& snapshot, ChangeSet& changes);

// Which run is in, and which mappings the fingerprints were made with.
ManifestUpdate manifest_update(const Snapshot& snapshot, const Settled& settled, const SettleExtras& extras);

}  // namespace penstock
