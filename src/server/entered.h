// Addresses that edits bring into the project's files. Private to server/.
#pragma once

#include <optional>
#include <vector>

#include "ledger/run_queue.h"
#include "repository/repository.h"
#include "server/call.h"

namespace penstock::server {

struct Entered {
  std::vector<EnteredAddress> addresses;
  declare::Diagnostics refused;  // those that plainly may not be reached
};

// What the edits name and the project's files did not name before. Nothing while nobody needs to log in: then
// whoever is there is the operator.
Result<Entered> find_entered(const Call& call, const std::vector<repository::Edit>& edits);
// Remembers them, before they can take effect anywhere. A reply: they are refused.
std::optional<ServerReply> keep_entered(const Call& call, const std::vector<repository::Edit>& edits);

}  // namespace penstock::server
