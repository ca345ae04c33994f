// A plan as people read it; scripts read run/as_json.h.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "run/as_json.h"

namespace penstock::cli {

std::string plan_text(const PlannedSync& planned, const config::Sync& sync, const Terminal& terminal);

}  // namespace penstock::cli
