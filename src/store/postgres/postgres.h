// PostgreSQL, and what speaks its protocol. The face of this sub-folder.
#pragma once

#include <memory>

#include "store/blocking_store.h"

namespace penstock {

// Headers: `Connection` (a libpq URL or key=value text; services and password files work as with psql),
// `Password`, `Statement-Timeout` (seconds), `Connections`, `Batches` (a table that keeps the ids of inserted
// batches).
std::unique_ptr<StoreSession> make_postgres_session(const Headers& headers);

}  // namespace penstock
