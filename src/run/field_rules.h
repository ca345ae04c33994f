// What a connector says of an object and its fields, held against a sync.
#pragma once

#include "connector/connector.h"
#include "mapping/mapping.h"
#include "run/prepare.h"

namespace penstock {

// Reports what needs neither the model nor the destination: an object that is not there, a field that records
// cannot be created without.
void check_with_connector(const config::Sync& sync, const connector::Connector& connector,
                          declare::Diagnostics& diagnostics);

// How the sync's destination wants its fields converted, with the destination's settings filled in. Errors
// are those of resolve_settings().
Result<FieldFactsOf> field_facts(const Workspace& workspace, const config::Sync& sync,
                                 const config::Destination& destination, Login login);

}  // namespace penstock
