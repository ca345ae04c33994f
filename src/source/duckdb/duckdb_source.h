// DuckDB database files, and CSV, Parquet and JSON files in place.
#pragma once

#include "source/warehouse.h"

namespace penstock {

const declare::Of<declare::Settings>& duckdb_settings();

// A database in memory that sees the source's tables by their plain names.
Result<std::unique_ptr<Warehouse>> open_duckdb(const config::Source& source,
                                               const declare::Resolver& resolver, const OpenOptions& options);

}  // namespace penstock
