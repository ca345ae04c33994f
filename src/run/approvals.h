// Who said that a plan may be sent.
#pragma once

#include <optional>
#include <string>

#include "plan/plan_file.h"
#include "run/run.h"

namespace penstock {

// The guard that stops a run whose sync wants an approved plan. Nobody can confirm it.
inline constexpr std::string_view kApprove = "approve";

// Records that `by` approves of this very plan. An error when the file is not as it was written.
Result<ApprovalRow> approve_plan(const Workspace& workspace, const PlanFile& file, const std::string& by,
                                 const std::string& note);

// Who approved of the plan with this digest, separated by commas; empty: nobody.
Result<std::string> approvers(const Workspace& workspace, const std::string& plan);

struct Approval {
  std::string by;
  std::optional<GuardStop> missing;  // why nothing may be sent
};
Result<Approval> approval_of(const Workspace& workspace, const config::Sync& sync, const RunRequest& request,
                             const PlanCounts& counts);

}  // namespace penstock
