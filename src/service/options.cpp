#include "service/options.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "declare/json.h"
#include "run/reviewed_plan.h"

namespace penstock::service {
namespace {

// Throws simdjson_error for what is not there as it should be.
RunAsk ask_in(const std::string& json) {
  RunAsk ask;
  simdjson::dom::parser parser;
  const simdjson::dom::element all = parser.parse(json);
  uint64_t limit = 0;
  if (all["limit"].get(limit) == simdjson::SUCCESS) ask.limit = limit;
  std::string_view text;
  if (all["key"].get(text) == simdjson::SUCCESS) ask.key = std::string(text);
  if (all["plan"].get(text) == simdjson::SUCCESS) ask.plan = text;
  simdjson::dom::array confirm;
  if (all["confirm"].get(confirm) == simdjson::SUCCESS)
    for (const simdjson::dom::element one : confirm) ask.confirm.emplace_back(std::string_view(one));
  return ask;
}

}  // namespace

std::string options_json(const RunAsk& ask) {
  declare::JsonWriter json;
  json.begin_object();
  if (ask.limit) json.key("limit").integer(static_cast<int64_t>(*ask.limit));
  if (ask.key) json.key("key").text(*ask.key);
  json.text_if("plan", ask.plan);
  if (!ask.confirm.empty()) {
    json.key("confirm").begin_array();
    for (const auto& guard : ask.confirm) json.text(guard);
    json.end_array();
  }
  return json.end_object().str();
}

Result<RunKind> kind_named(std::string_view name) {
  for (const RunKind kind : {RunKind::usual, RunKind::full, RunKind::baseline, RunKind::retry})
    if (name == penstock::name_of(kind)) return kind;
  return Error{ErrorKind::config, fmt::format("there is no kind of run '{}'", name),
               "use run, full, baseline or retry"};
}

Result<RunRequest> request_of(const QueuedRun& run, const Workspace& workspace) {
  RunAsk ask;
  try {
    ask = ask_in(run.options.empty() ? "{}" : run.options);
  } catch (const simdjson::simdjson_error&) {
    return Error{ErrorKind::config, fmt::format("what run {} was asked for cannot be read", run.run),
                 "ask for it again"};
  }
  RunRequest request;
  if (!ask.plan.empty()) {
    const bool is_path = ask.plan.starts_with('/');
    auto file = open_plan_file(workspace, is_path ? ask.plan : join_path(workspace.paths().root, ask.plan));
    if (!file.ok()) return file.error();
    request = request_for(*std::move(file));
  } else {
    auto kind = kind_named(run.kind);
    if (!kind.ok()) return kind.error();
    request.kind = *kind;
    request.limit = ask.limit;
    request.key = ask.key;
  }
  request.confirmed = ask.confirm;
  request.id = run.run;
  return request;
}

}  // namespace penstock::service
