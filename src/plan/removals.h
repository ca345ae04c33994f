// Keys that the model has no longer.
#pragma once

#include "plan/stage.h"

namespace penstock {

// Fills the table `removed` with the rows of the plan that take records away, and notes in the plan what
// changes without a request.
Result<void> find_removals(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                           const RowProbe& probe, const PlanOptions& options, Plan& plan, Staged& staged);

}  // namespace penstock
