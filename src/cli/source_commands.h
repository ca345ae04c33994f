// What the commands on sources have for others.
#pragma once

#include "cli/command.h"

namespace penstock::cli {

// Opens every source and every model; prints what is wrong. Gives the exit code.
int check_sources(const Globals& globals, const Workspace& workspace);

}  // namespace penstock::cli
