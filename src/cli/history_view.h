// Past runs, syncs and rows as people and scripts read them.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "run/history.h"

namespace penstock::cli {

std::string run_json(const RunRow& run);
std::string runs_table(const std::vector<RunRow>& runs, Time now, const Terminal& terminal);

struct SyncStatus {
  std::string sync, destination, object, mode;
  std::optional<RunRow> last;          // last run
  std::optional<Time> fresh_at;        // when the destination last was brought up to date
  uint64_t accepted = 0, waiting = 0;  // keys
  uint64_t in_doubt = 0;               // of those that wait
  std::string schedule;                // as it is written; empty: only on request
  std::optional<Time> next;            // when it is due, as far as the schedule tells
  bool paused = false;
};
Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync, RunStore* store);
std::string status_json(const SyncStatus& status);
std::string status_table(const std::vector<SyncStatus>& all, Time now, const Terminal& terminal);

std::string operation_json(const OperationRow& row);
std::string trace_json(const config::Sync& sync, const Trace& trace, Time now);
std::string trace_text(const config::Sync& sync, const Trace& trace, Time now, const Terminal& terminal);

}  // namespace penstock::cli
