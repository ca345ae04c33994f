// A sync's options, by what its connector declares.
#pragma once

#include <string>

#include "config/project.h"
#include "connector/connector.h"

namespace penstock {

// Puts them into the facts. References are resolved; without a resolver they are left out. What is wrong with
// them goes to `diagnostics`.
void read_options(const config::Sync& sync, const connector::Connector& connector,
                  const declare::Resolver* resolver, connector::TargetFacts& facts,
                  declare::Diagnostics& diagnostics);

// The text of a setting or option that is no reference.
std::string setting_text(const declare::Settings::Setting& setting);

}  // namespace penstock
