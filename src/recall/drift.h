// Which values others changed since we wrote them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "run/run.h"

namespace penstock {

struct DriftRequest {
  std::optional<std::string> key;  // only this row, as a person types it
  std::optional<uint64_t> limit;   // at most so many rows are read
  std::string out;                 // a Parquet file to be written; empty: none
  bool take_back = false;          // rows with fields that are to be taken back go with the next run
};

// A field that holds another value than we wrote, or is gone with its record.
struct DriftedField {
  std::string key, record_id, field;
  std::optional<std::string> ours, theirs;  // nullopt: NULL; masked when personal
  bool is_gone = false;                     // there is no such record any more
  std::string written_at, run;  // when that was last accepted, and by which run; empty: longer ago than
                                // operations are kept
  std::string policy;           // of the field: report, take_back
};

struct Drift {
  uint64_t rows = 0;      // of the model
  uint64_t compared = 0;  // rows whose records were read: those that are as they were accepted
  uint64_t pending = 0;   // rows that the next run sends anyway: what we wrote last is not known
  uint64_t drifted_rows = 0, drifted_fields = 0, gone = 0;
  uint64_t taken_back = 0;  // rows
  uint64_t requests = 0;
  std::vector<std::string> notes;
};

// Reads back what the sync wrote and compares. `visit` gets each field that differs, ordered by key. Writes
// nothing at the destination. Errors as of plan_sync().
Task<Result<Drift>> find_drift(RunParts parts, const config::Sync& sync, DriftRequest request,
                               declare::Diagnostics& diagnostics,
                               const std::function<void(const DriftedField&)>& visit);

}  // namespace penstock
