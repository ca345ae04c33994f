// MySQL, MariaDB, and what speaks their protocol. The face of this sub-folder.
#pragma once

#include <memory>

#include "store/blocking_store.h"

namespace penstock {

// Headers: `Connection` (mysql://user:password@host:3306/database), `Password`, `Encryption` (auto, off,
// required, verified), `Statement-Timeout` (seconds to wait for an answer), `Connections`.
std::unique_ptr<StoreSession> make_mysql_session(const Headers& headers);

}  // namespace penstock
