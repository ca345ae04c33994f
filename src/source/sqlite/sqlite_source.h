// SQLite database files.
#pragma once

#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& sqlite_settings();

Result<std::unique_ptr<Warehouse>> open_sqlite(const config::Source& source,
                                               const declare::Resolver& resolver, const OpenOptions& options);

}  // namespace penstock
