// Redis, and what speaks its protocol. The face of this sub-folder.
#pragma once

#include <memory>

#include "store/blocking_store.h"

namespace penstock {

// Headers: `Connection` (redis://user:password@host:6379/0), `Password`, `Expire` (seconds; 0: never),
// `Connections`.
std::unique_ptr<StoreSession> make_redis_session(const Headers& headers);

}  // namespace penstock
