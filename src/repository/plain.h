// A project in no repository: files are only files.
#pragma once

#include <string>
#include <vector>

#include "repository/turn.h"

namespace penstock::repository {

Result<FileAt> plain_file(Repository::State& state, const std::string& path);

// Validated as a whole, then each file is replaced. Editors of one process exclude each other.
Result<CommitReport> write_plainly(Repository::State& state, const std::vector<Edit>& edits);

}  // namespace penstock::repository
