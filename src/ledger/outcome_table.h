// A journal's outcomes as tables of an in-memory DuckDB, joined with the plan's rows.
#pragma once

#include <string>

#include "duck/duck.h"
#include "ledger/ledger.h"

namespace penstock {

// Fills the tables `outcomes` (one row for each row of the plan that has an outcome) and `requests` from the
// journal. Rows that a crash left in doubt get that outcome here.
Result<Settled> load_journal(duck::Connection& connection, Disk& disk, const std::string& journal,
                             const std::string& plan, Time now);

}  // namespace penstock
