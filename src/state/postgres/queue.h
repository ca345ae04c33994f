// The queue of runs in PostgreSQL.
#pragma once

#include "ledger/run_queue.h"
#include "state/postgres/server.h"

namespace penstock::state {

// `server` must outlive it.
std::unique_ptr<RunQueue> postgres_queue(PostgresServer& server);

}  // namespace penstock::state
