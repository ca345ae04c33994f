// What else a queued run was asked for, as the queue keeps it.
#pragma once

#include <string>

#include "run/run.h"

namespace penstock::service {

// What a person may ask of a run.
struct RunAsk {
  RunKind kind = RunKind::usual;
  std::optional<uint64_t> limit;
  std::optional<std::string> key;
  std::vector<std::string> confirm;  // names of guards
  std::string plan;                  // a plan file: a path, or a name below the state's directory
};

// JSON; the same text for the same ask.
std::string options_json(const RunAsk& ask);
// Errors are of kind config: texts that a newer program wrote, or a plan file that cannot be read.
Result<RunRequest> request_of(const QueuedRun& run, const Workspace& workspace);
Result<RunKind> kind_named(std::string_view name);

}  // namespace penstock::service
