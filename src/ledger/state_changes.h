// From the outcomes of a run to the states that its keys have afterwards.
#pragma once

#include "duck/duck.h"
#include "ledger/last_written.h"
#include "ledger/ledger.h"
#include "ledger/load_journal.h"

namespace penstock {

// The snapshots of a sync that a run advances, as they were and as they become.
struct StateUpdate {
  const Snapshot& snapshot;
  const Snapshot& owners;  // plan/match_owners.h
  ChangeSet& changes;
  ChangeSet& owner_changes;
  const LastWritten& written;
  ChangeSet& written_changes;
};

// The names of a plan file's match columns.
Result<std::vector<std::string>> match_columns(duck::Connection& connection, const std::string& plan);

// For every row of the plan that has an outcome.
Result<void> put_outcomes(duck::Connection& connection, const std::string& plan, const LoadedJournal& journal,
                          Time now, StateUpdate update);
// For keys that changed without a request.
Result<void> put_silent_changes(const SilentChanges& silent, const Snapshot& snapshot, ChangeSet& changes);

// Which run is in, and which mappings the fingerprints were made with.
ManifestUpdate manifest_update(const Snapshot& snapshot, const Settled& settled, const SettleExtras& extras);

}  // namespace penstock
