#include "run/sync_status.h"

#include "declare/units.h"
#include "run/doubt.h"
#include "run/warehouse_side.h"

namespace penstock {

std::string schedule_text(const config::Sync& sync) {
  if (!sync.schedule) return "";
  const config::Schedule& schedule = *sync.schedule;
  if (schedule.every) return "every " + declare::show(*schedule.every);
  if (schedule.cron) {
    const std::string zone = *schedule.timezone;
    return "cron " + schedule.cron->text + (zone.empty() ? "" : " " + zone);
  }
  std::string text;
  for (const auto& after : schedule.after) text += (text.empty() ? "after " : ", ") + *after;
  return text;
}

Result<SyncStatus> sync_status(const Workspace& workspace, const config::Sync& sync, RunStore* store) {
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
  if (store != nullptr) {
    auto runs = store->list(sync.name, 50);
    if (!runs.ok()) return runs.error();
    if (!runs->empty()) status.last = runs->front();
    for (const auto& run : *runs)
      if (!status.fresh_at && (run.status == "succeeded" || run.status == "partial"))
        status.fresh_at = run.started;
  }
  status.schedule = schedule_text(sync);
  if (sync.schedule && sync.schedule->every && status.last)
    status.next = status.last->started + *sync.schedule->every;
  return status;
}

}  // namespace penstock
