// What a plan costs at the destination's limits.
#pragma once

#include <optional>
#include <string>

#include "deliver/rate_limits.h"
#include "plan/plan.h"
#include "run/prepare.h"

namespace penstock {

// The run will end before all is sent, and a later one goes on.
struct QuotaShort {
  std::string group;
  uint64_t needed = 0;  // requests
  QuotaLeft left;
};

struct Estimate {
  uint64_t requests = 0;
  uint64_t jobs = 0;   // of those that carry rows, so many do it as jobs
  double seconds = 0;  // at the limits, if the destination answers in a fifth of a second
  std::optional<QuotaShort> quota_short{};  // a day's allowance that does not suffice
};

// Whether the plan's rows go by the bulk operations of the route, where it has any.
bool goes_in_bulk(const PreparedSync& prepared, const PlanCounts& counts);

// `limits`: what is left of them today.
Estimate estimate(const PreparedSync& prepared, const PlanCounts& counts, RateLimits* limits);

}  // namespace penstock
