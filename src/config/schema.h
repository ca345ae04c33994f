// JSON Schemas and reference pages of the project files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/kinds.h"

namespace penstock::config {

// project, source, model, destination, sync, alert.
const std::vector<std::string>& schema_names();
// The JSON Schema of one kind of file. An unknown name is an error that names the nearest.
Result<std::string> schema_of(std::string_view name, const ProjectKinds& kinds);
// All of them: one JSON object by name.
std::string all_schemas(const ProjectKinds& kinds);

// The generated part of docs/projects.md for `name`: project, model, sync, alert.
std::string reference_of(std::string_view name);

}  // namespace penstock::config
