// What must hold between the fields of one sync.
#pragma once

#include "config/project.h"

namespace penstock::config {

// False when an error was reported.
bool check_sync(const Sync& sync, const Node& node, declare::Reading& reading);

}  // namespace penstock::config
