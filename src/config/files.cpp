#include "config/files.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::config {
namespace {

using declare::SourceFile;
using declare::SourceFileRef;

// "customers.yaml" -> "customers"; empty when the name does not end so.
std::string_view stem(std::string_view file, std::string_view ending) {
  if (!file.ends_with(ending) || file.starts_with('.')) return {};
  return file.substr(0, file.size() - ending.size());
}

std::string_view yaml_stem(std::string_view file) {
  const std::string_view name = stem(file, ".yaml");
  return name.empty() ? stem(file, ".yml") : name;
}

class Reader {
 public:
  Reader(Disk& disk, const std::string& directory, Diagnostics& diagnostics)
      : disk_(disk), directory_(directory), diagnostics_(diagnostics) {}

  ProjectFiles read() {
    read_project_file();
    for (Section section : kSections) {
      read_section_file(section);
      read_section_directory(section);
      settle(section);
    }
    files_.connector_files = yaml_files("connectors");
    files_.test_files = yaml_files("tests");
    return std::move(files_);
  }

  std::vector<std::string> yaml_files(const std::string& folder) {
    std::vector<std::string> out;
    for (const std::string& file : list(folder))
      if (!yaml_stem(file).empty()) out.push_back(join_path(folder, file));
    return out;
  }

 private:
  std::vector<Definition>& definitions(Section section) {
    return files_.definitions[static_cast<size_t>(section)];
  }

  void report(const std::string& path, const Error& error) {
    diagnostics_.error(Place::whole(std::make_shared<SourceFile>(path, "")), error.message).remedy =
        error.remedy;
  }

  bool is_there(const std::string& path) {
    auto there = disk_.exists(join_path(directory_, path));
    if (!there.ok()) report(path, there.error());
    return there.ok() && *there;
  }

  // Sorted; nothing when the folder is not there.
  std::vector<std::string> list(const std::string& folder) {
    if (!is_there(folder)) return {};
    auto names = disk_.list(join_path(directory_, folder));
    if (names.ok()) return *std::move(names);
    report(folder, names.error());
    return {};
  }

  SourceFileRef load(const std::string& path) {
    auto text = disk_.read(join_path(directory_, path));
    if (text.ok()) return std::make_shared<SourceFile>(path, *std::move(text));
    report(path, text.error());
    return nullptr;
  }

  std::optional<Node> parse(const std::string& path) {
    const SourceFileRef file = load(path);
    return file ? declare::parse_yaml(file, diagnostics_) : std::nullopt;
  }

  void read_project_file() {
    const std::string name = "penstock.yaml";
    if (!is_there(name)) {
      diagnostics_
          .error(Place::whole(std::make_shared<SourceFile>(name, "")),
                 fmt::format("there is no project in {}: the file is missing", directory_))
          .remedy = "start one with 'penstock init', or name its directory with -C";
      return;
    }
    const auto node = parse(name);
    if (!node) return;
    const bool good = declare::read(project_shape(), *node, files_.project, diagnostics_);
    // Faulty defaults are reported here, once, and not again in every sync.
    if (const auto* defaults = node->find("defaults"); good && defaults) files_.defaults = defaults->value;
    add_all(Section::sources, files_.project.sources);
    add_all(Section::models, files_.project.models);
    add_all(Section::destinations, files_.project.destinations);
    add_all(Section::syncs, files_.project.syncs);
    add_all(Section::alerts, files_.project.alerts);
  }

  void add_all(Section section, std::vector<Named<Node>>& named) {
    for (auto& each : named)
      definitions(section).push_back({each.name, each.name_place, std::move(each.value), true, std::nullopt});
    named.clear();
  }

  // sources.yaml: all sources in one file.
  void read_section_file(Section section) {
    const std::string path = fmt::format("{}.yaml", name_of(section));
    if (!is_there(path)) return;
    const auto node = parse(path);
    if (!node) return;
    std::vector<Named<Node>> named;
    declare::read(declare::map_of(declare::identifier(), declare::anything()), *node, named, diagnostics_);
    add_all(section, named);
  }

  void read_section_directory(Section section) {
    const std::string folder(name_of(section));
    for (const std::string& file : list(folder)) {
      const std::string path = join_path(folder, file);
      const std::string_view sql = section == Section::models ? stem(file, ".sql") : "";
      if (!sql.empty())
        read_sql(path, sql);
      else if (!yaml_stem(file).empty())
        read_yaml(section, path, yaml_stem(file));
    }
  }

  void read_yaml(Section section, const std::string& path, std::string_view name) {
    auto node = parse(path);
    if (!node) node.emplace();  // its name is known, so that references to it are not called unknown
    const bool readable = node->place.known();
    SourceFileRef file = readable ? node->place.file : std::make_shared<SourceFile>(path, "");
    add(section, {std::string(name), Place::whole(file), *std::move(node), false, std::nullopt});
  }

  void read_sql(const std::string& path, std::string_view name) {
    const SourceFileRef file = load(path);
    if (!file) return;
    auto model = read_sql_model(file, diagnostics_);
    if (!model) model.emplace();
    model->name = name;
    model->name_place = Place::whole(file);
    add(Section::models, *std::move(model));
  }

  void add(Section section, Definition definition) {
    std::string checked;
    Diagnostics problems;
    if (!declare::read(declare::identifier(), Node::scalar(definition.name), checked, problems)) {
      diagnostics_
          .error(definition.name_place, fmt::format("'{}' cannot be the name of {} {}", definition.name,
                                                    section == Section::alerts ? "an" : "a", one_of(section)))
          .remedy = "name the file with a letter, then letters, digits, '_' or '-'";
    }
    definitions(section).push_back(std::move(definition));
  }

  // By name; of two with one name the first is kept and the second reported.
  void settle(Section section) {
    auto& all = definitions(section);
    std::sort(all.begin(), all.end(), [](const Definition& a, const Definition& b) {
      return a.name != b.name ? a.name < b.name : a.name_place < b.name_place;
    });
    for (size_t i = 1; i < all.size(); ++i) {
      if (all[i].name != all[i - 1].name) continue;
      declare::Diagnostic& wrong = diagnostics_.error(
          all[i].name_place, fmt::format("the {} '{}' is defined twice", one_of(section), all[i].name));
      wrong.notes.push_back({all[i - 1].name_place, "first defined here"});
      wrong.remedy = "remove or rename one of the two";
    }
    all.erase(
        std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name == b.name; }),
        all.end());
  }

  Disk& disk_;
  const std::string& directory_;
  Diagnostics& diagnostics_;
  ProjectFiles files_;
};

}  // namespace

std::string_view name_of(Section section) {
  switch (section) {
    case Section::sources:
      return "sources";
    case Section::models:
      return "models";
    case Section::destinations:
      return "destinations";
    case Section::syncs:
      return "syncs";
    case Section::alerts:
      return "alerts";
  }
  return "";
}

std::string_view one_of(Section section) {
  return name_of(section).substr(0, name_of(section).size() - 1);
}

ProjectFiles read_files(Disk& disk, const std::string& directory, Diagnostics& diagnostics) {
  return Reader(disk, directory, diagnostics).read();
}

std::vector<std::string> own_connector_files(Disk& disk, const std::string& directory) {
  Diagnostics ignored;
  return Reader(disk, directory, ignored).yaml_files("connectors");
}

}  // namespace penstock::config
