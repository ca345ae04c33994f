// A plan as people read it, and as scripts do.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "run/run.h"

namespace penstock::cli {

std::string plan_text(const PlannedSync& planned, const config::Sync& sync, const Terminal& terminal);
std::string plan_json(const PlannedSync& planned);

}  // namespace penstock::cli
