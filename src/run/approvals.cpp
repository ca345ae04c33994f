#include "run/approvals.h"

#include <fmt/format.h>

namespace penstock {
namespace {

GuardStop not_reviewed(const config::Sync& sync, const PlanCounts& counts) {
  return {
      std::string(kApprove),
      fmt::format("'{}' sends approved plans only (approve: required), and there {} to send", sync.name,
                  counts.to_send == 1 ? "is 1 row" : fmt::format("are {} rows", counts.to_send)),
      fmt::format(
          "`penstock plan {} --out FILE`, look at it, `penstock approve FILE`, `penstock run --plan FILE`",
          sync.name)};
}

GuardStop not_approved(const PlanFile& file) {
  return {
      std::string(kApprove),
      fmt::format("nobody has approved the plan {} (digest {})", file.path, file.digest),
      fmt::format("`penstock plan --read {0}` shows it, and `penstock approve {0}` approves it", file.path)};
}

}  // namespace

Result<std::string> approvers(const Workspace& workspace, const std::string& plan) {
  auto store = workspace.existing_runs();
  if (!store.ok()) return store.error();
  std::string names;
  if (!*store) return names;
  auto approvals = (*store)->approvals(plan);
  if (!approvals.ok()) return approvals.error();
  for (const auto& approval : *approvals) names += (names.empty() ? "" : ", ") + approval.by;
  return names;
}

Result<ApprovalRow> approve_plan(const Workspace& workspace, const PlanFile& file, const std::string& by,
                                 const std::string& note) {
  if (!file.intact)
    return Error{ErrorKind::config, fmt::format("{} was changed after it was written", file.path),
                 fmt::format("plan again: `penstock plan {} --out FILE`", file.facts.sync)};
  if (auto made = workspace.disk().make_directories(workspace.paths().root); !made.ok()) return made.error();
  auto store = workspace.runs();
  if (!store.ok()) return store.error();
  ApprovalRow approval{file.digest, file.facts.sync, by, workspace.clock().now(), note};
  if (auto put = store->put(approval); !put.ok()) return put.error();
  return approval;
}

Result<Approval> approval_of(const Workspace& workspace, const config::Sync& sync, const RunRequest& request,
                             const PlanCounts& counts) {
  Approval approval;
  if (request.reviewed) {
    auto names = approvers(workspace, request.reviewed->digest);
    if (!names.ok()) return names.error();
    approval.by = *std::move(names);
  }
  const bool sends = counts.to_send > 0 && request.kind != RunKind::baseline;
  if (sync.approve == config::Approve::none || !sends || !approval.by.empty()) return approval;
  approval.missing = request.reviewed ? not_approved(*request.reviewed) : not_reviewed(sync, counts);
  return approval;
}

}  // namespace penstock
