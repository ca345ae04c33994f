// A few rows of each kind, for people to look at.
#pragma once

#include "plan/stage.h"

namespace penstock {

// `rows`: a query of the rows that are sent, as define_rows() in plan.cpp makes it.
Result<void> take_samples(duck::Connection& connection, const std::string& rows, const MappedModel& model,
                          const PlanOptions& options, const Staged& staged, Plan& plan);

}  // namespace penstock
