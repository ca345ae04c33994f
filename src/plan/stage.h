// Streams the model through the probe into a temporary table of the rows that go on.
#pragma once

#include <memory>
#include <string>

#include "plan/plan.h"

namespace penstock {

// How many rows a plan's tables have so far. Each question takes DuckDB a millisecond or two, and most plans
// have nothing of most kinds: tables that would be empty are neither made nor asked.
struct Staged {
  uint64_t rows = 0;      // penstock_stage
  uint64_t moved = 0;     // of them, with a match value that has changed
  uint64_t unfit = 0;     // of them, with a value that cannot be sent
  uint64_t passed = 0;    // penstock_passed
  uint64_t refused = 0;   // penstock_refused
  uint64_t given = 0;     // penstock_given
  uint64_t kept = 0;      // penstock_kept
  uint64_t heirs = 0;     // penstock_heirs
  uint64_t removals = 0;  // penstock_removed
};

// Creates the table `stage` and says how many rows it has, and how many moved or are unfit:
//   class UTINYINT, d STRUCT(key, key_hi, key_lo, fingerprint, record_id, match_before, send, anew, invalid),
//   m0.., f0..
// `anew` is true where a row's match value has changed and its record is another key's by now: it has neither
// record_id nor match_before, and is looked for as if it were new. `invalid`: why a row cannot be sent.
Result<Staged> fill_stage(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                          const std::shared_ptr<RowProbe>& probe, const PlanOptions& options);

}  // namespace penstock
