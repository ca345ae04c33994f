#include "source/dbt/dbt.h"

#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"

namespace penstock::dbt {
namespace {

void fill(Disk& disk, const Manifest& manifest, config::Model& model, declare::Diagnostics& diagnostics) {
  auto found = manifest.find(**model.dbt);
  if (!found.ok()) {
    auto& wrong = diagnostics.error(model.dbt->place, found.error().message);
    wrong.remedy = found.error().remedy;
    return;
  }
  const Node& node = **found;
  model.dbt_table = node.schema.empty() ? node.alias : node.schema + "." + node.alias;
  if (model.description.empty()) model.description = node.description;
  if (model.primary_key.empty()) {
    for (const auto& column : node.key) model.primary_key.push_back({column, model.dbt->place});
    if (node.key.empty())
      diagnostics
          .error(model.dbt->place, fmt::format("dbt does not tell the primary key of '{}'{}", node.name,
                                               node.key_doubt.empty() ? "" : ": " + node.key_doubt))
          .remedy =
          "set primary_key here, or meta.primary_key in dbt; or give the column the tests unique and "
          "not_null";
  }
  if (const std::string change = what_changed(disk, manifest, node); !change.empty())
    diagnostics
        .warning(model.dbt->place, fmt::format("{} {} since dbt's manifest was made ({})", node.file, change,
                                               manifest.generated_at.substr(0, 16)))
        .remedy = "run `dbt parse`, or dbt run";
}

// A name that dbt takes.
std::string exposure_name(const std::string& sync) {
  std::string out = "penstock_";
  for (const char c : sync) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

std::string reference_to(const Manifest& manifest, const Node& node) {
  return node.package == manifest.project ? fmt::format("ref('{}')", node.name)
                                          : fmt::format("ref('{}', '{}')", node.package, node.name);
}

// JSON texts are YAML texts.
std::string exposure(const Manifest& manifest, const config::Project& project, const config::Sync& sync,
                     const Node& node) {
  const auto text = declare::json_text;
  const std::string owner = sync.owner.empty() ? project.name : sync.owner;
  const bool is_address = owner.find('@') != owner.npos;
  const config::Destination* destination = project.destination(*sync.destination);
  const std::string description =
      sync.description.empty() ? fmt::format("{} rows to {} of {}, by Penstock.", config::name_of(*sync.mode),
                                             *sync.object, *sync.destination)
                               : sync.description;
  return fmt::format(
      "  - name: {}\n    label: {}\n    type: application\n    description: {}\n    depends_on:\n      - "
      "{}\n    owner:\n"
      "      {}: {}\n    meta:\n      penstock: {{ project: {}, sync: {}, destination: {}, type: {}, object: "
      "{}, mode: {} "
      "}}\n",
      exposure_name(sync.name),
      text(fmt::format("{} to {} ({})", *sync.model, *sync.object, *sync.destination)), text(description),
      reference_to(manifest, node), is_address ? "email" : "name", text(owner), text(project.name),
      text(sync.name), text(*sync.destination), text(destination == nullptr ? "" : *destination->type),
      text(*sync.object), text(config::name_of(*sync.mode)));
}

}  // namespace

std::string manifest_path(const config::Project& project) {
  return project.dbt_manifest.starts_with('/') ? project.dbt_manifest
                                               : join_path(project.directory, project.dbt_manifest);
}

void look_up(Disk& disk, config::Project& project, declare::Diagnostics& diagnostics) {
  const auto first = std::find_if(project.models.begin(), project.models.end(),
                                  [](const auto& model) { return model.dbt.has_value(); });
  if (first == project.models.end()) return;
  auto manifest = read_manifest(disk, manifest_path(project));
  if (!manifest.ok()) {
    diagnostics.error(first->dbt->place, manifest.error().message).remedy = manifest.error().remedy;
    return;
  }
  for (auto& model : project.models)
    if (model.dbt) fill(disk, *manifest, model, diagnostics);
}

Result<std::map<std::string, ModelResult>> made_models(Disk& disk, const config::Project& project) {
  const std::string path = manifest_path(project);
  auto manifest = read_manifest(disk, path);
  if (!manifest.ok()) return manifest.error();
  auto results = read_run_results(disk, path.substr(0, path.find_last_of('/') + 1) + "run_results.json");
  if (!results.ok()) return results.error();
  std::map<std::string, ModelResult> made;
  for (const auto& model : project.models) {
    if (!model.dbt) continue;
    auto node = manifest->find(**model.dbt);
    if (!node.ok()) return node.error();
    const auto result = results->find((*node)->id);
    if (result == results->end()) continue;
    ModelResult& one = made[model.name] = result->second;
    for (const auto& test : (*node)->tests)
      if (const auto tested = results->find(test); one.ok && tested != results->end() && !tested->second.ok)
        one = {.ok = false,
               .status = "failed tests",
               .message = fmt::format("{}: {}", test, tested->second.message),
               .at = one.at};
  }
  return made;
}

Result<std::string> exposures(Disk& disk, const config::Project& project) {
  auto manifest = read_manifest(disk, manifest_path(project));
  if (!manifest.ok()) return manifest.error();
  std::string out =
      "# Written by `penstock dbt exposures`: the syncs that carry dbt's models on. Changes here are "
      "lost.\nversion: "
      "2\nexposures:";
  std::string all;
  for (const auto& sync : project.syncs) {
    const config::Model* model = project.model(*sync.model);
    if (model == nullptr || !model->dbt) continue;
    auto node = manifest->find(**model->dbt);
    if (!node.ok()) return node.error();
    all += exposure(*manifest, project, sync, **node);
  }
  return out + (all.empty() ? " []\n" : "\n" + all);
}

}  // namespace penstock::dbt
