// The tables of all project files: what parses, checks, explains and documents them.
#pragma once

#include "config/project.h"

namespace penstock::config {

// penstock.yaml. Definitions inside it are read later, together with those in files of their own.
struct ProjectFile {
  Placed<std::string> name;
  std::string description;
  Reference state;
  std::string public_url;
  Duration keep_operations{}, keep_before{};
  std::optional<uint64_t> max_size;
  std::optional<SyncLog> sync_log;
  std::string dbt_manifest;
  GitSettings git;
  std::optional<Sync> defaults;
  std::vector<Named<Node>> sources, models, destinations, syncs, alerts;
};

// With `kinds` its JSON Schema knows the settings of every type; without, it takes any.
declare::Of<ProjectFile> project_shape(const ProjectKinds* kinds = nullptr);
const declare::Of<Model>& model_shape();
const declare::Of<Sync>& sync_shape();
// A sync in which nothing is required: what a project may set for all of its syncs.
const declare::Of<Sync>& sync_defaults_shape();
const declare::Of<Schedule>& schedule_shape();
const declare::Of<Guard>& guard_shape();
const declare::Of<GitSettings>& git_shape();

enum class KindOfType { source, destination, alert };

// The settings of one type together with the fields that all types of that kind have, without `type`.
declare::Of<Settings> settings_shape(KindOfType kind, const declare::Of<Settings>& of_type);
// All types, chosen by `type`: for schemas.
declare::Of<Settings> all_settings_shape(KindOfType kind, const Kinds& kinds);
}  // namespace penstock::config
