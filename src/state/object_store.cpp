#include "state/object_store.h"

#include <fmt/format.h>

namespace penstock::state {

Error lease_lost(const std::string& lease) {
  return {ErrorKind::locked, fmt::format("the lease of {} was lost: another worker has it", lease),
          "nothing was written; that worker goes on from the ledger"};
}

}  // namespace penstock::state
