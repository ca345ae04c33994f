// Those of a DuckDB file. They lie in the file itself, so a push needs it to be writable, and nobody else to
// have it open for writing just then.
#pragma once

#include "warehouse_plan/tables.h"

namespace penstock {

Result<std::unique_ptr<PlanTables>> open_duckdb_tables(const config::Source& source, TableNames names,
                                                       const std::string& project, const std::string& sync,
                                                       const declare::Resolver& resolver,
                                                       const OpenOptions& options);

}  // namespace penstock
