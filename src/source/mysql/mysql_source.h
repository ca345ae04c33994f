// MySQL and MariaDB.
#pragma once

#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& mysql_settings();
Result<std::unique_ptr<Warehouse>> open_mysql(const config::Source& source, const declare::Resolver& resolver,
                                              const OpenOptions& options);

}  // namespace penstock
