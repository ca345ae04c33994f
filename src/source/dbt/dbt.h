// Models of a project that are dbt's: their tables and keys, as dbt's manifest tells them. The face of this
// sub-folder.
#pragma once

#include "config/project.h"
#include "source/dbt/manifest.h"

namespace penstock::dbt {

// Where the project's manifest lies.
std::string manifest_path(const config::Project& project);

// Fills in tables, and keys and descriptions that the files leave out, of all models with `dbt`. The manifest
// is read only when there are any. What is wrong goes to `diagnostics`, at the very model; a file that is
// newer than the manifest is a warning.
void look_up(Disk& disk, config::Project& project, declare::Diagnostics& diagnostics);

// How the last dbt run went for the models of the project, by their names here: those that it was to make.
// Reads run_results.json beside the manifest. Failed tests of a model count as its failure.
Result<std::map<std::string, ModelResult>> made_models(Disk& disk, const config::Project& project);

// Our syncs as dbt's exposures, so that its lineage shows where models go: a file for its `models/`. The same
// text for the same project.
Result<std::string> exposures(Disk& disk, const config::Project& project);

}  // namespace penstock::dbt
