// Models in ClickHouse.
#pragma once

#include "source/clickhouse/server.h"
#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& clickhouse_settings();

// The source's server, with its references resolved.
Result<std::shared_ptr<clickhouse::Server>> clickhouse_server(const config::Source& source,
                                                              const declare::Resolver& resolver,
                                                              const OpenOptions& options);
Result<std::unique_ptr<Warehouse>> open_clickhouse(const config::Source& source,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options);

}  // namespace penstock
