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

GuardFacts guard_facts(const PreparedSync& prepared, const Snapshot& snapshot, const RunRequest& request);

// Where the next plan of a sync would go; removed by whoever made it.
std::string dry_plan_file(const Workspace& workspace, const std::string& sync, const std::string& run);

}  // namespace penstock
