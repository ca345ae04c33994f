#include <fmt/format.h>

#include <algorithm>

#include "config/check.h"
#include "config/files.h"
#include "config/project.h"

namespace penstock::config {
namespace {

using declare::Entry;
using declare::Of;
using declare::Reading;

// Where a definition stands in its file, for the paths of messages.
class InSection {
 public:
  InSection(Reading& reading, Section section, const Definition& definition) {
    if (!definition.in_section) return;
    if (definition.name_place.file->name() == "penstock.yaml")
      section_.emplace(reading, std::string(name_of(section)));
    name_.emplace(reading, definition.name);
  }

 private:
  std::optional<Reading::Step> section_, name_;
};

// A definition that could not be parsed was reported then.
bool is_readable(const Definition& definition) {
  return definition.node.place.known();
}

template <class T>
void read_into(T& into, const Of<T>& shape, Section section, const Definition& definition,
               Diagnostics& diagnostics) {
  into.name = definition.name;
  into.place = definition.name_place;
  if (!is_readable(definition)) return;
  Reading reading(diagnostics);
  const InSection in(reading, section, definition);
  declare::read(shape, definition.node, into, reading);
}

// What is wrong with the type; nothing can be said about the rest.
void report_type(const Node& node, const Entry* type, Section section, const std::vector<std::string>& known,
                 Reading& reading) {
  const std::string what = fmt::format("{} {}", section == Section::alerts ? "an" : "a", one_of(section));
  const std::string types = (known.size() == 1 ? "" : "one of ") + declare::list_names(known);
  if (!node.is_map()) {
    reading.unexpected(node, fmt::format("{} (a map with 'type', ...)", what));
    return;
  }
  if (!type) {
    reading.error(node.place, fmt::format("the field 'type' is missing in {}; expected {}", what, types))
        .remedy = fmt::format("add it, for example 'type: {}'", known.empty() ? "..." : known.front());
    return;
  }
  const Reading::Step step(reading, "type");
  declare::Diagnostic& wrong = reading.unexpected(type->value, types);
  if (type->value.is_scalar()) wrong.hint = declare::did_you_mean(type->value.text, known);
}

// Reads `type`, then the settings that this type has.
template <class T>
void read_typed(T& into, Section section, KindOfType kind, const Kinds& kinds, const Definition& definition,
                Diagnostics& diagnostics) {
  into.name = definition.name;
  into.place = definition.name_place;
  if (!is_readable(definition)) return;
  Reading reading(diagnostics);
  const InSection in(reading, section, definition);
  const Entry* type = definition.node.find("type");
  const Of<Settings>* of_type = type && type->value.is_scalar() ? kinds.find(type->value.text) : nullptr;
  if (!of_type) {
    report_type(definition.node, type, section, kinds.names(), reading);
    return;
  }
  into.type = {type->value.text, type->value.place};
  settings_shape(kind, *of_type)->table()->read_besides(definition.node, "type", &into.settings, reading);
}

// What follows the last statement would end up inside a sub-query.
void drop_semicolons(std::string& sql) {
  const size_t end = sql.find_last_not_of(" \t\r\n;");
  if (end != std::string::npos && sql.find(';', end + 1) != std::string::npos) sql.resize(end + 1);
}

void read_models(Project& project, ProjectFiles& files, Diagnostics& diagnostics) {
  for (const Definition& definition : files.definitions[static_cast<size_t>(Section::models)]) {
    Model& model = project.models.emplace_back();
    read_into(model, model_shape(), Section::models, definition, diagnostics);
    model.place = definition.name_place;
    if (definition.sql_file) model.sql = definition.sql_file;
    if (model.sql) drop_semicolons(model.sql->text);
  }
}

void read_syncs(Project& project, ProjectFiles& files, Diagnostics& diagnostics) {
  for (Definition& definition : files.definitions[static_cast<size_t>(Section::syncs)]) {
    add_defaults(definition.node, files.defaults);
    Sync& sync = project.syncs.emplace_back();
    read_into(sync, sync_shape(), Section::syncs, definition, diagnostics);
    sync.place = definition.name_place;
    if (sync.mode.value == Mode::mirror || sync.mode.value == Mode::replace)
      sync.on_removed = OnRemoved::remove;
  }
}

template <class T>
const T* find_named(const std::vector<T>& all, std::string_view name) {
  const auto found =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const T& each, std::string_view wanted) { return each.name < wanted; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

}  // namespace

void add_defaults(Node& sync, const Node& defaults) {
  if (!sync.is_map() || !defaults.is_map()) return;
  for (const Entry& entry : defaults.entries) {
    const auto own = std::find_if(sync.entries.begin(), sync.entries.end(),
                                  [&](const Entry& each) { return each.key == entry.key; });
    if (own == sync.entries.end())
      sync.entries.push_back(entry);
    else if (entry.key == "guard" || entry.key == "batch")
      add_defaults(own->value, entry.value);
  }
}

const Source* Project::source(std::string_view wanted) const {
  return find_named(sources, wanted);
}
const Model* Project::model(std::string_view wanted) const {
  return find_named(models, wanted);
}
const Destination* Project::destination(std::string_view wanted) const {
  return find_named(destinations, wanted);
}
const Sync* Project::sync(std::string_view wanted) const {
  return find_named(syncs, wanted);
}
const Alert* Project::alert(std::string_view wanted) const {
  return find_named(alerts, wanted);
}

namespace {

// What every alert has. Settings that could not be read are not there.
void copy_settings(Alert& alert) {
  const Settings& settings = alert.settings;
  if (const auto* on = settings.find<std::vector<AlertEvent>>("on")) alert.on = *on;
  if (const auto* over = settings.find<ShareOrCount>("rejected_over")) alert.rejected_over = *over;
  if (const auto* within = settings.find<Duration>("group_within")) alert.group_within = *within;
  if (const auto* after = settings.find<Duration>("remind_after")) alert.remind_after = *after;
  if (const auto* number = settings.find<int64_t>("at_most")) alert.at_most = *number;
}

}  // namespace

Project load_project(Disk& disk, const std::string& directory, const ProjectKinds& kinds,
                     Diagnostics& diagnostics) {
  ProjectFiles files = read_files(disk, directory, diagnostics);
  Project project;
  project.directory = directory;
  project.name = files.project.name;
  project.description = files.project.description;
  project.state = files.project.state;
  project.public_url = files.project.public_url;
  while (project.public_url.ends_with('/')) project.public_url.pop_back();
  project.keep_operations = files.project.keep_operations;
  project.keep_before = files.project.keep_before;
  project.max_size = files.project.max_size;
  project.sync_log = std::move(files.project.sync_log);
  project.dbt_manifest = files.project.dbt_manifest;
  project.git = std::move(files.project.git);
  project.connector_files = std::move(files.connector_files);
  project.test_files = std::move(files.test_files);
  for (const Definition& each : files.definitions[static_cast<size_t>(Section::sources)])
    read_typed(project.sources.emplace_back(), Section::sources, KindOfType::source, kinds.sources, each,
               diagnostics);
  for (const Definition& each : files.definitions[static_cast<size_t>(Section::destinations)]) {
    Destination& destination = project.destinations.emplace_back();
    read_typed(destination, Section::destinations, KindOfType::destination, kinds.destinations, each,
               diagnostics);
    if (const auto* share = destination.settings.find<Share>("rate_share")) destination.rate_share = *share;
  }
  for (const Definition& each : files.definitions[static_cast<size_t>(Section::alerts)]) {
    Alert& alert = project.alerts.emplace_back();
    read_typed(alert, Section::alerts, KindOfType::alert, alert_kinds(), each, diagnostics);
    copy_settings(alert);
  }
  read_models(project, files, diagnostics);
  read_syncs(project, files, diagnostics);
  check_links(project, diagnostics);
  return project;
}

}  // namespace penstock::config
