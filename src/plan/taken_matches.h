// New match values that are another row's already.
#pragma once

#include "plan/stage.h"

namespace penstock {

// Refuses staged rows whose new match value is that of a row of the model which has nothing to send: they
// would overwrite its record. Both rows are invalid, as two rows are that are sent with one match value.
// Needs PlanOptions::owners; looks at new match values only.
Result<void> refuse_taken_matches(duck::Connection& connection, const MappedModel& model,
                                  const Snapshot& snapshot, const RowProbe& probe, const PlanOptions& options,
                                  Plan& plan, Staged& staged);

}  // namespace penstock
