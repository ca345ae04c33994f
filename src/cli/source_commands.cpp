// preview, discover: what sources and destinations hold.
#include "cli/source_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <set>

#include "cli/session.h"
#include "declare/json.h"
#include "run/discover.h"
#include "run/prepare.h"
#include "source/source.h"

namespace penstock::cli {
namespace {

Error no_such(std::string_view what, const std::string& name, const std::vector<std::string>& names) {
  return {ErrorKind::config, fmt::format("there is no {} '{}'", what, name),
          declare::did_you_mean(name, names)};
}

int preview_model(const Globals& globals, const std::string& name, size_t rows) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto* model = workspace->project().model(name);
  if (model == nullptr)
    return print_error(globals, no_such("model", name, config::names_of(workspace->project().models)));
  auto opened = open_model(workspace->project(), *model, workspace->resolver(), open_options(*workspace));
  if (!opened.ok()) return print_error(globals, opened.error());
  auto shown = preview(*opened, *model, rows);
  if (!shown.ok()) return print_error(globals, shown.error());
  if (globals.json) {
    for (const auto& row : shown->json) fmt::print("{}\n", row);
    return kDone;
  }
  std::vector<std::string> header;
  for (const auto& column : opened->columns) header.push_back(column.name);
  Table table(std::move(header));
  constexpr size_t kCellMax = 40;
  for (const auto& row : shown->texts) {
    std::vector<std::string> cells;
    for (const auto& text : row) cells.push_back(text ? shortened(*text, kCellMax) : "NULL");
    table.add(std::move(cells));
  }
  fmt::print("{}", table.text(globals.terminal));
  if (shown->texts.empty()) say(globals, "the model has no rows\n");
  return kDone;
}

int discover_tables(const Globals& globals, const Workspace& workspace, const config::Source& source) {
  auto tables = list_tables(source, workspace.resolver(), open_options(workspace));
  if (!tables.ok()) return print_error(globals, tables.error());
  for (const auto& table : *tables) {
    if (globals.json) {
      declare::JsonWriter json;
      json.begin_object().key("table").text(table.name).text_if("comment", table.comment).end_object();
      fmt::print("{}\n", json.str());
    } else {
      fmt::print("{}{}\n", table.name, table.comment.empty() ? "" : "  " + table.comment);
    }
  }
  if (tables->empty()) say(globals, fmt::format("source '{}' has no tables that may be read\n", source.name));
  return kDone;
}

int discover_columns(const Globals& globals, const Workspace& workspace, const config::Source& source,
                     const std::string& table) {
  auto columns = describe_table(source, table, workspace.resolver(), open_options(workspace));
  if (!columns.ok()) return print_error(globals, columns.error());
  Table shown({"column", "type"});
  for (const auto& column : *columns) {
    shown.add({column.name, column.type.name()});
    if (!globals.json) continue;
    declare::JsonWriter json;
    json.begin_object().key("column").text(column.name).key("type").text(column.type.name()).end_object();
    fmt::print("{}\n", json.str());
  }
  if (!globals.json) fmt::print("{}", shown.text(globals.terminal));
  return kDone;
}

int discover_objects(const connector::Connector& connector) {
  for (const auto& one : connector.object_names()) fmt::print("{}\n", one);
  return kDone;
}

int discover_object(const Globals& globals, Workspace& workspace, const config::Destination& destination,
                    const std::string& object) {
  auto session = Session::start(globals, workspace);
  if (!session.ok()) return print_error(globals, session.error());
  auto fields = (*session)->loop().run(
      discover_fields((*session)->loop(), (*session)->client(), workspace, destination, object));
  if (!fields.ok()) return print_error(globals, fields.error());
  Table table({"field", "type", "unique", "title"});
  for (const auto& field : *fields) {
    table.add({field.name, field.type, field.unique ? "unique" : "", field.title});
    if (!globals.json) continue;
    declare::JsonWriter json;
    json.begin_object().key("field").text(field.name).key("title").text(field.title);
    json.key("type").text(field.type).key("unique").boolean(field.unique);
    json.key("read_only").boolean(field.read_only).end_object();
    fmt::print("{}\n", json.str());
  }
  if (!globals.json) fmt::print("{}", table.text(globals.terminal));
  return kDone;
}

int discover(const Globals& globals, const std::string& name, const std::string& object) {
  auto workspace = open_workspace(globals);
  if (!workspace) return kUsage;
  const auto& project = workspace->project();
  if (const auto* destination = project.destination(name))
    return object.empty() ? discover_objects(*workspace->catalog().find(*destination->type))
                          : discover_object(globals, *workspace, *destination, object);
  if (const auto* source = project.source(name))
    return object.empty() ? discover_tables(globals, *workspace, *source)
                          : discover_columns(globals, *workspace, *source, object);
  auto names = config::names_of(project.destinations);
  for (auto& source : config::names_of(project.sources)) names.push_back(std::move(source));
  return print_error(globals, no_such("destination or source", name, names));
}

}  // namespace

int check_sources(const Globals& globals, const Workspace& workspace,
                  const std::optional<std::vector<const config::Sync*>>& syncs) {
  const auto& project = workspace.project();
  std::set<std::string> models, sources;
  for (const auto* sync : syncs.value_or(std::vector<const config::Sync*>())) {
    models.insert(*sync->model);
    sources.insert(*project.model(*sync->model)->source);
  }
  int exit = kDone;
  for (const auto& source : project.sources) {
    if (syncs && !sources.contains(source.name)) continue;
    const auto tables = list_tables(source, workspace.resolver(), open_options(workspace));
    if (!tables.ok())
      exit = print_error(globals, tables.error());
    else
      say(globals, fmt::format("source {}: {}\n", source.name, count(tables->size(), "table", "tables")));
  }
  if (exit != kDone) return exit;
  for (const auto& model : project.models) {
    if (syncs && !models.contains(model.name)) continue;
    const auto opened = open_model(project, model, workspace.resolver(), open_options(workspace));
    if (!opened.ok()) exit = print_error(globals, opened.error());
  }
  return exit;
}

void add_preview(Door door) {
  auto* command = door.app.add_subcommand("preview", "Show the first rows of a model");
  command->footer("Examples:\n  penstock preview customers\n  penstock preview customers --rows 3 --json");
  struct Given {
    std::string model;
    size_t rows = 10;
  };
  auto given = std::make_shared<Given>();
  command->add_option("MODEL", given->model, "The model")->required();
  command->add_option("--rows", given->rows, "How many rows")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  command->callback([door, given] {
    door.run = [door, given] { return preview_model(door.globals, given->model, given->rows); };
  });
}

void add_discover(Door door) {
  auto* command = door.app.add_subcommand(
      "discover", "List the objects of a destination or the tables of a source, or the fields of one");
  command->footer(
      "Examples:\n  penstock discover crm\n  penstock discover crm contacts\n  penstock discover warehouse");
  struct Given {
    std::string name, object;
  };
  auto given = std::make_shared<Given>();
  command->add_option("NAME", given->name, "The destination or source")->required();
  command->add_option("OBJECT", given->object, "The object or table");
  command->callback([door, given] {
    door.run = [door, given] { return discover(door.globals, given->name, given->object); };
  });
}

}  // namespace penstock::cli
