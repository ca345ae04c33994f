// Old match values that must not be removed: another row has them now.
#pragma once

#include "plan/stage.h"

namespace penstock {

// Fills the table `penstock_kept`(row): staged rows with a new match value whose old one is that of another
// row of the model. To be called when it is known which rows are refused.
Result<void> find_kept_matches(duck::Connection& connection, const MappedModel& model,
                               const Snapshot& snapshot, const RowProbe& probe, const PlanOptions& options,
                               const Staged& staged);

}  // namespace penstock
