// Rows from here into a table of a database, in bulk.
#pragma once

#include <string>

#include "duck/duck.h"
#include "source/adbc/driver.h"

namespace penstock::adbc {

// Appends the rows of `sql`, whose columns are those of the table, in its order. False: the driver cannot do
// it, and nothing was written.
Result<bool> ingest(Session& session, const std::string& schema, const std::string& table,
                    duck::Connection& local, const std::string& sql);

}  // namespace penstock::adbc
