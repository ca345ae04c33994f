// What the API says of runs, plans and syncs: objects as api/openapi.yaml describes them. Private to server/.
#pragma once

#include <string>
#include <vector>

#include "ledger/run_queue.h"
#include "run/history.h"
#include "run/run.h"
#include "service/service.h"

namespace penstock::server {

// Run.
std::string open_run_json(const QueuedRun& run);
std::string ended_run_json(const QueuedRun& run, const Result<RunReport>& result);
// `asked`: who asked for it and why, where that is still known.
std::string run_row_json(const RunRow& row, const QueuedRun* asked);
// Progress.
std::string progress_json(const std::string& run, const RunProgress& progress);
// Members of Counts.
void add_plan_counts(declare::JsonWriter& json, const PlanCounts& counts);
// PlanRow, InvalidRow.
std::string sample_json(const SampleRow& row);
std::string invalid_json(const InvalidRow& row);

void add_times(declare::JsonWriter& json, std::string_view name, const std::optional<Time>& time);
void add_number(declare::JsonWriter& json, std::string_view name, uint64_t value);
void add_texts(declare::JsonWriter& json, std::string_view name, const std::vector<std::string>& texts);

}  // namespace penstock::server
