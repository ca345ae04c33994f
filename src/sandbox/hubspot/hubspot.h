// HubSpot's CRM: batches, single records, search, properties, schemas, limits and error bodies, as the
// vendor's API descriptions and documentation of 2026 have them.
#pragma once

#include <memory>

#include "sandbox/vendor.h"

namespace penstock::sandbox::hubspot {

std::unique_ptr<Vendor> make_hubspot(State& state);

}  // namespace penstock::sandbox::hubspot
