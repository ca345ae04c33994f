// Streams the model through the probe into a temporary table of the rows that go on.
#pragma once

#include <memory>
#include <string>

#include "plan/plan.h"

namespace penstock {

// Creates the table `stage`:
//   class UTINYINT, d STRUCT(key, key_hi, key_lo, fingerprint, record_id, match_before, send), m0.., f0..
Result<void> fill_stage(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                        const std::shared_ptr<RowProbe>& probe);

// "m0, m1" and "f0, f1": the names of a model's columns in the stage and the plan file.
std::string match_names(const MappedModel& model);
std::string field_names(const MappedModel& model);

}  // namespace penstock
