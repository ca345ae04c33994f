// What a plan costs at the destination's limits.
#pragma once

#include <optional>
#include <string>

#include "deliver/rate_limits.h"
#include "plan/guards.h"
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
  std::optional<DayUse> day{};              // the day's allowance that most is taken of
};

// Whether the plan's rows go by the bulk operations of the route, where it has any.
bool goes_in_bulk(const PreparedSync& prepared, const PlanCounts& counts);

// Whether the destination's connector says how much a day allows.
bool declares_day(const connector::Target& target);
// What people are told where it does not and `max_quota` was set.
std::string no_day_to_guard(const connector::Target& target);

// `limits`: what is left of them today.
Estimate estimate(const PreparedSync& prepared, const PlanCounts& counts, RateLimits* limits);

}  // namespace penstock
