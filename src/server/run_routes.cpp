// Runs: start, follow, cancel, look back.
#include <fmt/format.h>
#include <simdjson.h>

#include <set>

#include "plan/guards.h"
#include "run/as_json.h"
#include "run/refused.h"
#include "server/body.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/site.h"

namespace penstock::server {
namespace {

using declare::JsonWriter;

// What the queue knows of a run, where it still does.
std::optional<QueuedRun> asked_for(Call& call, const std::string& run) {
  auto found = call.site.service.queue().find(run);
  return found.ok() ? *std::move(found) : std::nullopt;
}

Result<std::optional<RunRow>> row_of(const Workspace& workspace, const std::string& run) {
  auto store = workspace.existing_runs();
  if (!store.ok()) return store.error();
  if (!*store) return std::optional<RunRow>();
  return (*store)->find(run);
}

// Of runs whose report is not there: they were started by a command, or long ago.
void add_refused(JsonWriter& json, const Workspace& workspace, const RunRow& run) {
  const std::string file = workspace.paths().operations(run.sync, run.run);
  if (run.rejected + run.in_doubt + run.failed == 0 || !workspace.disk().bring(file).ok()) return;
  json.key("refused").begin_array();
  for (const auto& group : refused_groups(file)) json.raw(refused_json(group));
  json.end_array();
}

// What the report kept besides the counts: a JSON object's members that the API has.
void add_report(JsonWriter& json, const std::string& report) {
  simdjson::dom::parser parser;
  simdjson::dom::element all;
  if (parser.parse(report).get(all) != simdjson::SUCCESS) return;
  const auto copy = [&](const char* from, const char* to) {
    simdjson::dom::element value;
    if (all[from].get(value) == simdjson::SUCCESS) json.key(to).raw(simdjson::to_string(value));
  };
  copy("refused", "refused");
  copy("invalid_rows", "invalid_rows");
  copy("notes", "notes");
  copy("stopped_by", "guard");
  simdjson::dom::object stages;
  if (all["stages"].get(stages) != simdjson::SUCCESS) return;
  json.key("stages").begin_array();
  for (const auto [name, cost] : stages) {
    double seconds = 0;
    if (cost["seconds"].get(seconds) != simdjson::SUCCESS) continue;
    json.begin_object()
        .key("stage")
        .text(name)
        .key("seconds")
        .raw(fmt::format("{:.3f}", seconds))
        .end_object();
  }
  json.end_array();
}

}  // namespace

ServerReply list_runs(Call& call) {
  const auto loaded = call.site.loaded();
  const std::string sync = call.text("sync"), status = call.text("status"), before = call.text("before");
  const uint64_t limit = call.limit(50);
  JsonWriter json;
  json.begin_array();
  uint64_t shown = 0;
  std::set<std::string> open_here;
  if (before.empty()) {
    auto open = call.site.service.queue().open_runs();
    if (!open.ok()) return problem(open.error());
    for (auto run = open->rbegin(); run != open->rend() && shown < limit; ++run) {
      open_here.insert(run->run);
      const char* now = run->state == QueuedRun::State::queued ? "queued" : "running";
      if ((!sync.empty() && run->sync != sync) || (!status.empty() && status != now)) continue;
      json.raw(open_run_json(*run));
      ++shown;
    }
  }
  auto store = loaded->workspace->existing_runs();
  if (!store.ok()) return problem(store.error());
  // The id begins with the time, and so orders as the runs do.
  auto rows = *store ? (*store)->list(sync, before.empty() && status.empty() ? limit : 10'000)
                     : Result<std::vector<RunRow>>(std::vector<RunRow>());
  if (!rows.ok()) return problem(rows.error());
  for (const auto& row : *rows) {
    if (shown >= limit) break;
    if (open_here.contains(row.run) || (!status.empty() && row.status != status)) continue;
    if (!before.empty() && row.run >= before) continue;
    json.raw(run_row_json(row, nullptr));
    ++shown;
  }
  return json_reply(json.end_array());
}

ServerReply start_run(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  service::RunAsk ask;
  std::string sync = body->text("sync").value_or("");
  const std::string plan = body->text("plan").value_or("");
  auto kind = service::kind_named(body->text("kind").value_or("run"));
  const auto limit = body->integer("limit");
  ask.key = body->text("key");
  auto confirmed = parse_confirmed(body->texts("confirm"));
  if (auto checked = body->check(); !checked.ok()) return problem(checked.error());
  if (!kind.ok()) return problem(kind.error());
  if (!confirmed.ok()) return problem(confirmed.error());
  if (limit && *limit < 1) return problem(400, "config", "'limit' must be 1 or more");
  ask.kind = *kind;
  ask.confirm = *std::move(confirmed);
  if (limit) ask.limit = static_cast<uint64_t>(*limit);
  if (!plan.empty()) {
    const auto kept = call.site.plans.find(plan);
    if (kept == nullptr) return not_found("plan", plan);
    if (kept->state != KeptPlan::State::ready)
      return problem(409, "conflict", "this plan is not complete", "wait until its state is ready");
    if (!sync.empty() && sync != kept->sync)
      return problem(400, "config", fmt::format("this plan is of '{}'", kept->sync), "leave out 'sync'");
    ask.plan = plan_file_name(kept->id);
    sync = kept->sync;
  }
  if (sync.empty()) return problem(400, "config", "'sync' is missing", "name the sync, or send a 'plan'");
  const auto loaded = call.site.loaded();
  if (loaded->project().sync(sync) == nullptr) return not_found("sync", sync);
  const std::string* once = call.request.header("Idempotency-Key");
  auto put = call.site.service.ask(sync, ask, call.who.shown(),
                                   once == nullptr ? "" : fmt::format("{} {}", call.who.shown(), *once));
  if (!put.ok()) return problem(put.error());
  note(call, "run.start", fmt::format("{} {}", sync, put->run.run));
  if (!plan.empty()) call.site.plans.note_run(plan, put->run.run);
  if (put->run.state == QueuedRun::State::ended) {
    const auto row = row_of(*loaded->workspace, put->run.run);
    if (row.ok() && *row) return json_reply(run_row_json(**row, &put->run), 202);
  }
  return json_reply(open_run_json(put->run), 202);
}

ServerReply get_run(Call& call) {
  const auto loaded = call.site.loaded();
  const auto asked = asked_for(call, call.id());
  const auto row = row_of(*loaded->workspace, call.id());
  if (!row.ok()) return problem(row.error());
  if (!*row && !asked) return not_found("run", call.id());
  const bool is_open = asked && asked->state != QueuedRun::State::ended;
  JsonWriter json;
  json.begin_object();
  std::string run;
  if (is_open || !*row) {
    run = open_run_json(*asked);
    if (!is_open)  // it never began
      run = ended_run_json(*asked, Error{ErrorKind::interrupted, "it was cancelled before it began", ""});
  } else {
    run = run_row_json(**row, asked ? &*asked : nullptr);
  }
  json.members(run);
  // What was heard last of a run that is over says nothing any more.
  if (const auto progress = call.site.service.progress(call.id()); progress && is_open)
    json.key("progress").raw(progress_json(call.id(), *progress));
  if (asked && !asked->report.empty())
    add_report(json, asked->report);
  else if (*row)
    add_refused(json, *loaded->workspace, **row);
  return json_reply(json.end_object());
}

ServerReply cancel_run(Call& call) {
  const auto asked = asked_for(call, call.id());
  if (!asked) return not_found("run", call.id());
  auto told = call.site.service.cancel(call.id());
  if (!told.ok()) return problem(told.error());
  if (!*told) return problem(409, "conflict", "this run is over already");
  note(call, "run.cancel", call.id());
  return json_reply(open_run_json(*asked), 202);
}

ServerReply list_operations(Call& call) {
  const auto loaded = call.site.loaded();
  const auto row = row_of(*loaded->workspace, call.id());
  if (!row.ok()) return problem(row.error());
  if (!*row) return not_found("run", call.id());
  const auto given = [&](const char* name) -> std::optional<std::string> {
    auto text = call.request.parameter(name);
    return text && !text->empty() ? text : std::nullopt;
  };
  OperationFilter filter;
  filter.outcome = given("outcome");
  filter.refused_only = filter.outcome == "refused";
  if (filter.refused_only) filter.outcome.reset();
  filter.key = given("key");
  filter.error = given("error");
  filter.text = given("search");
  filter.limit = call.limit(200);
  filter.offset = std::strtoull(call.text("after").c_str(), nullptr, 10);
  const Workspace& workspace = *loaded->workspace;
  const auto total = count_operations(workspace, (*row)->sync, call.id(), filter);
  if (!total.ok()) return problem(total.error());
  JsonWriter json;
  json.begin_object().key("operations").begin_array();
  const auto visited =
      for_each_operation(workspace, (*row)->sync, call.id(), filter,
                         [&](const OperationRow& operation) { json.raw(operation_json(operation)); });
  if (!visited.ok()) return problem(visited.error());
  json.end_array();
  add_number(json, "total", *total);
  if (filter.offset + filter.limit < *total)
    json.key("next").text(fmt::to_string(filter.offset + filter.limit));
  return json_reply(json.end_object());
}

ServerReply follow_events(Call& call) {
  JsonWriter hello;
  hello.begin_object().key("version").text(call.site.version);
  hello.key("loaded").text(iso8601(call.site.loaded()->at)).end_object();
  ServerReply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
  reply.stream = call.site.events.follow(call.text("run"), hello.str());
  return reply;
}

}  // namespace penstock::server
