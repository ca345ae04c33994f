// What scripts, agents and the service are told of plans, runs, syncs and rows: one JSON object each, on one
// line. The keys are those of docs/cli.md. Personal values are masked, secrets are not in them.
#pragma once

#include <string>

#include "declare/json.h"
#include "run/history.h"
#include "run/run_many.h"
#include "run/sync_status.h"

namespace penstock {

// What a list of syncs says of one, and everything about it: its mapping, its model with the SQL, the text of
// their files. Settings of sources and destinations are left out.
std::string sync_json(const config::Project& project, const config::Sync& sync);
std::string sync_details_json(const config::Project& project, const config::Sync& sync);

std::string plan_json(const PlannedSync& planned);
// Members of an object about a run that goes on: what it waits for. "queues", "limits" and "latency_ms", each
// where it is known.
void add_waits(declare::JsonWriter& json, const RunProgress& progress);
// "event":"result".
std::string report_json(const RunReport& report);
// One of its "refused".
std::string refused_json(const RefusedGroup& group);
// "event":"not_run": a sync that was not begun, because one that it follows did not come to its end.
std::string not_begun_json(const EndedSync& ended);

std::string run_json(const RunRow& run);
std::string status_json(const SyncStatus& status);
std::string operation_json(const OperationRow& row);
std::string request_json(const RequestRow& request);
std::string trace_json(const config::Sync& sync, const Trace& trace, Time now);
// What the destination holds of a row, and what happens with it next: a sentence.
std::string standing(const Trace& trace, Time now);

}  // namespace penstock
