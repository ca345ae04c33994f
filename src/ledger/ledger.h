// The durable record of outcomes, from which the snapshot advances. The face of this folder.
//
// The state of a sync is one directory:
//     lock  snapshot/  owners/  written/  columns.json  journal  plan.parquet (the last two while a run is
//     on, or after a crash)
// What a run leaves behind for people:
//     penstock.db  operations/SYNC/RUN.parquet  requests/SYNC/RUN.parquet  before/SYNC/RUN.parquet
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "ledger/journal.h"
#include "ledger/lock.h"
#include "ledger/outcome.h"
#include "ledger/run_store.h"
#include "mapping/mapping.h"
#include "plan/plan.h"
#include "snapshot/snapshot.h"

namespace penstock {

// Where everything is kept.
struct StatePaths {
  std::string root;  // .penstock
  std::string database() const { return join_path(root, "penstock.db"); }
  std::string limits() const { return join_path(root, "limits"); }
  std::string logins() const { return join_path(root, "logins"); }
  std::string alerts() const { return join_path(root, "alerts"); }
  std::string temporary() const { return join_path(root, "tmp"); }
  std::string sync(const std::string& name) const { return join_path(join_path(root, "syncs"), name); }
  std::string lock(const std::string& name) const { return join_path(sync(name), "lock"); }
  std::string snapshot(const std::string& name) const { return join_path(sync(name), "snapshot"); }
  std::string owners(const std::string& name) const { return join_path(sync(name), "owners"); }
  std::string written(const std::string& name) const { return join_path(sync(name), "written"); }
  std::string journal(const std::string& name) const { return join_path(sync(name), "journal"); }
  std::string plan(const std::string& name) const { return join_path(sync(name), "plan.parquet"); }
  std::string operations(const std::string& sync, const std::string& run) const {
    return join_path(join_path(join_path(root, "operations"), sync), run + ".parquet");
  }
  std::string requests(const std::string& sync, const std::string& run) const {
    return join_path(join_path(join_path(root, "requests"), sync), run + ".parquet");
  }
  std::string before(const std::string& sync, const std::string& run) const {
    return join_path(join_path(join_path(root, "before"), sync), run + ".parquet");
  }
};

// How the outcomes of a journal stand.
struct Settled {
  RunFacts facts;
  std::optional<RunEnd> end;  // absent: the process died
  OutcomeCounts outcomes;
  uint64_t requests = 0;
  bool has_unfinished_jobs = false;  // their rows are in doubt
};

// What only the run itself knows, and a recovery does without.
struct SettleExtras {
  const Plan* plan = nullptr;  // for what changes silently, and for a changed mapping
  // Writes the run's line in the history, when all else is settled and before the journal goes: no crash
  // leaves a run without its end. May be called again after a crash. An error is that of settle().
  std::function<Result<void>(const Settled&)> note = {};
};

// Ends a run, orderly or after a crash, by one and the same path: reads the journal, gives rows in doubt
// their outcome, advances the snapshot in one step, writes the operations, and removes plan and journal. Safe
// to repeat after a crash at any point. Errors leave everything as it is for the next try.
Result<Settled> settle(Disk& disk, const StatePaths& paths, const std::string& sync, Time now,
                       const SettleExtras& extras = {});

// What came of rows whose records were only read: their journal and plan, and where what was read goes, in
// the form of before-images (docs/formats.md).
struct LookFiles {
  std::string plan, journal, images;
};
Result<void> write_looked(Disk& disk, const StatePaths& paths, const LookFiles& files, Time now);

// A job that an earlier process left at the destination.
struct UnfinishedJob {
  JobRecord job;              // its stage is the last that is known
  std::vector<bool> settled;  // for each of its rows: it has its outcome
};
// What a journal says of the jobs of its run.
struct LeftJobs {
  RunFacts facts;
  std::vector<UnfinishedJob> jobs;
  uint64_t jobs_begun = 0, requests = 0;  // the greatest numbers given so far
};
// Of the run that did not come to its end; none when there is no such run.
Result<LeftJobs> left_jobs(Disk& disk, const StatePaths& paths, const std::string& sync);

// Whether a run of this sync did not come to its end.
Result<bool> needs_recovery(Disk& disk, const StatePaths& paths, const std::string& sync);

// How long a refused row waits before it is tried again: from 5 minutes, doubling, up to a day.
Duration waiting_time(uint32_t attempts);

}  // namespace penstock
