// status, runs, log, trace: what has happened.
#include <fmt/format.h>

#include "config/selection.h"
#include "declare/json.h"
#include "mcp/tools.h"
#include "recall/field_history.h"
#include "run/as_json.h"

namespace penstock::mcp {
namespace {

// {"name": [...]}
template <class Items, class Write>
std::string listed(std::string_view name, const Items& items, Write write) {
  declare::JsonWriter json;
  json.begin_object().key(name).begin_array();
  for (const auto& item : items) json.raw(write(item));
  return json.end_array().end_object().str();
}

}  // namespace

Result<std::string> status(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  auto syncs =
      config::select_syncs((*workspace)->project(), arguments.words("select"), config::Paused::included);
  if (!syncs.ok()) return syncs.error();
  auto store = (*workspace)->existing_runs();
  if (!store.ok()) return store.error();
  std::vector<SyncStatus> all;
  for (const auto* sync : *syncs) {
    auto one = sync_status(**workspace, *sync, *store ? &**store : nullptr);
    if (!one.ok()) return one.error();
    all.push_back(*std::move(one));
  }
  return listed("syncs", all, status_json);
}

Result<std::string> runs(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  const std::string name = arguments.text("sync");
  if (!name.empty())
    if (auto sync = known_sync(**workspace, name); !sync.ok()) return sync.error();
  auto store = (*workspace)->existing_runs();
  if (!store.ok()) return store.error();
  std::vector<RunRow> rows;
  if (*store) {
    auto found = (*store)->list(name, arguments.integer("limit"));
    if (!found.ok()) return found.error();
    rows = *std::move(found);
  }
  return listed("runs", rows, run_json);
}

Result<std::string> log(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  auto store = (*workspace)->existing_runs();
  if (!store.ok()) return store.error();
  const std::string id = arguments.text("run");
  auto run = *store ? (*store)->find(id) : Result<std::optional<RunRow>>(std::optional<RunRow>());
  if (!run.ok()) return run.error();
  if (!*run) return Error{ErrorKind::config, fmt::format("there is no run '{}'", id), "`runs` lists them"};
  const uint64_t limit = arguments.integer("limit");
  // One more than is shown, to know whether there are more.
  OperationFilter filter{.refused_only = !arguments.flag("all"), .key = {}, .limit = limit + 1};
  if (arguments.has("key")) filter.key = arguments.text("key");
  declare::JsonWriter json;
  json.begin_object().key("run").raw(run_json(**run)).key("operations").begin_array();
  uint64_t found = 0;
  const auto visited =
      for_each_operation(**workspace, (*run)->sync, id, filter, [&](const OperationRow& row) {
        if (++found <= limit) json.raw(operation_json(row));
      });
  if (!visited.ok()) return visited.error();
  return json.end_array().key("more").boolean(found > limit).end_object().str();
}

Result<std::string> trace(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  auto sync = known_sync(**workspace, arguments.text("sync"));
  if (!sync.ok()) return sync.error();
  if (arguments.has("field")) {
    const auto history = field_history(**workspace, **sync, arguments.text("key"), arguments.text("field"));
    if (!history.ok()) return history.error();
    return field_json(**sync, *history);
  }
  const auto traced = trace_key(**workspace, **sync, arguments.text("key"));
  if (!traced.ok()) return traced.error();
  return trace_json(**sync, *traced, parts.clock.now());
}

}  // namespace penstock::mcp
