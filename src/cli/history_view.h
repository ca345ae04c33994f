// Past runs, syncs and rows as people read them; scripts read run/as_json.h.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "run/as_json.h"
#include "run/sync_status.h"

namespace penstock::cli {

std::string runs_table(const std::vector<RunRow>& runs, Time now, const Terminal& terminal);

std::string status_table(const std::vector<SyncStatus>& all, Time now, const Terminal& terminal);

std::string trace_text(const config::Sync& sync, const Trace& trace, Time now, const Terminal& terminal);

}  // namespace penstock::cli
