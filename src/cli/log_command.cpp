// log: the operations of a run, or of many.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/points_in_time.h"
#include "run/as_json.h"
#include "run/history.h"

namespace penstock::cli {
namespace {

struct LogOptions {
  std::string run;
  std::vector<std::string> syncs;
  std::string key, outcome, error, text, since, until;
  bool rejected = false;
  std::optional<uint64_t> limit;
  uint64_t offset = 0;
};

constexpr uint64_t kRowsShown = 200;

Result<OperationFilter> filter_of(const Globals& globals, const LogOptions& given, Time now) {
  const auto wanted = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
  };
  OperationFilter filter{.refused_only = given.rejected,
                         .key = wanted(given.key),
                         .limit = given.limit.value_or(globals.json ? 0 : kRowsShown),
                         .offset = given.offset,
                         .outcome = wanted(given.outcome),
                         .error = wanted(given.error),
                         .text = wanted(given.text)};
  if (!given.since.empty()) {
    auto since = point_in_time("--since", given.since, now);
    if (!since.ok()) return since.error();
    filter.since = *since;
  }
  if (!given.until.empty()) {
    auto until = point_in_time("--until", given.until, now);
    if (!until.ok()) return until.error();
    filter.until = *until;
  }
  return filter;
}

std::string error_text(const OperationRow& row) {
  return shortened(
      row.error_code.empty() ? row.error_message : fmt::format("{}: {}", row.error_code, row.error_message),
      80);
}

// Prints operations as they come, or, for people, as a table at the end.
class Listing {
 public:
  Listing(const Globals& globals, bool of_one_run)
      : globals_(globals),
        of_one_run_(of_one_run),
        table_(of_one_run
                   ? std::vector<std::string>{"key", "operation", "outcome", "status", "attempt", "error"}
                   : std::vector<std::string>{"at", "sync", "run", "key", "operation", "outcome", "status",
                                              "error"}) {}
  void add(const OperationRow& row) {
    ++shown_;
    const std::string status = row.status == 0 ? "" : fmt::to_string(row.status);
    if (globals_.json)
      fmt::print("{}\n", operation_json(row));
    else if (of_one_run_)
      table_.add({row.key, row.operation, row.outcome, status, fmt::to_string(row.attempt), error_text(row)});
    else
      table_.add({row.at, row.sync, row.run, row.key, row.operation, row.outcome, status, error_text(row)});
  }
  void end(const OperationFilter& filter, const std::string& when_empty) {
    if (globals_.json) return;
    if (shown_ == 0)
      say(globals_, when_empty);
    else
      fmt::print("{}", table_.text(globals_.terminal));
    if (filter.limit > 0 && shown_ == filter.limit)
      say(globals_,
          fmt::format("({} shown; --offset {} for what follows, --limit for more at once, --json for all)\n",
                      shown_, filter.offset + shown_));
  }

 private:
  const Globals& globals_;
  bool of_one_run_;
  Table table_;
  uint64_t shown_ = 0;
};

int log_of_run(const Globals& globals, const Workspace& workspace, const LogOptions& given,
               const OperationFilter& filter) {
  auto store = workspace.existing_runs();
  if (!store.ok()) return print_error(globals, store.error());
  auto run = *store ? (*store)->find(given.run) : Result<std::optional<RunRow>>(std::optional<RunRow>());
  if (!run.ok()) return print_error(globals, run.error());
  if (!*run)
    return print_error(globals, {ErrorKind::config, fmt::format("there is no run '{}'", given.run),
                                 "`penstock runs` lists them"});
  Listing listing(globals, true);
  auto visited = for_each_operation(workspace, (*run)->sync, given.run, filter,
                                    [&](const OperationRow& row) { listing.add(row); });
  if (!visited.ok()) return print_error(globals, visited.error());
  listing.end(filter,
              given.rejected ? "no row of this run was refused\n" : "this run sent nothing of that kind\n");
  return kDone;
}

int log_of_syncs(const Globals& globals, const Workspace& workspace, const LogOptions& given,
                 const OperationFilter& filter) {
  const auto syncs = choose_syncs(globals, workspace, given.syncs, config::Paused::included);
  if (syncs.empty()) return kUsage;
  std::vector<std::string> names;
  for (const auto* sync : syncs) names.push_back(sync->name);
  Listing listing(globals, false);
  auto visited =
      for_each_operation(workspace, names, filter, [&](const OperationRow& row) { listing.add(row); });
  if (!visited.ok()) return print_error(globals, visited.error());
  listing.end(filter, "no operation that is still kept is of that kind\n");
  return kDone;
}

int log(const Globals& globals, const LogOptions& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto filter = filter_of(globals, given, workspace->clock().now());
  if (!filter.ok()) return print_error(globals, filter.error());
  if (given.run.empty()) return log_of_syncs(globals, *workspace, given, *filter);
  return log_of_run(globals, *workspace, given, *filter);
}

}  // namespace

void add_log(Door door) {
  auto* command = door.app.add_subcommand(
      "log",
      "List operations, each row and what became of it: of a run, or across runs with the newest first");
  command->footer(
      "Examples:\n  penstock log 20261123-141311-x7k2 --rejected\n  penstock log --sync customers_to_crm "
      "--since 7d "
      "--error INVALID_EMAIL\n  penstock log --key 42\n  penstock log 20261123-141311-x7k2 --json | jq "
      ".error");
  auto given = std::make_shared<LogOptions>();
  auto* run =
      command->add_option("RUN", given->run, "The run's id; without one, all runs that are still kept");
  command->add_option("--sync", given->syncs, "Only of these syncs, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("SYNC")
      ->excludes(run);
  command->add_flag("--rejected", given->rejected,
                    "Only rows that were refused, are in doubt, or were not delivered");
  command->add_option("--outcome", given->outcome, "Only rows with this outcome")
      ->check(CLI::IsMember({"accepted", "rejected", "skipped", "in_doubt", "failed"}));
  command->add_option("--error", given->error, "Only rows with this error code")->type_name("CODE");
  command->add_option("--key", given->key, "Only this key, as it is shown");
  command->add_option("--search", given->text, "Only rows with this text in the key or in the error");
  command
      ->add_option("--since", given->since, "Not before: 7d, 2h (ago), or 2026-11-23, or 2026-11-23T14:00Z")
      ->type_name("TIME");
  command->add_option("--until", given->until, "Before that time")->type_name("TIME");
  command->add_option("--limit", given->limit, "At most so many rows (200, with --json all)")
      ->check(CLI::PositiveNumber);
  command->add_option("--offset", given->offset, "Pass over so many first");
  command->callback([door, given] { door.run = [door, given] { return log(door.globals, *given); }; });
}

}  // namespace penstock::cli
