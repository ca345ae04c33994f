// plan, run, retry: what would be sent, and sending it.
#include <fmt/format.h>

#include "config/selection.h"
#include "declare/json.h"
#include "deliver/accounts.h"
#include "mcp/tools.h"
#include "plan/guards.h"
#include "run/as_json.h"

namespace penstock::mcp {
namespace {

// What one call holds open: the project, its state, the way to destinations, the limits there.
struct Opened {
  std::unique_ptr<Workspace> workspace;
  std::vector<const config::Sync*> syncs;
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<Accounts> accounts;

  RunParts parts(const Call& call) const {
    return {call.parts.loop,   *client,          *workspace, call.parts.random,
            call.interruption, call.on_progress, nullptr,    accounts.get()};
  }
};

Result<Opened> open_for(const Call& call, const std::vector<std::string>& words) {
  Opened opened;
  auto workspace = open_project(call.parts);
  if (!workspace.ok()) return workspace.error();
  opened.workspace = *std::move(workspace);
  auto syncs = config::select_syncs(opened.workspace->project(), words);
  if (!syncs.ok()) return syncs.error();
  opened.syncs = *std::move(syncs);
  auto client = call.parts.connect(*opened.workspace);
  if (!client.ok()) return client.error();
  opened.client = *std::move(client);
  opened.accounts = std::make_unique<Accounts>(
      call.parts.loop, [state = &opened.workspace->state()](const std::string& account, bool many) {
        return state->spending(account, many);
      });
  return opened;
}

std::string failed_json(const std::string& sync, const Error& error,
                        const declare::Diagnostics& diagnostics) {
  declare::JsonWriter json;
  json.begin_object()
      .key("sync")
      .text(sync)
      .key("error")
      .raw(error_json(error))
      .key("problems")
      .begin_array();
  for (const auto& each : diagnostics.sorted()) json.raw(as_json(each));
  return json.end_array().end_object().str();
}

// The two lists that both tools answer with.
std::string two_lists(std::string_view name, const std::vector<std::string>& good,
                      const std::vector<std::string>& failed) {
  declare::JsonWriter json;
  json.begin_object().key(name).begin_array();
  for (const auto& one : good) json.raw(one);
  json.end_array().key("failed").begin_array();
  for (const auto& one : failed) json.raw(one);
  return json.end_array().end_object().str();
}

Task<Result<std::string>> send(Call call, std::vector<std::string> words, RunRequest request) {
  const auto confirm = call.arguments.words("confirm");
  auto confirmed = parse_confirmed(confirm);
  if (!confirmed.ok()) co_return confirmed.error();
  request.confirmed = *std::move(confirmed);
  auto opened = open_for(call, words);
  if (!opened.ok()) co_return opened.error();
  std::vector<std::string> results, failed;
  const OnEnded on_ended = [&results, &failed](const EndedSync& ended) {
    if (!ended.report)
      results.push_back(not_begun_json(ended));
    else if (ended.report->ok())
      results.push_back(report_json(**ended.report));
    else
      failed.push_back(failed_json(ended.sync.name, ended.report->error(), ended.diagnostics));
  };
  co_await run_many(opened->parts(call), opened->syncs, request, on_ended);
  co_return two_lists("results", results, failed);
}

}  // namespace

Task<Result<std::string>> plan(Call call) {
  RunRequest request;
  request.samples = call.arguments.integer("samples");
  request.before = call.arguments.flag("before");
  request.version = "penstock " + call.parts.version;
  if (call.arguments.has("key")) request.key = call.arguments.text("key");
  if (call.arguments.flag("full") && call.arguments.flag("retry"))
    co_return Error{ErrorKind::config, "`full` and `retry` exclude each other", "give one of them"};
  if (call.arguments.flag("full")) request.kind = RunKind::full;
  if (call.arguments.flag("retry")) request.kind = RunKind::retry;
  auto opened = open_for(call, call.arguments.words("select"));
  if (!opened.ok()) co_return opened.error();
  std::vector<std::string> plans, failed;
  for (const auto* sync : opened->syncs) {
    declare::Diagnostics diagnostics;
    auto planned = co_await plan_sync(opened->parts(call), *sync, request, diagnostics);
    if (!planned.ok()) {
      if (planned.error().kind == ErrorKind::interrupted) co_return planned.error();
      failed.push_back(failed_json(sync->name, planned.error(), diagnostics));
      continue;
    }
    if (!request.before) add_values_before(*opened->workspace, sync->name, planned->plan.samples);
    plans.push_back(plan_json(*planned));
  }
  co_return two_lists("plans", plans, failed);
}

Task<Result<std::string>> run(Call call) {
  RunRequest request;
  if (call.arguments.has("limit")) request.limit = call.arguments.integer("limit");
  if (call.arguments.has("key")) request.key = call.arguments.text("key");
  if (request.key && request.limit)
    co_return Error{ErrorKind::config, "`key` and `limit` exclude each other", "give one of them"};
  if (call.arguments.flag("full")) request.kind = RunKind::full;
  const auto words = call.arguments.words("select");
  if (words.empty())
    co_return Error{ErrorKind::config, "`select` names no sync", "name the syncs to run; * is all of them"};
  co_return co_await send(call, words, request);
}

Task<Result<std::string>> retry(Call call) {
  RunRequest request;
  request.kind = RunKind::retry;
  const std::vector<std::string> words = {call.arguments.text("sync")};
  co_return co_await send(call, words, request);
}

}  // namespace penstock::mcp
