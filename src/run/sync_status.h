// How a sync stands: its last run, how fresh the destination is, what waits, when it is due.
#pragma once

#include <optional>
#include <string>

#include "run/workspace.h"

namespace penstock {

struct SyncStatus {
  std::string sync, destination, object, mode;
  std::optional<RunRow> last;          // last run
  std::optional<Time> fresh_at;        // when the destination last was brought up to date
  uint64_t accepted = 0, waiting = 0;  // keys
  uint64_t in_doubt = 0;               // of those that wait
  std::string schedule;                // schedule::in_words(); empty: only on request
  std::optional<Time> next;            // when it is due, as far as the schedule tells
  bool paused = false;
};
// So many of its runs tell how fresh a sync is.
inline constexpr uint64_t kRunsOfStatus = 50;
// `runs`: its last runs, newest first.
Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync,
                               const std::vector<RunRow>& runs);
// `store`: the records of runs; null: nothing has run yet.
Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync, RunStore* store);

}  // namespace penstock
