// The first stroke of a run: from the model to a complete plan file.
#pragma once

#include "run/run.h"

namespace penstock {

// Opens the snapshot and plans into `file`. Blocks: offloaded by the caller.
struct PlannedStage {
  std::optional<Snapshot> snapshot;
  Plan plan;
};
Result<PlannedStage> plan_stage(const Workspace& workspace, PreparedSync& prepared, const RunRequest& request,
                                const std::string& file);

// Why a row of the model cannot be sent: its match value is missing, or a value cannot be written. Empty: it
// can. Thread-safe.
std::string why_invalid(const MappedModel& mapped, const connector::ValueRules& rules,
                        std::span<const Values> match, std::span<const Values> fields, size_t row);

// Whether what was accepted once is never sent again in this mode.
bool plans_keys_only(config::Mode mode);

GuardFacts guard_facts(const PreparedSync& prepared, const Snapshot& snapshot, const RunRequest& request,
                       const Estimate& estimate);

// Where the next plan of a sync would go; removed by whoever made it.
std::string dry_plan_file(const Workspace& workspace, const std::string& sync, const std::string& run);

}  // namespace penstock
