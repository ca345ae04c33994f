// PostgreSQL's.
#pragma once

#include "warehouse_plan/tables.h"

namespace penstock {

Result<std::unique_ptr<PlanTables>> open_postgres_tables(const config::Source& source, TableNames names,
                                                         const std::string& project, const std::string& sync,
                                                         const declare::Resolver& resolver,
                                                         const OpenOptions& options);

}  // namespace penstock
