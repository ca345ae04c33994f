// What a run kept of what it overwrote, compared with what its twin saw.
#pragma once

#include "sim/owners_twin.h"

namespace penstock::sim {

// `file`: the last run's before-images, empty where there is none. What is wrong with them, a line each.
std::vector<std::string> wrong_with_images(const std::string& file, const OwnersSync& sync, OwnersTwin& twin);

}  // namespace penstock::sim
