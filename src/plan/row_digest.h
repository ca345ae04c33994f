// A digest of rows that stays the same across versions, machines and orders.
#pragma once

#include <string>

#include "duck/duck.h"

namespace penstock {

// Defines penstock_row_hash(columns...): 64 bits over all values of a row, XXH3 like all of our hashes.
// DuckDB's own hash() may change with its version.
Result<void> define_row_hash(duck::Connection& connection);

// "penstock_row_hash(a, b, ...)" over all columns of a relation.
Result<std::string> row_hash_sql(duck::Connection& connection, const std::string& relation);

// read_parquet() of this very file, whatever its name has in it.
std::string parquet_file_sql(const std::string& file);

}  // namespace penstock
