#include "run/sync_status.h"

#include "run/doubt.h"
#include "run/warehouse_side.h"
#include "schedule/schedule.h"

namespace penstock {

Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync, RunStore* store) {
  auto runs = store == nullptr ? Result<std::vector<RunRow>>(std::vector<RunRow>())
                               : store->list(sync.name, kRunsOfStatus);
  if (!runs.ok()) return runs.error();
  return sync_status(workspace, sync, *runs);
}

Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync,
                               const std::vector<RunRow>& runs) {
  SyncStatus status{.sync = sync.name,
                    .destination = *sync.destination,
                    .object = *sync.object,
                    .mode = std::string(config::name_of(*sync.mode)),
                    .last = {},
                    .fresh_at = {},
                    .schedule = {},
                    .next = {}};
  status.paused = sync.paused;
  auto counts = state_counts(workspace, sync.name);
  if (!counts.ok()) return counts.error();
  status.accepted = counts->current;
  status.waiting = counts->waiting;
  if (status.waiting > 0) {
    auto in_doubt = count_in_doubt(workspace, sync.name);
    if (!in_doubt.ok()) return in_doubt.error();
    status.in_doubt = *in_doubt;
  }
  if (!runs.empty()) status.last = runs.front();
  for (const auto& run : runs)
    if (!status.fresh_at && (run.status == "succeeded" || run.status == "partial"))
      status.fresh_at = run.started;
  if (sync.schedule) status.schedule = schedule::in_words(*sync.schedule);
  if (sync.schedule && sync.schedule->every && status.last)
    status.next = status.last->started + *sync.schedule->every;
  return status;
}

}  // namespace penstock
