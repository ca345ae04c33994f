// init, check, schema, connector: the project and what it stands on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "cli/source_commands.h"
#include "cli/test_command.h"
#include "config/schema.h"
#include "config/starter.h"
#include "connector/page.h"
#include "declare/json.h"
#include "run/check_project.h"
#include "run/discover.h"
#include "source/source.h"

namespace penstock::cli {
namespace {

int init(const Globals& globals, const std::string& directory) {
  const std::string target = directory.empty() ? globals.directory : directory;
  auto written = config::write_starter(real_disk(), target);
  if (!written.ok()) return print_error(globals, written.error());
  for (const auto& path : *written) fmt::print("{}\n", path);
  say(globals, fmt::format("\na project that runs as it is; next:\n  penstock sandbox &\n  penstock -C {0} "
                           "plan\n  penstock -C {0} run\n",
                           target));
  return kDone;
}

// One sync with --connect: its model, its login, and the fields that are mapped. Gives the exit code;
// mistakes in files go to `diagnostics`.
int check_connected(const Globals& globals, Session& session, Workspace& workspace, const config::Sync& sync,
                    declare::Diagnostics& diagnostics) {
  const uint64_t before = diagnostics.errors();
  auto prepared = session.loop().run(
      prepare_sync(session.loop(), session.client(), workspace, sync, Login::needed, diagnostics));
  if (!prepared.ok()) return diagnostics.errors() == before ? print_error(globals, prepared.error()) : kDone;
  auto settings = resolve_settings(*prepared->destination, workspace.resolver(), Login::needed);
  auto fields = session.loop().run(discover_fields(session.client(), *prepared->access,
                                                   workspace.catalog().find(*prepared->destination->type),
                                                   *std::move(settings), *sync.object));
  if (!fields.ok() && fields.error().kind != ErrorKind::config)
    return print_error(
        globals, Error(fields.error()).in(fmt::format("destination '{}'", prepared->destination->name)));
  if (fields.ok()) {
    std::vector<std::string> names;
    for (const auto& field : *fields) names.push_back(field.name);
    for (const auto& field : sync.fields)
      if (std::find(names.begin(), names.end(), field.name) == names.end())
        diagnostics.error(field.name_place, fmt::format("{} have no field '{}'", *sync.object, field.name))
            .hint = declare::did_you_mean(field.name, names);
  }
  say(globals, fmt::format("{}: {} columns read, {} fields there\n", sync.name,
                           prepared->opened.columns.size(), fields.ok() ? fields->size() : 0));
  return kDone;
}

void tell_checked(const Globals& globals, const config::Project& project,
                  const declare::Diagnostics& diagnostics) {
  if (globals.json) return;
  if (!diagnostics.ok()) return say(globals, diagnostics.summary() + "\n");
  say(globals, fmt::format("{} {}: {}, {}, {}\n", styled("✓", Style::green, globals.terminal.colour_err),
                           project.name, count(project.models.size(), "model", "models"),
                           count(project.destinations.size(), "destination", "destinations"),
                           count(project.syncs.size(), "sync", "syncs")));
}

struct CheckGiven {
  std::vector<std::string> syncs;
  bool connect = false;
};

// Everything that can be told without sending: files, and with --connect sources, models, logins and fields.
int check(const Globals& globals, const CheckGiven& given) {
  declare::Diagnostics diagnostics;
  auto checked = check_project(real_disk(), real_clock(), globals.directory, given.syncs, diagnostics);
  if (!checked.ok()) return print_error(globals, checked.error());
  Workspace& workspace = **checked;
  if (diagnostics.ok() && given.connect) {
    const auto syncs = syncs_to_check(workspace.project(), given.syncs);
    if (!syncs.ok()) return print_error(globals, syncs.error());
    auto session = Session::start(globals, workspace);
    if (!session.ok()) return print_error(globals, session.error());
    int exit = check_sources(globals, workspace, given.syncs.empty() ? std::nullopt : std::optional(*syncs));
    for (const auto* sync : *syncs)
      if (exit == kDone) exit = check_connected(globals, **session, workspace, *sync, diagnostics);
    if (exit != kDone) {
      print_diagnostics(globals, diagnostics);
      return exit;
    }
  }
  const int exit = print_diagnostics(globals, diagnostics);
  tell_checked(globals, workspace.project(), diagnostics);
  return exit;
}

int schema(const Globals& globals, const std::string& name) {
  const connector::Catalog catalog;
  const auto destinations = destination_kinds(catalog);
  const config::ProjectKinds kinds{source_kinds(), *destinations};
  if (name.empty()) {
    fmt::print("{}\n", config::all_schemas(kinds));
    return kDone;
  }
  auto text = config::schema_of(name, kinds);
  if (!text.ok()) return print_error(globals, text.error());
  fmt::print("{}\n", *text);
  return kDone;
}

int list_connectors(const Globals& globals) {
  declare::Diagnostics diagnostics;
  const auto catalog = project_catalog(globals, diagnostics);
  Table table({"connector", "title", "objects", "facts"});
  for (const auto& name : catalog.names()) {
    const auto connector = catalog.find(name);
    if (connector == nullptr) continue;
    const auto& declaration = connector->declaration();
    if (globals.json) {
      declare::JsonWriter json;
      json.begin_object()
          .key("connector")
          .text(name)
          .key("title")
          .text(declaration.title)
          .key("summary")
          .text(declaration.summary)
          .end_object();
      fmt::print("{}\n", json.str());
    }
    table.add({name, declaration.title, declare::list_names(connector->object_names()), declaration.facts});
  }
  if (!globals.json) fmt::print("{}", table.text(globals.terminal));
  return print_diagnostics(globals, diagnostics);
}

int show_connector(const Globals& globals, const std::string& name, bool markdown) {
  declare::Diagnostics diagnostics;
  const auto catalog = project_catalog(globals, diagnostics);
  const auto connector = catalog.find(name);
  if (connector == nullptr)
    return print_error(globals, {ErrorKind::config, fmt::format("there is no connector '{}'", name),
                                 declare::did_you_mean(name, catalog.names())});
  const auto& d = connector->declaration();
  if (markdown) {
    fmt::print("{}", connector::connector_page(d));
    return kDone;
  }
  fmt::print("{}: {}\n\n{}\nSettings\n", styled(d.title, Style::bold, globals.terminal.colour_out), d.summary,
             d.setup);
  for (const auto& setting : d.settings)
    fmt::print("  {:<16} {}{}\n", setting.name, setting.value.help,
               setting.value.required     ? " (required)"
               : setting.value.by_default ? fmt::format(" (default {})", *setting.value.by_default)
                                          : "");
  fmt::print("\nObjects\n");
  for (const auto& object : d.objects) fmt::print("  {:<16} {}\n", object.name, object.value.title);
  fmt::print("\nLimits\n");
  for (const auto& group : d.limits) {
    if (group.value.rates.empty())
      fmt::print("  {:<16} {}\n", group.name, connector::limit_text(group.value, nullptr));
    for (const auto& rate : group.value.rates) {
      std::string when;
      for (const auto& condition : rate.when)
        when += fmt::format(" with {} = {}", condition.name, condition.value);
      fmt::print("  {:<16} {}{}\n", group.name, connector::limit_text(group.value, &rate), when);
    }
  }
  if (!d.quirks.empty()) fmt::print("\nGood to know\n");
  for (const auto& quirk : d.quirks) fmt::print("  - {}\n", quirk);
  return kDone;
}

}  // namespace

connector::Catalog project_catalog(const Globals& globals, declare::Diagnostics& diagnostics) {
  connector::Catalog catalog;
  for (const auto& name : config::own_connector_files(real_disk(), globals.directory))
    if (auto text = real_disk().read(join_path(globals.directory, name)); text.ok())
      catalog.add(std::make_shared<declare::SourceFile>(name, *std::move(text)), diagnostics);
  return catalog;
}

void add_init(Door door) {
  auto* command = door.app.add_subcommand("init", "Write a working starter project");
  auto directory = std::make_shared<std::string>();
  command->add_option("DIR", *directory, "Where; the current directory when not given");
  command->callback(
      [door, directory] { door.run = [door, directory] { return init(door.globals, *directory); }; });
}

void add_check(Door door) {
  auto* command = door.app.add_subcommand("check", "Validate all files of the project");
  command->footer(
      "All files are read, whatever is selected: what refers to each other must fit.\n"
      "Examples:\n  penstock check\n  penstock check --connect --select destination:crm");
  auto given = std::make_shared<CheckGiven>();
  add_selection(*command, given->syncs, "Syncs to hold against their connectors");
  command->add_flag("--connect", given->connect, "Also try sources, destinations and fields");
  command->callback([door, given] { door.run = [door, given] { return check(door.globals, *given); }; });
}

void add_schema(Door door) {
  auto* command = door.app.add_subcommand("schema", "Print JSON Schemas of the project files, for editors");
  auto name = std::make_shared<std::string>();
  command->add_option("KIND", *name,
                      "project, source, model, destination, sync, alert or test; all of them when not given");
  command->callback([door, name] { door.run = [door, name] { return schema(door.globals, *name); }; });
}

void add_connector(Door door) {
  auto* command = door.app.add_subcommand("connector", "List and show connectors");
  command->require_subcommand(1);
  command->add_subcommand("list", "List the connectors of this project")->callback([door] {
    door.run = [door] { return list_connectors(door.globals); };
  });
  add_connector_test(*command, door);
  auto name = std::make_shared<std::string>();
  auto* show = command->add_subcommand("show", "Show one connector: settings, objects, limits");
  auto markdown = std::make_shared<bool>(false);
  show->add_option("NAME", *name, "The connector")->required();
  show->add_flag("--markdown", *markdown, "Its whole page, with requests and matches");
  show->callback([door, name, markdown] {
    door.run = [door, name, markdown] { return show_connector(door.globals, *name, *markdown); };
  });
}

}  // namespace penstock::cli
