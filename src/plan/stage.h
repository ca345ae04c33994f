// Streams the model through the probe into a temporary table of the rows that go on.
#pragma once

#include <memory>
#include <string>

#include "plan/plan.h"

namespace penstock {

// Creates the table `stage`:
//   class UTINYINT, d STRUCT(key, key_hi, key_lo, fingerprint, record_id, match_before, send, anew, invalid),
//   m0.., f0..
// `anew` is true where a row's match value has changed and its record is another key's by now: it has neither
// record_id nor match_before, and is looked for as if it were new. `invalid`: why a row cannot be sent.
Result<void> fill_stage(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                        const std::shared_ptr<RowProbe>& probe, const PlanOptions& options);

}  // namespace penstock
