#include <fmt/format.h>

#include "run/look.h"
#include "run/model_columns.h"
#include "run/plan_stage.h"
#include "run/recover.h"
#include "run/resume.h"
#include "run/reviewed_plan.h"
#include "run/run.h"
#include "run/warehouse_side.h"

namespace penstock {

class PlanSync {
 public:
  PlanSync(RunParts parts, const config::Sync& sync, RunRequest request, declare::Diagnostics& diagnostics)
      : parts_(parts),
        sync_(sync),
        request_(std::move(request)),
        diagnostics_(diagnostics),
        act_(parts.interruption) {}

  Task<Result<PlannedSync>> plan() {
    PlannedSync planned;
    planned.sync = sync_.name;
    {
      const std::string run = parts_.workspace.new_run_id();
      auto lock = lock_sync(parts_.workspace, sync_.name, run);
      if (!lock.ok() && lock.error().kind != ErrorKind::locked) co_return lock.error();
      if (!lock.ok())
        planned.notes.push_back("a run is going on: this plan compares with the state before it");
      if (lock.ok())
        if (auto recovered = recover_unless_jobs(planned.notes); !recovered.ok()) co_return recovered.error();
    }
    auto prepared = co_await prepare_sync(parts_.loop, parts_.client, parts_.workspace, sync_,
                                          request_.before ? Login::needed : Login::optional, diagnostics_,
                                          request_.before ? Purpose::look : Purpose::run);
    if (!prepared.ok()) co_return prepared.error();
    auto known = known_columns(parts_.workspace, sync_.name);
    if (!known.ok()) co_return known.error();
    auto columns = check_columns(parts_.workspace, *prepared, {*std::move(known), columns_of(*prepared, "")},
                                 request_.confirmed, planned.notes);
    if (!columns.ok()) co_return columns.error();
    if (auto drawn = co_await draw(*prepared); !drawn.ok()) co_return drawn.error();
    planned.notes.insert(planned.notes.end(), prepared->notes.begin(), prepared->notes.end());
    if (request_.reviewed) {
      auto moved = moved_before_planning(parts_.workspace, *prepared, *request_.reviewed);
      if (!moved.ok()) co_return moved.error();
      planned.moved = *std::move(moved);
    }
    if (!planned.moved)
      if (auto made = co_await make(*prepared, planned); !made.ok()) co_return made.error();
    if (*columns && request_.kind != RunKind::full) planned.guard = *std::move(columns);
    co_return planned;
  }

 private:
  // Into a directory of its own: a run may be going on.
  Task<Result<void>> draw(PreparedSync& prepared) {
    const std::string name = fmt::format("draw-{}-{}", sync_.name, parts_.workspace.new_run_id());
    const std::string directory = join_path(parts_.workspace.paths().temporary(), name);
    auto opened = open_warehouse(parts_.workspace, prepared, request_, directory);
    if (!opened.ok() || !prepared.warehouse) co_return opened;
    drawn_ = std::make_unique<TempFiles>(parts_.workspace.disk(), directory);
    // What a run left to be said to the warehouse is said first; one that is going on does so itself.
    auto lock = lock_sync(parts_.workspace, sync_.name, parts_.workspace.new_run_id());
    if (!lock.ok() && lock.error().kind != ErrorKind::locked) co_return lock.error();
    prepared.warehouse->has_lock = lock.ok();
    act_.is([&prepared] { prepared.warehouse->plan->interrupt(); });
    auto drawn = co_await parts_.loop.offload([&] { return draw_stage(parts_.workspace, prepared); });
    act_.is_nothing();
    co_return drawn;
  }

  // Removed with this.
  struct TempFiles {
    TempFiles(Disk& on, std::string at) : disk(on), path(std::move(at)) {}
    TempFiles(const TempFiles&) = delete;
    TempFiles& operator=(const TempFiles&) = delete;
    ~TempFiles() { (void)disk.remove(path); }
    Disk& disk;
    std::string path;
  };

