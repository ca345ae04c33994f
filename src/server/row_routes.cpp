// Rows of a sync: what waits for a person, one row's story, and what became of those in doubt.
#include <fmt/format.h>

#include <algorithm>

#include "config/selection.h"
#include "run/as_json.h"
#include "run/doubt.h"
#include "run/refused.h"
#include "server/body.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

struct Reason {
  RefusedGroup group;
  std::string run;  // the newest that met it; empty: longer ago than is looked back
  Time since{};
};

bool is_same(const RefusedGroup& one, const RefusedGroup& other) {
  return one.code == other.code && one.outcome == other.outcome &&
         (!one.code.empty() || one.message == other.message);
}

// What the last runs met, the newest first; of each reason the newest run, and since when it is met.
std::vector<Reason> met_by_runs(const Workspace& workspace, const std::vector<RunRow>& runs) {
  std::vector<Reason> met;
  for (const auto& run : runs) {
    if (run.rejected + run.in_doubt + run.failed == 0) continue;
    const std::string file = workspace.paths().operations(run.sync, run.run);
    if (!workspace.disk().bring(file).ok()) continue;
    for (auto& group : refused_groups(file)) {
      const auto known =
          std::ranges::find_if(met, [&](const Reason& one) { return is_same(one.group, group); });
      if (known == met.end())
        met.push_back({std::move(group), run.run, run.started});
      else
        known->since = run.started;
    }
  }
  return met;
}

// Of these only what still waits, with all rows that do, whichever run refused them. Rows that were not
// delivered do not wait: they are those of the last run.
Result<std::vector<Reason>> still_waiting(const Workspace& workspace, const config::Sync& sync,
                                          std::vector<Reason> met, const std::string& last_run) {
  auto waiting = waiting_groups(workspace, sync.name);
  if (!waiting.ok()) return waiting.error();
  std::vector<Reason> reasons;
  for (auto& group : *waiting) {
    const auto known = std::ranges::find_if(met, [&](const Reason& one) {
      return one.group.code == group.refused.code && one.group.outcome == group.refused.outcome;
    });
    reasons.push_back({std::move(group.refused), known == met.end() ? "" : known->run, group.since});
  }
  for (auto& one : met)
    if (one.group.outcome == "failed" && one.run == last_run) reasons.push_back(std::move(one));
  return reasons;
}

void add_reason(JsonWriter& json, const Reason& reason) {
  json.begin_object();
  json.members(refused_json(reason.group));
  json.key("outcome").text(reason.group.outcome).key("since").text(iso8601(reason.since));
  json.text_if("run", reason.run).end_object();
}

}  // namespace

ServerReply list_refused(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* sync = loaded->project().sync(call.name());
  if (sync == nullptr) return not_found("sync", call.name(), config::names_of(loaded->project().syncs));
  auto store = loaded->workspace->existing_runs();
  if (!store.ok()) return problem(store.error());
  auto runs = *store ? (*store)->list(sync->name, Standings::kRuns)
                     : Result<std::vector<RunRow>>(std::vector<RunRow>());
  if (!runs.ok()) return problem(runs.error());
  auto met = met_by_runs(*loaded->workspace, *runs);
  // Those that wait are known here only of syncs that are planned here.
  if (sync->planner != config::Planner::warehouse) {
    auto reasons =
        still_waiting(*loaded->workspace, *sync, std::move(met), runs->empty() ? "" : runs->front().run);
    if (!reasons.ok()) return problem(reasons.error());
    met = *std::move(reasons);
  }
  JsonWriter json;
  json.begin_array();
  for (const auto& one : met) add_reason(json, one);
  return json_reply(json.end_array());
}

ServerReply trace_row(Call& call) {
  const auto loaded = call.site.loaded();
  const auto* sync = loaded->project().sync(call.name());
  if (sync == nullptr) return not_found("sync", call.name(), config::names_of(loaded->project().syncs));
  const auto trace = trace_key(*loaded->workspace, *sync, call.path.find("key")->second);
  if (!trace.ok()) return problem(trace.error());
  return json_reply(trace_json(*sync, *trace, real_clock().now()));
}

ServerReply settle_rows(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto written = body->boolean("written");
  const auto keys = body->texts("keys");
  if (auto checked = body->check({"written"}); !checked.ok()) return problem(checked.error());
  const auto loaded = call.site.loaded();
  const auto* sync = loaded->project().sync(call.name());
  if (sync == nullptr) return not_found("sync", call.name(), config::names_of(loaded->project().syncs));
  // No key at all is all of them; an empty list is a mistake of a program.
  if (body->has("keys") && keys.empty())
    return problem(400, "config", "'keys' is empty",
                   "name the rows, or leave it out for all that are in doubt");
  auto settled = settle_doubt(*loaded->workspace, *sync, keys,
                              *written ? DoubtVerdict::written : DoubtVerdict::not_written);
  if (!settled.ok()) return problem(settled.error());
  call.site.standings.forget(sync->name);
  note(call, "sync.settle",
       fmt::format("{}: {} {}", sync->name, settled->keys.size(), *written ? "written" : "not written"));
  JsonWriter json;
  json.begin_object();
  add_texts(json, "keys", settled->keys);
  add_texts(json, "notes", settled->notes);
  return json_reply(json.end_object());
}

}  // namespace penstock::server
