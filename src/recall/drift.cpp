#include "recall/drift.h"

#include <fmt/format.h>

#include <algorithm>

#include "recall/look_tables.h"
#include "run/look.h"
#include "run/plan_stage.h"
#include "run/recover.h"
#include "run/warehouse_side.h"

namespace penstock {
namespace {

std::string policy_of(const config::Sync& sync, const std::string& field) {
  for (const auto& rule : sync.fields)
    if (rule.name == field) return std::string(config::name_of(rule.value.drift));
  return std::string(config::name_of(config::DriftPolicy::report));
}

class FindDrift {
 public:
  FindDrift(RunParts parts, const config::Sync& sync, DriftRequest request, declare::Diagnostics& diagnostics,
            const std::function<void(const DriftedField&)>& visit)
      : parts_(std::move(parts)),
        workspace_(parts_.workspace),
        sync_(sync),
        request_(std::move(request)),
        diagnostics_(diagnostics),
        visit_(visit),
        run_(workspace_.new_run_id()) {}

  // Plan every row, keep those that are as they were accepted, read their records, compare.
  Task<Result<Drift>> find() {
    if (auto here = needs_local_state(sync_, "drift"); !here.ok()) co_return here.error();
    auto lock = co_await lock_sync_in_time(parts_.loop, workspace_, sync_.name, run_, parts_.interruption);
    if (!lock.ok()) co_return lock.error();
    if (auto recovered = recover(workspace_, sync_.name, drift_.notes); !recovered.ok())
      co_return recovered.error();
    auto prepared = co_await prepare_sync(parts_.loop, parts_.client, workspace_, sync_, Login::needed,
                                          diagnostics_, Purpose::drift);
    if (!prepared.ok()) co_return prepared.error();
    const PlanFiles files(workspace_, sync_.name, run_);
    if (auto planned = co_await plan(*prepared, files); !planned.ok()) co_return planned.error();
    const auto written = LastWritten::open(workspace_.disk(), workspace_.paths().written(sync_.name));
    if (!written.ok()) co_return written.error();
    prepared->router->remember(&*written);
    auto looked = co_await look_at(*prepared, files.kept());
    prepared->router->remember(nullptr);
    if (!looked.ok()) co_return looked.error();
    drift_.requests = looked->requests;
    auto compared = co_await parts_.loop.offload([&] { return compare(*prepared, *looked); });
    if (!compared.ok()) co_return compared.error();
    co_return std::move(drift_);
  }

 private:
  // Of this look; removed with it.
  class PlanFiles {
   public:
    PlanFiles(Workspace& workspace, const std::string& sync, const std::string& run)
        : workspace_(workspace), all_(dry_plan_file(workspace, sync, run)) {}
    PlanFiles(const PlanFiles&) = delete;
    PlanFiles& operator=(const PlanFiles&) = delete;
    ~PlanFiles() {
      (void)workspace_.disk().remove(all_);
      (void)workspace_.disk().remove(kept());
    }
    const std::string& all() const { return all_; }
    std::string kept() const { return all_ + ".kept"; }

   private:
    Workspace& workspace_;
    std::string all_;
  };

  Task<Result<void>> plan(PreparedSync& prepared, const PlanFiles& files) {
    RunRequest every;
    every.kind = RunKind::full;
    every.key = request_.key;
    Interruption::Act act(parts_.interruption);
    act.is([&prepared] { prepared.opened.connection->interrupt(); });
    auto stage =
        co_await parts_.loop.offload([&] { return plan_stage(workspace_, prepared, every, files.all()); });
    act.is_nothing();
    if (!stage.ok()) co_return stage.error();
    const PlanCounts& counts = stage->plan.counts;
    drift_.rows = counts.rows;
    drift_.pending = counts.added + counts.changed - counts.forced;
    auto kept = prepared.opened.connection->run(fmt::format(
        "COPY (SELECT * FROM read_parquet({}) WHERE why = 'full'{}) TO {} (FORMAT parquet, COMPRESSION "
        "snappy)",
        duck::quote_text(files.all()), request_.limit ? fmt::format(" LIMIT {}", *request_.limit) : "",
        duck::quote_text(files.kept())));
    if (!kept.ok()) co_return kept.error();
    drift_.compared = *kept;
    co_return success();
  }

