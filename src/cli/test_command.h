// Doors of the commands that try things without a destination.
#pragma once

#include "cli/command.h"

namespace penstock::cli {

void add_test(Door door);
void add_connector_test(CLI::App& connector, Door door);

// The connectors that the program has, and the project's own where there is one.
connector::Catalog project_catalog(const Globals& globals, declare::Diagnostics& diagnostics);

}  // namespace penstock::cli
