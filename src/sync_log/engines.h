// The tables in each engine. Private to this folder.
#pragma once

#include "sync_log/sync_log.h"

namespace penstock {

Result<std::unique_ptr<LogTables>> open_postgres_log(const config::Source& source, const std::string& schema,
                                                     const declare::Resolver& resolver,
                                                     const OpenOptions& options);
Result<std::unique_ptr<LogTables>> open_duckdb_log(const config::Source& source, const std::string& schema,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options);
Result<std::unique_ptr<LogTables>> open_clickhouse_log(const config::Source& source,
                                                       const std::string& schema,
                                                       const declare::Resolver& resolver,
                                                       const OpenOptions& options);

}  // namespace penstock
