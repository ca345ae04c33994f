// ClickHouse's. It knows no transactions: each line is the last word on its key, whoever pushed it, and the
// newest counts; so a push that breaks off leaves what is true of some keys, and is completed by the next
// one.
#pragma once

#include "warehouse_plan/tables.h"

namespace penstock {

Result<std::unique_ptr<PlanTables>> open_clickhouse_tables(const config::Source& source, TableNames names,
                                                           const std::string& project,
                                                           const std::string& sync,
                                                           const declare::Resolver& resolver,
                                                           const OpenOptions& options);

}  // namespace penstock
