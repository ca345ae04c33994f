// The guard of addresses for a project: what the operator's files name, without what was entered by others.
#pragma once

#include <memory>
#include <vector>

#include "ledger/run_queue.h"
#include "net/address_guard.h"
#include "run/workspace.h"

namespace penstock::service {

// Null: nothing was ever entered, so all is the operator's. References to variables and secrets are looked
// up; files and outer stores are not, since a file may be one that was entered, and a store takes its time.
std::shared_ptr<const AddressGuard> make_address_guard(Disk& disk, const Workspace& workspace,
                                                       const std::vector<EnteredAddress>& entered,
                                                       const AddressPolicy& policy);

}  // namespace penstock::service
