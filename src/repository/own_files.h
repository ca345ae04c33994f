// Which files of a directory are the project's: what may be edited, and what is validated.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::repository {

// penstock.yaml, SECTION.yaml, and FOLDER/NAME.yaml or .yml of sources, models, destinations, syncs, alerts,
// connectors and tests; models/NAME.sql. Paths are relative to the project, '/' between names.
bool is_own_file(std::string_view path);
// The same with a reason; an error of kind `config`.
Result<void> check_own_path(std::string_view path);

// penstock.yaml, sources.yaml, ... and the folders: whatever is the project's begins with one of these.
const std::vector<std::string>& own_names();
const std::vector<std::string>& own_folders();

}  // namespace penstock::repository
