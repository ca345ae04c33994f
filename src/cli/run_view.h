// A run while it goes on, and when it is done.
#pragma once

#include <string>

#include "cli/terminal.h"
#include "run/as_json.h"
#include "run/run_many.h"

namespace penstock::cli {

// One line that is rewritten on a terminal: bar, counts, rate, time left.
std::string progress_line(const RunProgress& progress, Instant now, const Terminal& terminal);
std::string progress_json(const RunProgress& progress, Instant now);
std::string report_text(const RunReport& report, const Terminal& terminal);
// A sync that was not begun, because one that it follows did not come to its end.
std::string not_begun_text(const EndedSync& ended, const Terminal& terminal);
int exit_of(const RunReport& report, int signal);

}  // namespace penstock::cli
