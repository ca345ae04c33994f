// PostgreSQL, and what speaks its protocol.
#pragma once

#include "database/postgres.h"
#include "source/dialect.h"
#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& postgres_settings();

// How the source's server is reached, with its references resolved.
Result<postgres::Login> postgres_login(const config::Source& source, const declare::Resolver& resolver);

// The dialect of a server that speaks PostgreSQL's protocol, but not its SQL. Null: it is PostgreSQL. Asks
// the server where the source does not say.
Result<const Dialect*> postgres_dialect(const config::Source& source, const declare::Resolver& resolver);

// Connects. Rows come by COPY in binary form, or by a cursor from a server that has no COPY TO STDOUT.
Result<std::unique_ptr<Warehouse>> open_postgres(const config::Source& source,
                                                 const declare::Resolver& resolver,
                                                 const OpenOptions& options);

}  // namespace penstock
