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
  std::string schedule;                // schedule_text()
  std::optional<Time> next;            // when it is due, as far as the schedule tells
  bool paused = false;
};
// As people say it: "every 15m", "cron 0 7 * * * Europe/Berlin", "after orders"; empty: only on request.
std::string schedule_text(const config::Sync& sync);
// `store`: the records of runs; null: nothing has run yet.
Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync, RunStore* store);

}  // namespace penstock
