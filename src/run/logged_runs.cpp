#include "run/logged_runs.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "declare/json.h"
#include "log/log.h"
#include "run/prepare.h"
#include "sync_log/sync_log.h"

namespace penstock {
namespace {

constexpr uint64_t kRunsLookedAt = 2000;
constexpr size_t kRunsWrittenMax = 100;

std::string mark_file(const Workspace& workspace, const std::string& sync) {
  return join_path(workspace.paths().sync(sync), "logged.json");
}

// The last run that was written; empty: none was.
Result<std::string> last_written_run(const Workspace& workspace, const std::string& sync) {
  const std::string file = mark_file(workspace, sync);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (!*there) return std::string();
  const auto text = workspace.disk().read(file);
  if (!text.ok()) return text.error();
  simdjson::dom::parser parser;
  std::string_view through;
  if (parser.parse(*text)["through"].get(through) != simdjson::SUCCESS)
    return Error{ErrorKind::disk, fmt::format("{} is damaged", file),
                 "remove it: the next run is then the first that "
                 "is written to the warehouse"};
  return std::string(through);
}

Result<void> remember_written_run(const Workspace& workspace, const std::string& sync,
                                  const std::string& run) {
  declare::JsonWriter json;
  json.begin_object().key("version").integer(1).key("through").text(run).end_object();
  return workspace.disk().replace(mark_file(workspace, sync), json.str() + "\n");
}

// Oldest first: runs after `through` that have ended.
Result<std::vector<RunRow>> runs_to_write(const Workspace& workspace, const std::string& sync,
                                          const std::string& run, const std::string& through) {
  std::vector<RunRow> wanted;
  auto store = workspace.existing_runs();
  if (!store.ok()) return store.error();
  if (!*store) return wanted;
  auto runs = (*store)->list(sync, kRunsLookedAt);
  if (!runs.ok()) return runs.error();
  for (auto& one : *runs) {
    if (one.run == through) break;
    if (through.empty() && one.run != run) continue;
    if (one.finished) wanted.push_back(std::move(one));
  }
  std::reverse(wanted.begin(), wanted.end());
  if (wanted.size() > kRunsWrittenMax) wanted.resize(kRunsWrittenMax);
  return wanted;
}

Result<LoggedRun> logged(const Workspace& workspace, RunRow run) {
  LoggedRun logged{.run = std::move(run), .operations = ""};
  const std::string file = workspace.paths().operations(logged.run.sync, logged.run.run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (!*there) return logged;
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  logged.operations = file;
  return logged;
}

Result<void> write_runs(const Workspace& workspace, const std::string& sync, const std::string& run) {
  const config::Project& project = workspace.project();
  // A run whose jobs go on at the destination has not come to its end: it is written with what ends it.
  const auto unsettled = needs_recovery(workspace.disk(), workspace.paths(), sync);
  if (!unsettled.ok() || *unsettled) return unsettled.ok() ? success() : Result<void>(unsettled.error());
  const auto through = last_written_run(workspace, sync);
  if (!through.ok()) return through.error();
  auto runs = runs_to_write(workspace, sync, run, *through);
  if (!runs.ok()) return runs.error();
  if (runs->empty()) return success();
  const config::Source* source = project.source(*project.sync_log->source);
  auto tables =
      open_log_tables(*source, *project.sync_log->schema, workspace.resolver(), open_options(workspace));
  if (!tables.ok()) return tables.error();
  if (auto prepared = (*tables)->prepare(); !prepared.ok()) return prepared;
  for (auto& one : *runs) {
    const std::string name = one.run;
    auto with_operations = logged(workspace, std::move(one));
    if (!with_operations.ok()) return with_operations.error();
    if (auto written = (*tables)->write(project.name, *with_operations); !written.ok()) return written;
    if (auto kept = remember_written_run(workspace, sync, name); !kept.ok()) return kept;
  }
  return success();
}

}  // namespace

void write_sync_log(const Workspace& workspace, const std::string& sync, const std::string& run,
                    std::vector<std::string>& notes) {
  if (!workspace.project().sync_log) return;
  const auto written = write_runs(workspace, sync, run);
  if (written.ok()) return;
  const std::string& source = *workspace.project().sync_log->source;
  notes.push_back(
      fmt::format("this run could not be written to the log in '{}': {} (it goes there with the next run)",
                  source, written.error().message));
  log::event(log::Level::warning, "sync_log_failed",
             {{"sync", sync}, {"run", run}, {"source", source}, {"error", written.error().message}});
}

}  // namespace penstock
