// Runs and their operations as tables in a warehouse, beside where they are kept anyway (`sync_log:` in
// penstock.yaml). The face of this folder.
//
//     SCHEMA.runs        a line for each run
//     SCHEMA.operations  a line for each row that a run sent, as it is kept: masked where it is personal
//
// Columns are those of docs/operations.md; each table begins with `project`. What is in them is only written,
// never read again: whoever owns the warehouse removes what is too old.
#pragma once

#include <memory>
#include <string>

#include "ledger/ledger.h"
#include "source/source.h"

namespace penstock {

struct LoggedRun {
  RunRow run;
  std::string
      operations;  // its Parquet file on this machine; empty: it sent nothing, or it is not kept any more
};

// Use from one thread at a time. Blocks.
class LogTables {
 public:
  virtual ~LogTables() = default;
  // Makes the tables when they are not there.
  virtual Result<void> prepare() = 0;
  // Whatever was written of this run before is replaced: a repeated call makes no doubles. In PostgreSQL and
  // DuckDB all of it appears at once; in ClickHouse the line in `runs` comes last, and where a run is written
  // once more, what was there goes away a little later. Errors are of kind `source`.
  virtual Result<void> write(const std::string& project, const LoggedRun& run) = 0;
};

// An error of kind `config` for a source whose engine holds no such tables.
Result<void> can_hold_log(const config::Source& source);

Result<std::unique_ptr<LogTables>> open_log_tables(const config::Source& source, const std::string& schema,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options);

}  // namespace penstock
