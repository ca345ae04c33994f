// Whatever there is a driver of Arrow Database Connectivity for: Snowflake, BigQuery, Databricks, SQL Server,
// ...
#pragma once

#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& adbc_settings();
Result<std::unique_ptr<Warehouse>> open_adbc(const config::Source& source, const declare::Resolver& resolver,
                                             const OpenOptions& options);

}  // namespace penstock
