// Models in ClickHouse.
#pragma once

#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& clickhouse_settings();
Result<std::unique_ptr<Warehouse>> open_clickhouse(const config::Source& source,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options);

}  // namespace penstock
