// Everything that can be told of a project without asking anybody: its files, references, tests, and each
// sync against its connector.
#pragma once

#include <memory>
#include <string>

#include "run/workspace.h"

namespace penstock {

// What is wrong goes to `diagnostics`; while there are errors, the workspace must not be run. Variables and
// secrets that are referred to and not there are warnings. Without `syncs` all are looked at; words select
// them as config/selection.h says, and an error (kind config) is of these words. The project's files are read
// all the same.
Result<std::unique_ptr<Workspace>> check_project(Disk& disk, const Clock& clock, const std::string& directory,
                                                 const std::vector<std::string>& words,
                                                 declare::Diagnostics& diagnostics);

// The syncs that a check is of: without words all of them, and those that are paused, too. None is no error.
Result<std::vector<const config::Sync*>> syncs_to_check(const config::Project& project,
                                                        const std::vector<std::string>& words);

}  // namespace penstock
