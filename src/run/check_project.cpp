#include "run/check_project.h"

#include "config/selection.h"
#include "config/tests.h"
#include "run/field_rules.h"
#include "run/target_checks.h"

namespace penstock {
namespace {

void check_one_sync(const Workspace& workspace, const config::Sync& sync, declare::Diagnostics& diagnostics) {
  const auto* destination = workspace.project().destination(*sync.destination);
  const auto connector = workspace.catalog().find(*destination->type);
  if (connector == nullptr) return;
  const uint64_t before = diagnostics.errors();
  check_with_connector(sync, *connector, diagnostics);
  if (diagnostics.errors() == before)
    check_without_destination(sync, *workspace.project().model(*sync.model), connector, diagnostics);
}

}  // namespace

Result<std::vector<const config::Sync*>> syncs_to_check(const config::Project& project,
                                                        const std::vector<std::string>& words) {
  if (words.empty()) return config::in_order(project);
  return config::select_syncs(project, words, config::Paused::included);
}

Result<std::unique_ptr<Workspace>> check_project(Disk& disk, const Clock& clock, const std::string& directory,
                                                 const std::vector<std::string>& words,
                                                 declare::Diagnostics& diagnostics) {
  auto workspace = Workspace::open(disk, clock, directory, diagnostics);
  if (diagnostics.ok()) config::check_references(workspace->project(), workspace->resolver(), diagnostics);
  (void)config::load_tests(disk, workspace->project(), diagnostics);
  if (!diagnostics.ok()) return workspace;
  const auto syncs = syncs_to_check(workspace->project(), words);
  if (!syncs.ok()) return syncs.error();
  for (const auto* sync : *syncs) check_one_sync(*workspace, *sync, diagnostics);
  return workspace;
}

}  // namespace penstock
