#include "cli/plan_against.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/against_view.h"
#include "cli/git_repository.h"
#include "cli/session.h"
#include "config/selection.h"

namespace penstock::cli {
namespace {

std::string one_problem(const Error& error, const declare::Diagnostics& diagnostics) {
  return diagnostics.ok() ? error.message : declare::as_error(diagnostics).message;
}

class AgainstPlans {
 public:
  AgainstPlans(Session& session, Workspace& now, Workspace* before)
      : session_(session), now_(now), before_(before) {}

  // The exit code is of the files as they are; what cannot be planned with older ones is only told.
  AgainstSync plan(config::SyncDifference difference, int& exit) {
    AgainstSync sync{std::move(difference), {}, {}};
    if (sync.difference.kind == config::SyncDifference::Kind::changed && before_ != nullptr)
      (void)plan_side(*before_, sync.difference.sync, sync.before);
    if (sync.difference.kind != config::SyncDifference::Kind::removed)
      if (const int code = plan_side(now_, sync.difference.sync, sync.now); code != kDone) exit = code;
    return sync;
  }

 private:
  int plan_side(Workspace& workspace, const std::string& name, PlanSide& side) {
    const auto* sync = workspace.project().sync(name);
    if (sync == nullptr) return kDone;
    const auto parts = session_.parts(nullptr);
    const RunParts own{parts.loop,         parts.client, workspace, parts.random,
                       parts.interruption, nullptr,      nullptr,   parts.accounts};
    declare::Diagnostics diagnostics;
    auto planned = session_.loop().run(plan_sync(own, *sync, RunRequest{}, diagnostics));
    if (planned.ok()) {
      side.planned = *std::move(planned);
      return kDone;
    }
    side.problem = one_problem(planned.error(), diagnostics);
    return diagnostics.ok() ? exit_of(planned.error()) : kUsage;
  }

  Session& session_;
  Workspace& now_;
  Workspace* before_;
};

// Only what is asked for; a sync that is gone can be named, too.
bool is_wanted(const config::SyncDifference& difference, const std::vector<std::string>& words,
               const std::vector<const config::Sync*>& chosen) {
  if (words.empty() || std::ranges::find(words, difference.sync) != words.end()) return true;
  return std::ranges::any_of(chosen, [&](const auto* sync) { return sync->name == difference.sync; });
}

std::string written_state(const Workspace& workspace) {
  std::string out;
  for (const auto& piece : workspace.project().state.pieces)
    out += fmt::format("{}:{};", static_cast<int>(piece.kind), piece.text);
  return out;
}

// The project as it was, if it can be planned with.
std::unique_ptr<Workspace> workspace_before(Disk& view, const Globals& globals, const Workspace& now,
                                            Against& against) {
  declare::Diagnostics diagnostics;
  auto workspace = Workspace::open(view, real_clock(), globals.directory, diagnostics);
  if (!diagnostics.ok()) {
    against.notes.push_back(
        fmt::format("the project was not valid at {}, so there are no plans to compare with: {}",
                    against.revision, declare::as_error(diagnostics).message));
    return nullptr;
  }
  if (written_state(*workspace) == written_state(now)) return workspace;
  against.notes.push_back(
      fmt::format("`state` differs from {}, so there are no plans to compare with: whatever "
                  "was accepted is kept elsewhere now",
                  against.revision));
  return nullptr;
}

int print_against(const Globals& globals, const Against& against, AgainstForm form, int exit) {
  if (form == AgainstForm::markdown)
    fmt::print("{}", against_markdown(against));
  else
    fmt::print("{}", globals.json ? against_json(against) : against_text(against, globals.terminal));
  return exit;
}

}  // namespace

int plan_against(const Globals& globals, const std::string& revision, const std::vector<std::string>& syncs,
                 AgainstForm form) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  auto repository = open_repository(globals, *workspace);
  if (!repository.ok()) return print_error(globals, repository.error());
  auto commit = (*repository)->find(revision);
  if (!commit.ok()) return print_error(globals, commit.error());
  auto view = (*repository)->view(commit->id);
  if (!view.ok()) return print_error(globals, view.error());
  Against against{revision, commit->id, {}, {}};
  auto differences = config::sync_differences(**view, real_disk(), globals.directory);
  std::vector<const config::Sync*> chosen;
  if (!syncs.empty()) {
    auto selected = config::select_syncs(workspace->project(), syncs, config::Paused::included);
    // A sync that is gone is no sync of the project any more, but can be asked for.
    const bool gone =
        std::ranges::any_of(differences, [&](const auto& each) { return is_wanted(each, syncs, {}); });
    if (!selected.ok() && !gone) return print_error(globals, selected.error());
    if (selected.ok()) chosen = *std::move(selected);
  }
  std::erase_if(differences, [&](const auto& each) { return !is_wanted(each, syncs, chosen); });
  if (differences.empty()) return print_against(globals, against, form, kDone);
  auto before = workspace_before(**view, globals, *workspace, against);
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  AgainstPlans plans(**session, *workspace, before.get());
  int exit = kDone;
  for (auto& difference : differences) {
    against.syncs.push_back(plans.plan(std::move(difference), exit));
    if ((*session)->signal() != 0) return interrupted_exit((*session)->signal());
  }
  return print_against(globals, against, form, exit);
}

}  // namespace penstock::cli
