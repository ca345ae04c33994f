// Questions about past runs, answered from the operations that they left.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/run.h"

namespace penstock {

// All operations of a sync that are still kept, as something that stands behind FROM; empty: there are none.
std::string operations_of(const Workspace& workspace, const std::string& sync);

// One row's operation in one run.
struct OperationRow {
  std::string run, sync, key, change, why, operation, outcome;
  uint64_t attempt = 0;
  int64_t status = 0;
  std::string error_code, error_message, at;
  double latency_ms = 0;
  uint64_t request = 0;
  std::string record_id, payload;  // payload: JSON, masked
  std::string kept;                // JSON: values of others that were left alone, masked
  bool created = false;            // the record is known to have been made by this
};

struct OperationFilter {
  bool refused_only = false;       // rejected, in doubt, failed
  std::optional<std::string> key;  // as it is shown
  uint64_t limit = 0;              // 0: all
};

// Streams a run's operations in their order. Errors: config for a run without operations.
Result<void> for_each_operation(const Workspace& workspace, const std::string& sync, const std::string& run,
                                const OperationFilter& filter,
                                const std::function<void(const OperationRow&)>& visit);

// The request that carried an operation, with its reply.
struct RequestRow {
  std::string method, url, error, request_body, reply_body;
  uint64_t rows = 0;
  int64_t status = 0;
  double latency_ms = 0;
};
Result<std::optional<RequestRow>> find_request(const Workspace& workspace, const std::string& sync,
                                               const std::string& run, uint64_t request);

// Everything known of one key of a sync.
struct Trace {
  std::string key;
  std::optional<KeyState> state;                                               // in the snapshot
  std::vector<std::pair<OperationRow, std::optional<RequestRow>>> operations;  // oldest first
};
Result<Trace> trace_key(const Workspace& workspace, const config::Sync& sync, const std::string& key);

// Fills in what the destination last accepted, for changed rows whose operations are still kept.
void add_values_before(const Workspace& workspace, const std::string& sync, std::vector<SampleRow>& samples);

}  // namespace penstock
