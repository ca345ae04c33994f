// A plan that was kept in a file for people to look at: what is kept, and what has moved since.
#pragma once

#include <optional>
#include <string>

#include "plan/plan_file.h"
#include "run/plan_stage.h"

namespace penstock {

// The guard that stops a run whose plan file does not hold any longer. Nobody can confirm it.
inline constexpr std::string_view kPlanMoved = "plan_moved";

// Reads a plan file of this project. Errors are of kind config and name the file.
Result<PlanFile> open_plan_file(const Workspace& workspace, const std::string& path);

// What plans the same rows as the file says, if nothing has moved, and sends these and no others.
RunRequest request_for(PlanFile file);

// Keeps a plan that was made at `request.as_of` in the file `request.out`. Blocks.
Result<PlanFile> keep_plan(const Workspace& workspace, PreparedSync& prepared, const PlannedStage& stage,
                           const Estimate& estimate, const RunRequest& request);

// The file's plan for people to read, with what `now` says of it: a plan of its request made just now.
Result<PlannedSync> plan_of_file(const Workspace& workspace, const PlanFile& file, const PlannedSync& now,
                                 uint64_t samples);

// What has moved as can be told before a plan is made anew: the file itself, the configuration, the snapshot.
Result<std::optional<GuardStop>> moved_before_planning(const Workspace& workspace,
                                                       const PreparedSync& prepared, const PlanFile& file);

// Which rows have moved. When none has, the stage's plan is of the file's rows alone. Blocks.
Result<std::optional<GuardStop>> moved_rows(const Workspace& workspace, PreparedSync& prepared,
                                            PlannedStage& stage, const PlanFile& file);

}  // namespace penstock
