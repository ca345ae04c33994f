// The files of a project, read and parsed, before anything is made of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/shapes.h"

namespace penstock::config {

enum class Section { sources, models, destinations, syncs, alerts };
inline constexpr Section kSections[] = {Section::sources, Section::models, Section::destinations,
                                        Section::syncs, Section::alerts};

// The name of the directory, of the file without .yaml, and of the key in penstock.yaml.
std::string_view name_of(Section section);
// "source"
std::string_view one_of(Section section);

struct Definition {
  std::string name;
  Place name_place;  // the file as a whole, or the key
  Node node;
  bool in_section = false;          // under a key of its section, not in a file of its own
  std::optional<Passage> sql_file;  // the whole of NAME.sql
};

struct ProjectFiles {
  ProjectFile project;
  Node defaults;  // of penstock.yaml, as written; null when there are none
  std::vector<Definition> definitions[std::size(kSections)];  // by Section, in order of name, names unique
  std::vector<std::string> connector_files, test_files;
};

// Adds what `defaults` says and the sync does not.
void add_defaults(Node& sync, const Node& defaults);

ProjectFiles read_files(Disk& disk, const std::string& directory, Diagnostics& diagnostics);

// "models/a.sql" with its header. nullopt when the header cannot be read.
std::optional<Definition> read_sql_model(const declare::SourceFileRef& file, Diagnostics& diagnostics);

}  // namespace penstock::config
