#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <set>

#include "cli/alert_command.h"
#include "cli/metrics_file.h"
#include "cli/progress_display.h"
#include "cli/run_view.h"
#include "cli/session.h"
#include "run/reviewed_plan.h"
#include "run/run_many.h"
#include "source/dbt/dbt.h"

namespace penstock::cli {
namespace {

struct RunOptionsGiven {
  std::vector<std::string> syncs;
  std::string plan;                  // a plan file to be sent
  std::string metrics;               // a file for them
  std::vector<std::string> confirm;  // names of guards
  bool after_dbt = false;
  bool alert = false;
  RunRequest request;
  bool full = false, baseline = false;
};

// Of several syncs the worst exit counts.
int worse(int a, int b) {
  static constexpr int kOrder[] = {kDone, kPartial, kStopped, kFailed, kUsage, kInterrupted, kTerminated};
  const auto rank = [](int exit) {
    return std::find(std::begin(kOrder), std::end(kOrder), exit) - std::begin(kOrder);
  };
  return rank(a) >= rank(b) ? a : b;
}

// Prints what became of each sync as soon as it is known, and keeps the worst exit.
class Results {
 public:
  Results(const Globals& globals, const Session& session) : globals_(globals), session_(session) {}

  void add(const EndedSync& ended) {
    if (!ended.report) return not_begun(ended);
    if (!ended.report->ok()) {
      count(tell_error(ended, ended.report->error()));
      return;
    }
    const RunReport& report = **ended.report;
    fmt::print("{}", globals_.json ? report_json(report) + "\n" : report_text(report, globals_.terminal));
    std::fflush(stdout);
    count(exit_of(report, session_.signal()));
  }
  int exit() const { return session_.signal() != 0 ? interrupted_exit(session_.signal()) : exit_; }

 private:
  // Several syncs of one model fail for the same mistake: people read it once.
  int tell_error(const EndedSync& ended, const Error& error) {
    const bool is_mistake = !ended.diagnostics.ok();
    if (!globals_.json && !told_.insert(is_mistake ? as_text(ended.diagnostics) : error.message).second) {
      std::fprintf(stderr, "sync '%s': the same\n", ended.sync.name.c_str());
      return is_mistake ? kUsage : exit_of(error);
    }
    return is_mistake ? print_diagnostics(globals_, ended.diagnostics) : print_error(globals_, error);
  }
  void not_begun(const EndedSync& ended) {
    if (ended.because.empty()) return;  // a person stopped, and knows it
    fmt::print("{}", globals_.json ? not_begun_json(ended) + "\n" : not_begun_text(ended, globals_.terminal));
    std::fflush(stdout);
  }
  void count(int exit) { exit_ = worse(exit_, exit); }

