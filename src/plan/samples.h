// A few rows of each kind, for people to look at.
#pragma once

#include "plan/plan.h"

namespace penstock {

Result<void> take_samples(duck::Connection& connection, const MappedModel& model, const PlanOptions& options,
                          Plan& plan);

}  // namespace penstock
