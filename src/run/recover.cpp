#include "run/recover.h"

#include <fmt/format.h>
#include <unistd.h>

namespace penstock {
namespace {

std::string holder_text(const Clock& clock, const std::string& run) {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("run {} (process {} on {}, since {})", run, ::getpid(), host, iso8601(clock.now()));
}

Result<void> make_state(Workspace& workspace, const std::string& sync) {
  if (auto made = workspace.disk().make_directories(workspace.paths().sync(sync)); !made.ok()) return made;
  return workspace.disk().make_directories(workspace.paths().temporary());
}

// The line that a run which did not come to its end gets in the history.
RunRow recovered_run(const Settled& settled, Time now, RunRow run) {
  run.run = settled.facts.run;
  run.sync = settled.facts.sync;
  run.started = settled.facts.started;
  run.status = settled.end ? settled.end->status : "interrupted";
  run.error = settled.end ? settled.end->error : "penstock was stopped in the middle of this run";
  run.finished = now;
  copy_outcomes(settled.outcomes, run);
  run.requests = settled.requests;
  return run;
}

}  // namespace

Result<SyncLock> lock_sync(Workspace& workspace, const std::string& sync, const std::string& run) {
  if (auto made = make_state(workspace, sync); !made.ok()) return made.error();
  return workspace.locks().acquire(workspace.paths().lock(sync), sync, holder_text(workspace.clock(), run));
}

Task<Result<SyncLock>> lock_sync_in_time(Loop& loop, Workspace& workspace, std::string sync, std::string run,
                                         const Interruption& interruption) {
  const std::string path = workspace.paths().lock(sync);
  const Instant until = loop.now() + workspace.state().patience();
  std::string seen;
  for (;;) {
    auto lock = lock_sync(workspace, sync, run);
    if (lock.ok() || lock.error().kind != ErrorKind::locked) co_return lock;
    const std::string standing = workspace.state().standing(path);
    const bool lives = !seen.empty() && standing != seen;
    if (standing.empty() || lives || loop.now() >= until || interruption.asked()) co_return lock;
    seen = standing;
    co_await loop.sleep_for(500ms);
  }
}

void copy_outcomes(const OutcomeCounts& outcomes, RunRow& run) {
  run.accepted = outcomes.accepted;
  run.rejected = outcomes.rejected;
  run.skipped = outcomes.skipped;
  run.in_doubt = outcomes.in_doubt;
  run.failed = outcomes.failed;
  run.sent = outcomes.sent();
}

Result<void> recover(Workspace& workspace, const std::string& sync, std::vector<std::string>& notes) {
  auto needed = needs_recovery(workspace.disk(), workspace.paths(), sync);
  if (!needed.ok()) return needed.error();
  if (!*needed) return success();
  const Time now = workspace.clock().now();
  SettleExtras extras;
  extras.note = [&](const Settled& settled) -> Result<void> {
    auto store = workspace.runs();
    if (!store.ok()) return store.error();
    auto known = store->find(settled.facts.run);
    if (!known.ok()) return known.error();
    return store->put(recovered_run(settled, now, known->value_or(RunRow{})));
  };
  auto settled = settle(workspace.disk(), workspace.paths(), sync, now, extras);
  if (!settled.ok())
    return std::move(settled).error().in(fmt::format("cannot recover the last run of '{}'", sync));
  if (settled->facts.run.empty()) return success();
  const OutcomeCounts& outcomes = settled->outcomes;
  notes.push_back(
      fmt::format("run {} did not come to its end and was recovered: {} accepted, {} rejected, {} in doubt",
                  settled->facts.run, outcomes.accepted, outcomes.rejected, outcomes.in_doubt));
  return success();
}

}  // namespace penstock
