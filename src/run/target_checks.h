// What a sync asks for, held against what its destination can do.
#pragma once

#include <optional>

#include "config/project.h"
#include "connector/connector.h"
#include "deliver/route.h"

namespace penstock {

// The sync's router, unless the mode cannot be carried out there, or something that is mapped would not be
// sent: `diagnostics` then says what, and where. `target` must outlive the router.
std::optional<Router> checked_router(const config::Sync& sync, const connector::Target& target,
                                     RouteRules rules, declare::Diagnostics& diagnostics);

// The same as far as it can be told without settings, model and destination; also warns of records that would
// be left behind. Where only the destination knows how the match field can be matched on, nothing is said.
void check_without_destination(const config::Sync& sync, const config::Model& model,
                               const connector::ConnectorRef& connector, declare::Diagnostics& diagnostics);

}  // namespace penstock
