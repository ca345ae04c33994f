// What must hold between the definitions of a project.
#pragma once

#include "config/project.h"

namespace penstock::config {

// Every name that is referred to is defined, and no syncs wait for each other in a circle.
void check_links(const Project& project, Diagnostics& diagnostics);

}  // namespace penstock::config
