// list_syncs, show_sync, validate, preview_model, discover: the project and what it stands on.
#include <fmt/format.h>

#include "config/selection.h"
#include "declare/json.h"
#include "declare/nearest.h"
#include "mcp/tools.h"
#include "run/as_json.h"
#include "run/check_project.h"
#include "run/discover.h"
#include "run/prepare.h"
#include "source/source.h"

namespace penstock::mcp {
namespace {

Error there_is_no(std::string_view what, const std::string& name, const std::vector<std::string>& known) {
  return {ErrorKind::config, fmt::format("there is no {} '{}'", what, name),
          declare::did_you_mean(name, known) +
              fmt::format(" (there is {})", declare::list_names(known, 12, "and"))};
}

void add_columns(declare::JsonWriter& json, const std::vector<duck::Column>& columns) {
  json.key("columns").begin_array();
  for (const auto& column : columns)
    json.begin_object().key("column").text(column.name).key("type").text(column.type.name()).end_object();
  json.end_array();
}

Result<std::string> tables_of(const Workspace& workspace, const config::Source& source) {
  const auto tables = list_tables(source, workspace.resolver(), open_options(workspace));
  if (!tables.ok()) return tables.error();
  declare::JsonWriter json;
  json.begin_object().key("tables").begin_array();
  for (const auto& table : *tables)
    json.begin_object().key("table").text(table.name).text_if("comment", table.comment).end_object();
  return json.end_array().end_object().str();
}

Result<std::string> columns_of(const Workspace& workspace, const config::Source& source,
                               const std::string& table) {
  const auto columns = describe_table(source, table, workspace.resolver(), open_options(workspace));
  if (!columns.ok()) return columns.error();
  declare::JsonWriter json;
  json.begin_object();
  add_columns(json, *columns);
  return json.end_object().str();
}

std::string objects_of(const connector::Connector& connector) {
  declare::JsonWriter json;
  json.begin_object().key("objects").begin_array();
  for (const auto& object : connector.object_names()) json.text(object);
  return json.end_array().end_object().str();
}

std::string fields_json(const std::vector<connector::DiscoveredField>& fields) {
  declare::JsonWriter json;
  json.begin_object().key("fields").begin_array();
  for (const auto& field : fields) {
    json.begin_object().key("field").text(field.name).key("title").text(field.title);
    json.key("type").text(field.type).key("unique").boolean(field.unique);
    json.key("read_only").boolean(field.read_only).end_object();
  }
  return json.end_array().end_object().str();
}

Task<Result<std::string>> fields_of(Call call, Workspace* workspace, const config::Destination* destination) {
  auto client = call.parts.connect(*workspace);
  if (!client.ok()) co_return client.error();
  auto fields = co_await discover_fields(call.parts.loop, **client, *workspace, *destination,
                                         call.arguments.text("object"));
  if (!fields.ok()) co_return fields.error();
  co_return fields_json(*fields);
}

}  // namespace

Result<std::string> list_syncs(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  const config::Project& project = (*workspace)->project();
  auto syncs = project.syncs.empty() && arguments.words("select").empty()
                   ? std::vector<const config::Sync*>()
                   : config::select_syncs(project, arguments.words("select"), config::Paused::included);
  if (!syncs.ok()) return syncs.error();
  declare::JsonWriter json;
  json.begin_object().key("project").text(project.name).key("syncs").begin_array();
  for (const auto* sync : *syncs) json.raw(sync_json(project, *sync));
  return json.end_array().end_object().str();
}

Result<std::string> show_sync(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  auto sync = known_sync(**workspace, arguments.text("sync"));
  if (!sync.ok()) return sync.error();
  return sync_details_json((*workspace)->project(), **sync);
}

Result<std::string> validate(const McpParts& parts, const Arguments& arguments) {
  declare::Diagnostics diagnostics;
  const auto checked =
      check_project(parts.disk, parts.clock, parts.directory, arguments.words("select"), diagnostics);
  if (!checked.ok()) return checked.error();
  declare::JsonWriter json;
  json.begin_object().key("ok").boolean(diagnostics.ok());
  json.key("errors").integer(static_cast<int64_t>(diagnostics.errors()));
  json.key("warnings").integer(static_cast<int64_t>(diagnostics.warnings())).key("problems").begin_array();
  for (const auto& each : diagnostics.sorted()) json.raw(as_json(each));
  return json.end_array().end_object().str();
}

Result<std::string> preview_model(const McpParts& parts, const Arguments& arguments) {
  auto workspace = open_project(parts);
  if (!workspace.ok()) return workspace.error();
  const config::Project& project = (*workspace)->project();
  const auto* model = project.model(arguments.text("model"));
  if (model == nullptr)
    return there_is_no("model", arguments.text("model"), config::names_of(project.models));
  auto opened = open_model(project, *model, (*workspace)->resolver(), open_options(**workspace));
  if (!opened.ok()) return opened.error();
  const auto shown = preview(*opened, *model, arguments.integer("rows"));
  if (!shown.ok()) return shown.error();
  declare::JsonWriter json;
  json.begin_object();
  add_columns(json, opened->columns);
  json.key("rows").begin_array();
  for (const auto& row : shown->json) json.raw(row);
  return json.end_array().end_object().str();
}

Task<Result<std::string>> discover(Call call) {
  auto workspace = open_project(call.parts);
  if (!workspace.ok()) co_return workspace.error();
  const config::Project& project = (*workspace)->project();
  const std::string name = call.arguments.text("name"), object = call.arguments.text("object");
  if (const auto* destination = project.destination(name)) {
    const auto connector = (*workspace)->catalog().find(*destination->type);
    if (object.empty()) co_return objects_of(*connector);
    co_return co_await fields_of(call, workspace->get(), destination);
  }
  if (const auto* source = project.source(name))
    co_return object.empty() ? tables_of(**workspace, *source) : columns_of(**workspace, *source, object);
  auto known = config::names_of(project.destinations);
  for (auto& source : config::names_of(project.sources)) known.push_back(std::move(source));
  co_return there_is_no("destination or source", name, known);
}

}  // namespace penstock::mcp
