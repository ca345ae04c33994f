#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/plan_view.h"
#include "cli/session.h"
#include "run/history.h"

namespace penstock::cli {
namespace {

struct PlanOptionsGiven {
  std::vector<std::string> syncs;
  RunRequest request;
  bool full = false, baseline = false;
};

int plan(const Globals& globals, PlanOptionsGiven given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto syncs = choose_syncs(globals, *workspace, given.syncs);
  if (syncs.empty()) return kUsage;
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  if (given.full) given.request.kind = RunKind::full;
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
      ".changed");
  auto given = std::make_shared<PlanOptionsGiven>();
  given->request.samples = 5;
  command->add_option("SYNC", given->syncs, "Syncs to plan; all of them when none is named");
  command->add_option("--key", given->request.key,
                      "Only this row; parts of a longer key separated by commas");
  command->add_option("--limit", given->request.limit, "As if the run were to send at most so many rows");
  command->add_option("--samples", given->request.samples, "Rows of each kind to show")
      ->capture_default_str();
  command->add_flag("--before", given->request.before,
                    "Read what the destination holds now, and show the true difference");
  command->add_flag("--full", given->full, "As if every row were sent again");
  command->callback([door, given] { door.run = [door, given] { return plan(door.globals, *given); }; });
}

}  // namespace penstock::cli