  Task<Result<LookedAt>> look_at(PreparedSync& prepared, const std::string& plan) {
    RunFacts facts;
    facts.run = run_;
    facts.sync = sync_.name;
    for (const auto& field : prepared.mapped.mapping.fields)
      if (field.personal) facts.personal.push_back(field.name);
    co_return co_await look({parts_, *prepared.access, *prepared.target, *prepared.router, prepared.mapped,
                             *prepared.opened.connection, prepared.destination->rate_share.fraction},
                            plan, std::move(facts));
  }

  Result<void> compare(const PreparedSync& prepared, const LookedAt& looked) {
    std::vector<LookField> fields;
    for (const auto& field : prepared.mapped.mapping.fields) {
      const std::string policy = policy_of(sync_, field.name);
      const bool is_ours = field.write != WritePolicy::on_create && field.write != WritePolicy::if_empty;
      if (policy != "keep" && is_ours) fields.push_back({.name = field.name, .personal = field.personal});
    }
    auto table = LookTables::open(workspace_, sync_.name, looked.images(), fields);
    if (!table.ok()) return table.error();
    std::string last_key;
    std::vector<KeyHash> to_take_back;
    auto visited = table->for_each_difference([&](const Difference& found) {
      DriftedField field{.key = found.key,
                         .record_id = found.record_id,
                         .field = found.field,
                         .ours = found.ours,
                         .theirs = found.theirs,
                         .is_gone = found.is_gone,
                         .written_at = found.written_at,
                         .run = found.run,
                         .policy = found.is_gone ? "" : policy_of(sync_, found.field)};
      if (drift_.drifted_rows == 0 || last_key != found.key) ++drift_.drifted_rows;
      last_key = found.key;
      ++(found.is_gone ? drift_.gone : drift_.drifted_fields);
      if (field.policy == "take_back" && (to_take_back.empty() || to_take_back.back() != found.key_hash))
        to_take_back.push_back(found.key_hash);
      visit_(field);
    });
    if (!visited.ok()) return visited;
    if (!request_.out.empty())
      if (auto written = table->write(request_.out); !written.ok()) return written;
    return request_.take_back ? take_back(to_take_back) : success();
  }

  // What these records hold is not what was accepted: the next run sends their rows.
  Result<void> take_back(const std::vector<KeyHash>& keys) {
    const std::string directory = workspace_.paths().snapshot(sync_.name);
    auto snapshot = Snapshot::open(workspace_.disk(), directory, Verify::headers);
    if (!snapshot.ok()) return snapshot.error();
    auto changes = ChangeSet::begin(workspace_.disk(), directory);
    if (!changes.ok()) return changes.error();
    for (const KeyHash key : keys) {
      const auto found = snapshot->find(key);
      if (!found.ok()) return found.error();
      if (!*found || !(*found)->accepted) continue;
      auto details = snapshot->details((*found)->slot);
      if (!details.ok()) return details.error();
      KeyState state{.accepted = kUnknownPayload,
                     .gone = (*found)->gone,
                     .foreign = (*found)->foreign,
                     .details = *std::move(details)};
      if (auto put = changes->put(key, state); !put.ok()) return put;
      ++drift_.taken_back;
    }
    return drift_.taken_back == 0 ? success() : commit(*snapshot, *std::move(changes), {});
  }

  RunParts parts_;
  Workspace& workspace_;
  const config::Sync& sync_;
  DriftRequest request_;
  declare::Diagnostics& diagnostics_;
  const std::function<void(const DriftedField&)>& visit_;
  std::string run_;
  Drift drift_;
};

}  // namespace

Task<Result<Drift>> find_drift(RunParts parts, const config::Sync& sync, DriftRequest request,
                               declare::Diagnostics& diagnostics,
                               const std::function<void(const DriftedField&)>& visit) {
  FindDrift find(std::move(parts), sync, std::move(request), diagnostics, visit);
  co_return co_await find.find();
}

}  // namespace penstock
