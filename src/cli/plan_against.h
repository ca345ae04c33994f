// penstock plan --against REV
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace penstock::cli {

enum class AgainstForm { as_asked, markdown };

// What a change of the project's files since `revision` would send: each sync that differs is planned with
// the files of either. Gives the exit code.
int plan_against(const Globals& globals, const std::string& revision, const std::vector<std::string>& syncs,
                 AgainstForm form);

}  // namespace penstock::cli
