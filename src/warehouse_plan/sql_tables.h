// The tables in a warehouse of which nothing is known but its dialect (dialects/*.yaml).
#pragma once

#include "source/dialect.h"
#include "warehouse_plan/sql_door.h"
#include "warehouse_plan/tables.h"

namespace penstock {

std::unique_ptr<PlanTables> make_sql_tables(const Dialect& dialect, const std::string& schema,
                                            const std::string& project, const std::string& sync,
                                            std::unique_ptr<SqlDoor> door);

// Of sources of type adbc. The names are made anew, as the dialect quotes them.
Result<std::unique_ptr<PlanTables>> open_adbc_tables(const config::Source& source, TableNames,
                                                     const std::string& project, const std::string& sync,
                                                     const declare::Resolver& resolver,
                                                     const OpenOptions& options);

}  // namespace penstock
