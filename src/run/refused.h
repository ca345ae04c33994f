// Why rows were refused, grouped for people.
#pragma once

#include "run/run.h"

namespace penstock {

// From a run's operations file; empty when it cannot be read.
std::vector<RefusedGroup> refused_groups(const std::string& operations_file);

}  // namespace penstock
