#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/plan_against.h"
#include "cli/plan_view.h"
#include "cli/session.h"
#include "cli/version.h"
#include "run/history.h"
#include "run/reviewed_plan.h"

namespace penstock::cli {
namespace {

struct PlanOptionsGiven {
  std::vector<std::string> syncs;
  RunRequest request;
  std::string read;  // a plan file to be shown
  bool full = false, retry = false;
  std::string against;  // a revision of the project's repository
  bool markdown = false;
};

// --out keeps one plan; several would need a file each.
bool one_to_keep(const Globals& globals, const PlanOptionsGiven& given, size_t syncs) {
  if (given.request.out.empty() || syncs == 1) return true;
  print_error(globals,
              {ErrorKind::config, fmt::format("--out keeps the plan of one sync, and these are {}", syncs),
               "name one: `penstock plan SYNC --out FILE`"});
  return false;
}

// Shows a plan file, and whether a run would still send it.
int read_plan(const Globals& globals, const PlanOptionsGiven& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  if (!given.syncs.empty())
    return print_error(globals, {ErrorKind::config, "a plan file says itself which sync it is of",
                                 fmt::format("leave out '{}'", given.syncs[0])});
  auto file = open_plan_file(*workspace, given.read);
  if (!file.ok()) return print_error(globals, file.error());
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  const config::Sync& sync = *workspace->project().sync(file->facts.sync);
  declare::Diagnostics diagnostics;
  auto now =
      (*session)->loop().run(plan_sync((*session)->parts(nullptr), sync, request_for(*file), diagnostics));
  if (!now.ok() && !diagnostics.ok()) return print_diagnostics(globals, diagnostics);
  if (!now.ok()) return print_error(globals, now.error());
  auto planned = plan_of_file(*workspace, *file, *now, given.request.samples);
  if (!planned.ok()) return print_error(globals, planned.error());
  add_values_before(*workspace, sync.name, planned->plan.samples);
  fmt::print("{}\n", globals.json ? plan_json(*planned) : plan_text(*planned, sync, globals.terminal));
  return planned->moved ? kStopped : kDone;
}

int plan(const Globals& globals, PlanOptionsGiven given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto syncs = choose_syncs(globals, *workspace, given.syncs);
  if (syncs.empty() || !one_to_keep(globals, given, syncs.size())) return kUsage;
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  if (given.full) given.request.kind = RunKind::full;
  if (given.retry) given.request.kind = RunKind::retry;
  given.request.version = kVersionText;
  int exit = kDone;
  for (const auto* sync : syncs) {
    declare::Diagnostics diagnostics;
    auto planned =
        (*session)->loop().run(plan_sync((*session)->parts(nullptr), *sync, given.request, diagnostics));
    if (!planned.ok()) {
      exit =
          !diagnostics.ok() ? print_diagnostics(globals, diagnostics) : print_error(globals, planned.error());
      if ((*session)->signal() != 0) return interrupted_exit((*session)->signal());
      continue;
    }
    if (!given.request.before) add_values_before(*workspace, sync->name, planned->plan.samples);
    fmt::print("{}\n", globals.json ? plan_json(*planned) : plan_text(*planned, *sync, globals.terminal));
    std::fflush(stdout);
  }
  return exit;
}

}  // namespace

void add_plan(Door door) {
  auto* command = door.app.add_subcommand("plan", "Show what a run would send, without sending it");
  command->footer(
      "Compares every row of the model with what the destination last accepted.\n"
      "Examples:\n  penstock plan\n  penstock plan customers_to_crm --key 42\n  penstock plan --json | jq "
      ".changed\n  penstock plan customers_to_crm --out plan.parquet\n  penstock plan --read plan.parquet\n"
      "  penstock plan --against main --markdown");
  auto given = std::make_shared<PlanOptionsGiven>();
  given->request.samples = 5;
  add_selection(*command, given->syncs, "Syncs to plan");
  auto* key = command->add_option("--key", given->request.key,
                                  "Only this row; parts of a longer key separated by commas");
  auto* limit =
      command->add_option("--limit", given->request.limit, "As if the run were to send at most so many rows");
  command->add_option("--samples", given->request.samples, "Rows of each kind to show")
      ->capture_default_str();
  auto* before = command->add_flag("--before", given->request.before,
                                   "Read what the destination holds now, and show the true difference");
  auto* full = command->add_flag("--full", given->full, "As if every row were sent again");
  auto* retry =
      command->add_flag("--retry", given->retry, "As if waiting rows were tried now")->excludes(full);
  auto* out = command->add_option("--out", given->request.out,
                                  "Keep the plan in this file (Parquet), for `penstock run --plan`");
  auto* read = command->add_option("--read", given->read, "Show this plan file, and whether it still holds");
  auto* against = command
                      ->add_option("--against", given->against,
                                   "What the change of the project's files since this revision of its git "
                                   "repository would send: plans with either, and the difference")
                      ->type_name("REV");
  command->add_flag("--markdown", given->markdown, "As Markdown, for a comment on a merge request")
      ->needs(against);
  for (auto* other : {key, limit, before, full, retry, out, against}) read->excludes(other);
  for (auto* other : {key, limit, before, full, retry, out}) against->excludes(other);
  command->callback([door, given] {
    door.run = [door, given] {
      if (!given->against.empty())
        return plan_against(door.globals, given->against, given->syncs,
                            given->markdown ? AgainstForm::markdown : AgainstForm::as_asked);
      return given->read.empty() ? plan(door.globals, *given) : read_plan(door.globals, *given);
    };
  });
}

}  // namespace penstock::cli
