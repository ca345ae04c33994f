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
  std::vector<uint64_t> tries{};   // numbers of the requests that carried it before `request`
};

struct OperationFilter {
  bool refused_only = false;                            // rejected, in doubt, failed
  std::optional<std::string> key;                       // as it is shown
  uint64_t limit = 0;                                   // 0: all
  uint64_t offset = 0;                                  // so many are passed over first
  std::optional<std::string> outcome = {}, error = {};  // its code
  std::optional<std::string> text = {};  // stands in the key or in the error, in capitals or not
  std::optional<Time> since = {}, until = {};
};

// Streams a run's operations in their order; none for a run that sent nothing, or is not kept any more.
Result<void> for_each_operation(const Workspace& workspace, const std::string& sync, const std::string& run,
                                const OperationFilter& filter,
                                const std::function<void(const OperationRow&)>& visit);
// How many there are, whatever the filter's limit and offset.
Result<uint64_t> count_operations(const Workspace& workspace, const std::string& sync, const std::string& run,
                                  const OperationFilter& filter);

// The same of all runs of these syncs that are still kept, the newest operation first.
Result<void> for_each_operation(const Workspace& workspace, const std::vector<std::string>& syncs,
                                const OperationFilter& filter,
                                const std::function<void(const OperationRow&)>& visit);

// The Parquet files of a directory of the state, for DuckDB's readers; empty: none.
std::vector<std::string> parquet_files(const Workspace& workspace, const std::string& directory);

// The request that carried an operation, with its reply.
struct RequestRow {
  std::string method, url, error, request_body, reply_body;  // bodies are masked
  uint64_t rows = 0;
  int64_t status = 0;
  double latency_ms = 0;
  uint64_t number = 0;  // in the run
  std::string operation, at;
  std::string request_headers, reply_headers;  // JSON, without secrets; empty: not kept
};
Result<std::optional<RequestRow>> find_request(const Workspace& workspace, const std::string& sync,
                                               const std::string& run, uint64_t request);

// Everything known of one key of a sync.
struct TracedOperation {
  OperationRow operation;
  std::optional<RequestRow> request;  // that came to the outcome
  std::vector<RequestRow> tries;      // that carried the row before, in their order
  // JSON, masked: what stood there before. Where the run read the record and that is still kept, what it
  // held; else what had been accepted before for the fields that travelled, as far as operations that are
  // still kept tell. Empty: none is known.
  std::string before;
  bool before_was_read = false;
};
struct Trace {
  std::string key;
  std::optional<KeyState> state;            // in the snapshot
  std::vector<TracedOperation> operations;  // oldest first
};
Result<Trace> trace_key(const Workspace& workspace, const config::Sync& sync, const std::string& key);

// Fills in what the destination last accepted, for changed rows whose operations are still kept.
void add_values_before(const Workspace& workspace, const std::string& sync, std::vector<SampleRow>& samples);

}  // namespace penstock
