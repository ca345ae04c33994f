// The operations of a run as Parquet files that any tool can read.
#pragma once

#include "duck/duck.h"
#include "ledger/load_journal.h"

namespace penstock {

// A plan file's column of a field.
struct PayloadColumn {
  std::string column;  // fields.NAME
  std::string name;    // as a JSON string with its colon
  ValueType type;
  bool personal = false;
};
Result<std::vector<PayloadColumn>> payload_columns(duck::Connection& connection, const std::string& plan,
                                                   const RunFacts& facts);

// From the plan, what became of its rows, and the table `requests` of load_journal(). Personal fields are
// masked.
Result<void> write_operations(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                              const LoadedJournal& journal);

// What stands behind FROM for these files (as texts of SQL, separated by commas; empty: none), of operations
// or of requests: all columns that this version writes, NULL where an earlier one did not.
std::string operations_in(const std::string& files);
std::string requests_in(const std::string& files);

// Defines penstock_outcome(row): what became of that row of the plan; all of it is NULL where nothing did.
// `outcomes` must outlive the connection's use of it.
Result<void> define_outcome(duck::Connection& connection, const Outcomes& outcomes);

}  // namespace penstock
