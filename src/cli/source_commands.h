// What the commands on sources have for others.
#pragma once

#include <optional>
#include <vector>

#include "cli/command.h"

namespace penstock::cli {

// Opens every source and every model, or those of the given syncs; prints what is wrong. Gives the exit code.
int check_sources(const Globals& globals, const Workspace& workspace,
                  const std::optional<std::vector<const config::Sync*>>& syncs);

}  // namespace penstock::cli