  Task<Result<void>> make(PreparedSync& prepared, PlannedSync& planned) {
    act_.is([&prepared] { prepared.opened.connection->interrupt(); });
    if (!request_.as_of) request_.as_of = parts_.workspace.clock().now();
    const std::string file = dry_plan_file(parts_.workspace, sync_.name, parts_.workspace.new_run_id());
    auto stage =
        co_await parts_.loop.offload([&] { return plan_stage(parts_.workspace, prepared, request_, file); });
    auto made = success();
    if (stage.ok())
      made = co_await look_at(prepared, *stage, planned);
    else
      made = stage.error();
    act_.is_nothing();
    if (made.ok() && request_.before) made = co_await read_there(prepared, *stage, planned);
    (void)parts_.workspace.disk().remove(file);
    if (!made.ok()) co_return made;
    planned.plan = std::move(stage->plan);
    planned.plan.migration.reset();  // it borrows from the snapshot
    co_return success();
  }

  // While the plan's file is there: its cost, its guards; and it is held against another, or kept.
  Task<Result<void>> look_at(PreparedSync& prepared, PlannedStage& stage, PlannedSync& planned) {
    prepared.target->use_bulk(goes_in_bulk(prepared, stage.plan.counts));
    const auto limits =
        limits_of(parts_.loop, parts_.accounts, *prepared.target, prepared.destination->rate_share.fraction);
    planned.estimate = estimate(prepared, stage.plan.counts, limits.get());
    planned.guard = check_guards(sync_.guard, stage.plan.counts,
                                 guard_facts(prepared, *stage.snapshot, request_, planned.estimate));
    if (request_.reviewed) {
      auto moved = co_await parts_.loop.offload(
          [&] { return moved_rows(parts_.workspace, prepared, stage, *request_.reviewed); });
      if (!moved.ok()) co_return moved.error();
      planned.moved = *std::move(moved);
    }
    if (request_.out.empty()) co_return success();
    auto kept = co_await parts_.loop.offload(
        [&] { return keep_plan(parts_.workspace, prepared, stage, planned.estimate, request_); });
    if (!kept.ok()) co_return kept.error();
    planned.kept = *std::move(kept);
    co_return success();
  }

  // What the destination holds of the plan's records.
  Task<Result<void>> read_there(PreparedSync& prepared, PlannedStage& stage, PlannedSync& planned) {
    const auto written =
        LastWritten::open(parts_.workspace.disk(), state_of(parts_.workspace, prepared).written);
    if (!written.ok()) co_return written.error();
    prepared.router->remember(&*written);
    RunFacts facts;
    facts.run = parts_.workspace.new_run_id();
    facts.sync = sync_.name;
    auto looked =
        co_await look({parts_, *prepared.access, *prepared.target, *prepared.router, prepared.mapped,
                       *prepared.opened.connection, prepared.destination->rate_share.fraction},
                      stage.plan.file, std::move(facts));
    prepared.router->remember(nullptr);
    if (!looked.ok()) co_return looked.error();
    auto counts = count_looked(*looked);
    if (!counts.ok()) co_return counts.error();
    planned.looked = *counts;
    add_values_there(*looked, stage.plan.samples);
    co_return success();
  }

  // A plan asks nobody about jobs that an earlier run left: that may take hours.
  Result<void> recover_unless_jobs(std::vector<std::string>& notes) {
    auto left = left_jobs(parts_.workspace.disk(), parts_.workspace.paths(), sync_.name);
    if (!left.ok()) return left.error();
    if (left->jobs.empty()) return recover(parts_.workspace, sync_.name, notes);
    for (const auto& job : left->jobs)
      notes.push_back(
          fmt::format("{} is still at the destination: this plan compares with the state before it, "
                      "and `penstock run {}` asks what became of it",
                      name_of(job, left->facts), sync_.name));
    return success();
  }

  RunParts parts_;
  const config::Sync& sync_;
  RunRequest request_;
  declare::Diagnostics& diagnostics_;
  Interruption::Act act_;
  std::unique_ptr<TempFiles> drawn_;
};

Task<Result<PlannedSync>> plan_sync(RunParts parts, const config::Sync& sync, RunRequest request,
                                    declare::Diagnostics& diagnostics) {
  PlanSync plan(std::move(parts), sync, std::move(request), diagnostics);
  co_return co_await plan.plan();
}

}  // namespace penstock