  const Globals& globals_;
  const Session& session_;
  int exit_ = kDone;
  std::set<std::string> told_;
};

// What is to be run, and how.
struct Asked {
  std::vector<const config::Sync*> syncs;  // none: what is wrong has been said
  RunRequest request;
};

// A plan file says itself which sync it is of.
Asked asked_by_file(const Globals& globals, const Workspace& workspace, const RunOptionsGiven& given) {
  if (!given.syncs.empty()) {
    print_error(globals, {ErrorKind::config, "a plan file says itself which sync it is of",
                          fmt::format("leave out '{}'", given.syncs[0])});
    return {};
  }
  auto file = open_plan_file(workspace, given.plan);
  if (!file.ok()) {
    print_error(globals, file.error());
    return {};
  }
  const config::Sync* sync = workspace.project().sync(file->facts.sync);
  return {{sync}, request_for(*std::move(file))};
}

// Of these syncs, those whose models dbt has just made; what it could not make is printed, and `failed` set.
std::vector<const config::Sync*> made_by_dbt(const Globals& globals, const Workspace& workspace,
                                             const std::vector<const config::Sync*>& syncs, bool& failed) {
  std::vector<const config::Sync*> made;
  auto fresh = dbt::made_models(real_disk(), workspace.project());
  if (!fresh.ok()) {
    failed = true;
    print_error(globals, fresh.error());
    return made;
  }
  for (const auto* sync : syncs) {
    const auto found = fresh->find(*sync->model);
    if (found == fresh->end()) continue;
    if (found->second.ok) {
      made.push_back(sync);
      continue;
    }
    failed = true;
    print_error(globals, {ErrorKind::source,
                          fmt::format("{} does not run: dbt's last run of its model '{}' ended with {}{}",
                                      sync->name, *sync->model, found->second.status,
                                      found->second.message.empty() ? "" : ": " + found->second.message),
                          "mend the model in dbt, and run dbt again"});
  }
  return made;
}

int run(const Globals& globals, const RunOptionsGiven& given) {
  auto confirmed = parse_confirmed(given.confirm);
  if (!confirmed.ok()) return print_error(globals, confirmed.error());
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  auto [syncs, request] = given.plan.empty()
                              ? Asked{choose_syncs(globals, *workspace, given.syncs), given.request}
                              : asked_by_file(globals, *workspace, given);
  if (syncs.empty()) return kUsage;
  bool dbt_failed = false;
  if (given.after_dbt) {
    syncs = made_by_dbt(globals, *workspace, syncs, dbt_failed);
    if (syncs.empty() && !dbt_failed) say(globals, "dbt's last run made no model that a sync reads\n");
    if (syncs.empty()) return dbt_failed ? kFailed : kDone;
  }
  request.confirmed = *std::move(confirmed);
  auto session = Session::start(globals, *workspace);
  if (!session.ok()) return print_error(globals, session.error());
  ProgressDisplay display(globals, (*session)->loop());
  Results results(globals, **session);
  RunMetrics metrics(*workspace, given.metrics);
  auto parts = (*session)->parts([&](const RunProgress& progress) { display.show(progress); });
  metrics.listen(parts);
  RunAlerts alerts(globals, **session, *workspace, given.alert);
  const OnEnded on_ended = [&](const EndedSync& ended) {
    display.forget(ended.sync.name);
    metrics.add(ended);
    results.add(ended);
    alerts.add(ended);
  };
  (*session)->loop().run(run_many(std::move(parts), syncs, request, on_ended));
  // What was delivered was delivered: a file that cannot be written is told, and changes no exit code.
  if (auto written = metrics.write(); !written.ok()) print_error(globals, written.error());
  alerts.send();
  const int exit = results.exit();
  return dbt_failed && exit == kDone ? kFailed : exit;
}

CLI::Option* add_alert_flag(CLI::App& command, RunOptionsGiven& given) {
  return command.add_flag(
      "--alert", given.alert,
      "Afterwards tell the syncs' `alerts` what broke or is over; for runs that nobody watches");
}

void add_confirm(CLI::App& command, RunOptionsGiven& given) {
  command
      .add_option("--confirm", given.confirm,
                  "Pass these guards in this run, separated by commas; `all` for all of them")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("GUARD");
}

}  // namespace

void add_run(Door door) {
  auto* command = door.app.add_subcommand("run", "Plan and deliver: send what has changed");
  command->footer(
      "Exit codes: 0 all accepted, 1 failed, 2 configuration, 3 some rows rejected or invalid, 4 stopped by "
      "a guard.\n"
      "Examples:\n  penstock run\n  penstock run customers_to_crm --limit 10\n  penstock run "
      "customers_to_crm --baseline\n  penstock run customers_to_crm --confirm max_removed\n  penstock run "
      "--plan "
      "plan.parquet");
  auto given = std::make_shared<RunOptionsGiven>();
  add_selection(*command, given->syncs, "Syncs to run");
  auto* full = command->add_flag("--full", given->full, "Send every row again");
  auto* baseline =
      command->add_flag("--baseline", given->baseline, "Take the model as already sent; send nothing")
          ->excludes(full);
  auto* limit = command->add_option("--limit", given->request.limit, "Send at most so many rows")
                    ->check(CLI::PositiveNumber);
  auto* key = command
                  ->add_option("--key", given->request.key,
                               "Only this row; parts of a longer key separated by commas")
                  ->excludes(limit);
  auto* plan = command->add_option("--plan", given->plan,
                                   "Send exactly what this plan file says, or nothing if anything has moved");
  for (auto* other : {full, baseline, limit, key}) plan->excludes(other);
  command
      ->add_flag(
          "--after-dbt", given->after_dbt,
          "Only syncs whose dbt models the last dbt run has made; fail for those that it could not make")
      ->excludes(plan);
  add_confirm(*command, *given);
  command
      ->add_option("--metrics", given->metrics,
                   "Write metrics there when all is done, for the textfile collector of a node exporter; "
                   "counters go on from what the file holds")
      ->type_name("FILE");
  // A run of some rows says nothing about the others.
  add_alert_flag(*command, *given)->excludes(limit)->excludes(key);
  command->callback([door, given] {
    if (given->full) given->request.kind = RunKind::full;
    if (given->baseline) given->request.kind = RunKind::baseline;
    door.run = [door, given] { return run(door.globals, *given); };
  });
}

void add_retry(Door door) {
  auto* command = door.app.add_subcommand("retry", "Try waiting rows of a sync now");
  command->footer(
      "Rows that were refused wait until they change, or their time comes. This tries them at once,\n"
      "together with whatever else has changed.");
  auto given = std::make_shared<RunOptionsGiven>();
  command->add_option("SYNC", given->syncs, "The sync")->required();
  add_confirm(*command, *given);
  add_alert_flag(*command, *given);
  given->request.kind = RunKind::retry;
  command->callback([door, given] { door.run = [door, given] { return run(door.globals, *given); }; });
}

}  // namespace penstock::cli
