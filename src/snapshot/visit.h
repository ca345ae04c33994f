// Walks over the live keys of a snapshot in the order of their hashes. Private to this folder.
#pragma once

#include "snapshot/snapshot.h"
#include "snapshot/tables.h"

namespace penstock::snapshot {

// Which keys are visited.
struct Choice {
  const SeenBits* unseen = nullptr;  // only those whose slot is not marked here
  bool waiting_only = false;
};

Result<void> visit_keys(const State& state, Choice choice, const Snapshot::Visitor& visit);

}  // namespace penstock::snapshot
