// runs, trace, status: what has happened.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/field_view.h"
#include "cli/history_view.h"
#include "declare/json.h"
#include "run/history.h"

namespace penstock::cli {
namespace {

struct HistoryOptions {
  std::vector<std::string> syncs;
  std::string sync, key, field;
  uint64_t limit = 20;
};

Result<std::optional<RunStore>> store_of(const Workspace& workspace) {
  return workspace.existing_runs();
}

int runs(const Globals& globals, const HistoryOptions& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const std::string sync = given.syncs.empty() ? "" : given.syncs[0];
  if (!sync.empty() && known_sync(globals, *workspace, sync) == nullptr) return kUsage;
  auto store = store_of(*workspace);
  if (!store.ok()) return print_error(globals, store.error());
  std::vector<RunRow> rows;
  if (*store) {
    auto listed = (*store)->list(sync, given.limit);
    if (!listed.ok()) return print_error(globals, listed.error());
    rows = *std::move(listed);
  }
  if (globals.json)
    for (const auto& row : rows) fmt::print("{}\n", run_json(row));
  else if (rows.empty())
    say(globals, "nothing has run yet: penstock run\n");
  else
    fmt::print("{}", runs_table(rows, workspace->clock().now(), globals.terminal));
  return kDone;
}

int status(const Globals& globals, const HistoryOptions& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  auto syncs = choose_syncs(globals, *workspace, given.syncs, config::Paused::included);
  if (syncs.empty()) return kUsage;
  auto store = store_of(*workspace);
  if (!store.ok()) return print_error(globals, store.error());
  std::vector<SyncStatus> all;
  for (const auto* sync : syncs) {
    auto status = sync_status(*workspace, *sync, *store ? &**store : nullptr);
    if (!status.ok()) return print_error(globals, status.error());
    all.push_back(*std::move(status));
  }
  if (globals.json)
    for (const auto& one : all) fmt::print("{}\n", status_json(one));
  else
    fmt::print("{}", status_table(all, workspace->clock().now(), globals.terminal));
  return kDone;
}

int trace_field(const Globals& globals, const Workspace& workspace, const config::Sync& sync,
                const HistoryOptions& given) {
  const auto history = field_history(workspace, sync, given.key, given.field);
  if (!history.ok()) return print_error(globals, history.error());
  fmt::print("{}",
             globals.json ? field_json(sync, *history) + "\n" : field_text(sync, *history, globals.terminal));
  return kDone;
}

int trace(const Globals& globals, const HistoryOptions& given) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto* sync = known_sync(globals, *workspace, given.sync);
  if (sync == nullptr) return kUsage;
  if (!given.field.empty()) return trace_field(globals, *workspace, *sync, given);
  auto traced = trace_key(*workspace, *sync, given.key);
  if (!traced.ok()) return print_error(globals, traced.error());
  fmt::print("{}", globals.json ? trace_json(*sync, *traced, workspace->clock().now()) + "\n"
                                : trace_text(*sync, *traced, workspace->clock().now(), globals.terminal));
  return kDone;
}

}  // namespace

void add_runs(Door door) {
  auto* command = door.app.add_subcommand("runs", "List past runs, newest first");
  auto given = std::make_shared<HistoryOptions>();
  command->add_option("SYNC", given->syncs, "Only runs of this sync")->expected(0, 1);
  command->add_option("--limit", given->limit, "At most so many")->capture_default_str();
  command->callback([door, given] { door.run = [door, given] { return runs(door.globals, *given); }; });
}

void add_status(Door door) {
  auto* command =
      door.app.add_subcommand("status", "Show each sync: last run, freshness, waiting rows, next run");
  auto given = std::make_shared<HistoryOptions>();
  add_selection(*command, given->syncs, "Syncs to show");
  command->callback([door, given] { door.run = [door, given] { return status(door.globals, *given); }; });
}

void add_trace(Door door) {
  auto* command = door.app.add_subcommand(
      "trace", "Tell one row's history: what was sent, when, what came back, what happens next");
  command->footer(
      "Examples:\n  penstock trace customers_to_crm 42\n  penstock trace prices DE,4711\n"
      "  penstock trace customers_to_crm 42 --field tier");
  auto given = std::make_shared<HistoryOptions>();
  command->add_option("SYNC", given->sync, "The sync")->required();
  command->add_option("KEY", given->key, "The row's key; parts of a longer one separated by commas")
      ->required();
  command->add_option("--field", given->field,
                      "Only this field: each value, when, by which run, and what stood there before");
  command->callback([door, given] { door.run = [door, given] { return trace(door.globals, *given); }; });
}

}  // namespace penstock::cli
