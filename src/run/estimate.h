// What a plan costs at the destination's limits.
#pragma once

#include "plan/plan.h"
#include "run/prepare.h"

namespace penstock {

struct Estimate {
  uint64_t requests = 0;
  uint64_t jobs = 0;   // of those that carry rows, so many do it as jobs
  double seconds = 0;  // at the limits, if the destination answers in a fifth of a second
};

// Whether the plan's rows go by the bulk operations of the route, where it has any.
bool goes_in_bulk(const PreparedSync& prepared, const PlanCounts& counts);

Estimate estimate(const PreparedSync& prepared, const PlanCounts& counts);

}  // namespace penstock
