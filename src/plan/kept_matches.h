// Match values that one row gives up and another one has now.
#pragma once

#include "plan/stage.h"

namespace penstock {

// Fills the table `penstock_kept`(row): staged rows with a new match value whose old one is that of another
// row of the model. To be called when it is known which rows are refused.
Result<void> find_kept_matches(duck::Connection& connection, const MappedModel& model,
                               const Snapshot& snapshot, const RowProbe& probe, const PlanOptions& options,
                               Staged& staged);

// The table `penstock_passed`(row), made if it has any: rows to be looked for that have a match value which
// the record of another row has, and loses in the same run. They come last, or they would be written to that
// record.
Result<void> find_passed_matches(duck::Connection& connection, const MappedModel& model,
                                 const PlanOptions& options, Staged& staged);

}  // namespace penstock
