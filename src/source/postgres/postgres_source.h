// PostgreSQL, and what speaks its protocol.
#pragma once

#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& postgres_settings();

// Connects. Rows come by COPY in binary form, or by a cursor from a server that has no COPY TO STDOUT.
Result<std::unique_ptr<Warehouse>> open_postgres(const config::Source& source,
                                                 const declare::Resolver& resolver,
                                                 const OpenOptions& options);

}  // namespace penstock
