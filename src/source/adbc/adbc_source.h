// Whatever there is a driver of Arrow Database Connectivity for: Snowflake, BigQuery, Databricks, SQL Server,
// ...
#pragma once

#include "source/adbc/driver.h"
#include "source/dialect.h"
#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& adbc_settings();
Result<std::unique_ptr<Warehouse>> open_adbc(const config::Source& source, const declare::Resolver& resolver,
                                             const OpenOptions& options);

// The source's dialect: as it says, or as its driver's name does. Null: neither does.
const Dialect* adbc_dialect(const config::Source& source);
// A session of its own. Errors have the options' subject.
Result<std::shared_ptr<adbc::Session>> adbc_session(const config::Source& source,
                                                    const declare::Resolver& resolver,
                                                    const OpenOptions& options);

}  // namespace penstock
