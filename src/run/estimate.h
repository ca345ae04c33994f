// What a plan costs at the destination's limits.
#pragma once

#include "plan/plan.h"
#include "run/prepare.h"

namespace penstock {

struct Estimate {
  uint64_t requests = 0;
  double seconds = 0;  // at the limits, if the destination answers in a fifth of a second
};

Estimate estimate(const PreparedSync& prepared, const PlanCounts& counts);

}  // namespace penstock
