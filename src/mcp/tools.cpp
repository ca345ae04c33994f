#include "mcp/tools.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "declare/nearest.h"

namespace penstock::mcp {
namespace {

constexpr std::string_view kSelect =
    "Which syncs: names, patterns such as crm_*, or tag:X, destination:X, source:X, model:X, owner:X. Any of "
    "several "
    "words is enough; of parts joined by commas all must hold. All syncs that are not paused when not given.";
constexpr std::string_view kKey = "The row's primary key; parts of a longer key separated by commas";
constexpr std::string_view kConfirm =
    "Guards that a person has agreed to pass in this run, by their names, such as max_removed. Never pass "
    "one without "
    "being asked to.";

Parameter select_parameter() {
  return {.name = "select", .kind = Kind::words, .help = kSelect};
}
Parameter one_sync(bool required, std::string_view help = "The sync's name") {
  return {.name = "sync", .help = help, .required = required};
}
Parameter number(std::string_view name, std::string_view help, int64_t by_default, int64_t most) {
  return {
      .name = name, .kind = Kind::integer, .help = help, .least = 1, .most = most, .by_default = by_default};
}
Parameter flag(std::string_view name, std::string_view help) {
  return {.name = name, .kind = Kind::flag, .help = help};
}

constexpr std::string_view kObjects =
    R"({"type":"object","properties":{"project":{"type":"string"},"syncs":{"type":"array","items":{"type":"object","properties":{"sync":{"type":"string"}},"required":["sync"]}}},"required":["syncs"]})";
constexpr std::string_view kSync =
    R"({"type":"object","properties":{"sync":{"type":"string"},"model":{"type":"object"},"destination":{"type":"object"},"fields":{"type":"array","items":{"type":"object"}}},"required":["sync","model","destination","fields"]})";
constexpr std::string_view kValidated =
    R"({"type":"object","properties":{"ok":{"type":"boolean"},"errors":{"type":"integer"},"warnings":{"type":"integer"},"problems":{"type":"array","items":{"type":"object"}}},"required":["ok","errors","warnings","problems"]})";
constexpr std::string_view kRows =
    R"({"type":"object","properties":{"columns":{"type":"array","items":{"type":"object"}},"rows":{"type":"array","items":{"type":"object"}}},"required":["columns","rows"]})";
constexpr std::string_view kDiscovered =
    R"({"type":"object","properties":{"objects":{"type":"array","items":{"type":"string"}},"fields":{"type":"array","items":{"type":"object"}},"tables":{"type":"array","items":{"type":"object"}},"columns":{"type":"array","items":{"type":"object"}}}})";
constexpr std::string_view kRuns =
    R"({"type":"object","properties":{"runs":{"type":"array","items":{"type":"object"}}},"required":["runs"]})";
constexpr std::string_view kLog =
    R"({"type":"object","properties":{"run":{"type":"object"},"operations":{"type":"array","items":{"type":"object"}},"more":{"type":"boolean"}},"required":["run","operations","more"]})";
constexpr std::string_view kTrace =
    R"({"type":"object","properties":{"sync":{"type":"string"},"key":{"type":"string"}},"required":["sync","key"]})";
constexpr std::string_view kPlans =
    R"({"type":"object","properties":{"plans":{"type":"array","items":{"type":"object"}},"failed":{"type":"array","items":{"type":"object"}}},"required":["plans","failed"]})";
constexpr std::string_view kResults =
    R"({"type":"object","properties":{"results":{"type":"array","items":{"type":"object"}},"failed":{"type":"array","items":{"type":"object"}}},"required":["results","failed"]})";

std::vector<Tool> project_tools() {
  return {{.name = "list_syncs",
           .title = "List syncs",
           .description =
               "The syncs of the project: which model goes to which destination, how, when, and whose it is.",
           .parameters = {select_parameter()},
           .output = kObjects,
           .ask = list_syncs},
          {.name = "show_sync",
           .title = "Show a sync",
           .description =
               "One sync with its mapping, its model with the SQL, and the files in which they are written.",
           .parameters = {one_sync(true)},
           .output = kSync,
           .ask = show_sync},
          {.name = "validate",
           .title = "Validate the project",
           .description = "Reads all files of the project and tells everything that is wrong with them, each "
                          "with file, line, column, "
                          "what was expected and a remedy. Call it after every change of a file.",
           .parameters = {select_parameter()},
           .output = kValidated,
           .ask = validate},
          {.name = "preview_model",
           .title = "Preview a model",
           .description =
               "The first rows of a model, with its columns and their types. Personal columns are masked.",
           .effect = Effect::asks,
           .parameters = {{.name = "model", .help = "The model's name", .required = true},
                          number("rows", "How many rows", 10, 100)},
           .output = kRows,
           .ask = preview_model},
          {.name = "discover",
           .title = "Discover objects and fields",
           .description = "What a destination or a source has: its objects or tables, or with `object` the "
                          "fields or columns "
                          "of one.",
           .effect = Effect::asks,
           .parameters = {{.name = "name", .help = "The destination or source", .required = true},
                          {.name = "object", .help = "The object or table"}},
           .output = kDiscovered,
           .act = discover}};
}

std::vector<Tool> history_tools() {
  return {
      {.name = "status",
       .title = "Status",
       .description =
           "How each sync stands: last run, freshness, rows that are there, that wait, and in doubt.",
       .parameters = {select_parameter()},
       .output = kObjects,
       .ask = status},
      {.name = "runs",
       .title = "Past runs",
       .description = "Past runs, newest first, with their counts and errors.",
       .parameters = {one_sync(false, "Only runs of this sync"), number("limit", "At most so many", 20, 500)},
       .output = kRuns,
       .ask = runs},
      {.name = "log",
       .title = "Rows of a run",
       .description =
           "Rows of one run with what became of each: those that were refused, in doubt or not delivered, "
           "or with `all` every one.",
       .parameters = {{.name = "run", .help = "The run's id, as `runs` lists it", .required = true},
                      flag("all", "Also rows that were accepted"),
                      {.name = "key", .help = "Only this row"},
                      number("limit", "At most so many rows", 50, 1000)},
       .output = kLog,
       .ask = log},
      {.name = "trace",
       .title = "Trace a row",
       .description =
           "One row's history across runs: payloads, requests, replies, where it stands and what happens "
           "next. With `field` the history of that field alone.",
       .parameters = {one_sync(true),
                      {.name = "key", .help = kKey, .required = true},
                      {.name = "field", .help = "Only this field"}},
       .output = kTrace,
       .ask = trace}};
}

std::vector<Tool> run_tools() {
  return {
      {.name = "plan",
       .title = "Plan",
       .description =
           "What a run would send, without sending anything: counts, samples with the values before and "
           "after, requests, time, and guards that would stop it. Call it before `run`.",
       .effect = Effect::asks,
       .parameters = {select_parameter(),
                      {.name = "key", .help = kKey},
                      number("samples", "Rows of each kind to show", 5, 50),
                      flag("full", "As if every row were sent again"),
                      flag("retry", "As if waiting rows were tried now"),
                      flag("before", "Read what the destination holds now, and compare with that")},
       .output = kPlans,
       .act = plan},
      {.name = "run",
       .title = "Run",
       .description =
           "Sends what has changed to the destination. It writes to real records. Plan first, and run only "
           "what a person asked for.",
       .effect = Effect::writes,
       .parameters = {{.name = "select", .kind = Kind::words, .help = kSelect, .required = true},
                      {.name = "key", .help = kKey},
                      {.name = "limit",
                       .kind = Kind::integer,
                       .help = "Send at most so many rows",
                       .least = 1,
                       .most = 1'000'000'000},
                      flag("full", "Send every row again"),
                      {.name = "confirm", .kind = Kind::words, .help = kConfirm}},
       .output = kResults,
       .act = run},
      {.name = "retry",
       .title = "Retry waiting rows",
       .description =
           "Tries rows of a sync that were refused and wait, together with whatever else has changed. It "
           "writes to real records.",
       .effect = Effect::writes,
       .parameters = {one_sync(true), {.name = "confirm", .kind = Kind::words, .help = kConfirm}},
       .output = kResults,
       .act = retry}};
}

void tool_json(declare::JsonWriter& json, const Tool& tool) {
  json.begin_object().key("name").text(tool.name).key("title").text(tool.title);
  json.key("description").text(tool.description);
  json.key("inputSchema").raw(input_schema(tool.parameters)).key("outputSchema").raw(tool.output);
  const bool writes = tool.effect == Effect::writes;
  json.key("annotations").begin_object().key("title").text(tool.title);
  json.key("readOnlyHint").boolean(!writes);
  if (writes) json.key("destructiveHint").boolean(true).key("idempotentHint").boolean(true);
  json.key("openWorldHint").boolean(tool.effect != Effect::reads);
  json.end_object().end_object();
}

}  // namespace

const std::vector<Tool>& tools() {
  static const std::vector<Tool> all = [] {
    std::vector<Tool> tools = project_tools();
    for (auto& tool : history_tools()) tools.push_back(std::move(tool));
    for (auto& tool : run_tools()) tools.push_back(std::move(tool));
    return tools;
  }();
  return all;
}

const Tool* find_tool(std::string_view name) {
  const auto found =
      std::find_if(tools().begin(), tools().end(), [&](const Tool& tool) { return tool.name == name; });
  return found == tools().end() ? nullptr : &*found;
}

std::string list_tools(const Peer& peer) {
  declare::JsonWriter json;
  json.begin_object().key("tools").begin_array();
  for (const auto& tool : tools())
    if (tool.effect != Effect::writes || peer.may_run) tool_json(json, tool);
  return json.end_array().end_object().str();
}

Result<std::unique_ptr<Workspace>> open_project(const McpParts& parts) {
  declare::Diagnostics diagnostics;
  auto workspace = Workspace::open(parts.disk, parts.clock, parts.directory, diagnostics);
  if (diagnostics.ok()) return workspace;
  Error error = as_error(diagnostics);
  error.remedy += std::string(error.remedy.empty() ? "" : "; ") + "call `validate` for all that is wrong";
  return error;
}

Result<const config::Sync*> known_sync(const Workspace& workspace, const std::string& name) {
  if (const auto* sync = workspace.project().sync(name)) return sync;
  std::vector<std::string> known;
  for (const auto& each : workspace.project().syncs) known.push_back(each.name);
  return Error{ErrorKind::config, fmt::format("there is no sync '{}'", name),
               declare::did_you_mean(name, known) + fmt::format(" (syncs: {})", declare::list_names(known))};
}

std::string error_json(const Error& error) {
  declare::JsonWriter json;
  json.begin_object().key("kind").text(name_of(error.kind)).key("message").text(error.message);
  return json.text_if("remedy", error.remedy).end_object().str();
}

}  // namespace penstock::mcp
