// The project's git repository, for commands.
#pragma once

#include <memory>

#include "cli/command.h"
#include "repository/repository.h"

namespace penstock::cli {

// Whether the remote is going to be asked: only then the token must be there.
enum class Remote { not_needed, needed };

// What would take effect is held to what `penstock check` says.
Result<std::unique_ptr<repository::Repository>> open_repository(const Globals& globals,
                                                                const Workspace& workspace,
                                                                Remote remote = Remote::not_needed);

}  // namespace penstock::cli
