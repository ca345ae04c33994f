// Times as people type them.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace penstock::cli {

// "7d" or "90m" (ago), "2026-11-23", "2026-11-23T14:00", "2026-11-23T14:00:05Z"; all in UTC. An error names
// the option.
Result<Time> point_in_time(const char* option, const std::string& text, Time now);

}  // namespace penstock::cli
