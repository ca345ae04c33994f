#include <fmt/format.h>

#include <algorithm>

#include "ledger/before_images.h"
#include "ledger/ledger.h"
#include "ledger/load_journal.h"
#include "ledger/operations.h"
#include "ledger/state_changes.h"

namespace penstock {
namespace {

// The plan goes first: a journal without one, whose run is in the snapshot, has nothing left to settle.
Result<void> clean_up(Disk& disk, const StatePaths& paths, const std::string& sync) {
  if (auto removed = disk.remove(paths.plan(sync)); !removed.ok()) return removed;
  return disk.remove(paths.journal(sync));
}

Result<void> make_directories(Disk& disk, const StatePaths& paths, const std::string& sync) {
  for (const char* kind : {"operations", "requests"})
    if (auto made = disk.make_directories(join_path(join_path(paths.root, kind), sync)); !made.ok())
      return made;
  return success();
}

// Whether a crash came between the last two steps of settle().
Result<bool> is_settled(Disk& disk, const StatePaths& paths, const Settled& settled) {
  const auto plan = disk.exists(paths.plan(settled.facts.sync));
  if (!plan.ok() || *plan) return plan.ok() ? Result<bool>(false) : plan.error();
  const auto snapshot = Snapshot::open(disk, paths.snapshot(settled.facts.sync), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  return snapshot->manifest().last_run == settled.facts.run;
}

Result<void> advance_snapshot(Disk& disk, const StatePaths& paths, duck::Connection& connection,
                              const LoadedJournal& journal, const SettleExtras& extras, Time now) {
  const Settled& settled = journal.settled;
  const std::string& sync = settled.facts.sync;
  auto snapshot = Snapshot::open(disk, paths.snapshot(sync), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  if (snapshot->manifest().last_run == settled.facts.run) return success();  // done before a crash
  auto changes = ChangeSet::begin(disk, paths.snapshot(sync));
  if (!changes.ok()) return changes.error();
  const auto owners = Snapshot::open(disk, paths.owners(sync), Verify::headers);
  if (!owners.ok()) return owners.error();
  auto owner_changes = ChangeSet::begin(disk, paths.owners(sync));
  if (!owner_changes.ok()) return owner_changes.error();
  const auto written = LastWritten::open(disk, paths.written(sync));
  if (!written.ok()) return written.error();
  auto written_changes = ChangeSet::begin(disk, paths.written(sync));
  if (!written_changes.ok()) return written_changes.error();
  if (auto put = put_outcomes(connection, paths.plan(sync), journal, now,
                              {*snapshot, *owners, *changes, *owner_changes, *written, *written_changes});
      !put.ok())
    return put;
  // The hint first: a crash in between leaves it ahead of the snapshot, which whoever asks it will notice.
  // What was written is noted twice then, which is the same as once.
  if (owner_changes->size() > 0)
    if (auto hinted = commit(*owners, *std::move(owner_changes), {}); !hinted.ok()) return hinted;
  if (written_changes->size() > 0)
    if (auto noted = commit(written->snapshot(), *std::move(written_changes), {}); !noted.ok()) return noted;
  if (extras.plan != nullptr)
    if (auto put = put_silent_changes(extras.plan->silent, *snapshot, *changes); !put.ok()) return put;
  return commit(*snapshot, *std::move(changes), manifest_update(*snapshot, settled, extras));
}

}  // namespace

Duration waiting_time(uint32_t attempts) {
  const uint32_t doublings = std::min<uint32_t>(attempts > 0 ? attempts - 1 : 0, 9);
  return std::min<Duration>(Duration(5min) * (1 << doublings), Duration(24h));
}

Result<bool> needs_recovery(Disk& disk, const StatePaths& paths, const std::string& sync) {
  return disk.exists(paths.journal(sync));
}

Result<Settled> settle(Disk& disk, const StatePaths& paths, const std::string& sync, Time now,
                       const SettleExtras& extras) {
  if (auto made = make_directories(disk, paths, sync); !made.ok()) return made.error();
  auto database = duck::Database::borrow({.path = "",
                                          .memory_limit = "1GB",
                                          .temporary_directory = paths.temporary(),
                                          .keep_order = false});  // rows are found by their numbers
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  if (auto defined = define_payload_functions(*connection); !defined.ok()) return defined.error();
  auto journal = load_journal(*connection, disk, paths.journal(sync), paths.plan(sync), now);
  if (!journal.ok()) return journal.error();
  const Settled& settled = journal->settled;
  if (settled.facts.run.empty()) {
    // Not even the first record is whole: the run died before it could send anything.
    if (auto cleaned = clean_up(disk, paths, sync); !cleaned.ok()) return cleaned.error();
    return settled;
  }
  const auto done = is_settled(disk, paths, settled);
  if (!done.ok()) return done.error();
  if (*done) {
    if (auto cleaned = clean_up(disk, paths, sync); !cleaned.ok()) return cleaned.error();
    return settled;
  }
  if (auto advanced = advance_snapshot(disk, paths, *connection, *journal, extras, now); !advanced.ok())
    return advanced.error();
  if (auto written = write_operations(*connection, disk, paths, *journal); !written.ok())
    return written.error();
  if (auto kept = write_before_images(*connection, disk, paths, *journal); !kept.ok()) return kept.error();
  if (extras.note)
    if (auto noted = extras.note(settled); !noted.ok()) return noted.error();
  if (auto cleaned = clean_up(disk, paths, sync); !cleaned.ok()) return cleaned.error();
  return settled;
}

}  // namespace penstock
