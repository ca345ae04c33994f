// Rows as COPY's text format, for columns of given types.
#pragma once

#include <string>

#include "store/postgres/table.h"
#include "store/rows_body.h"

namespace penstock::postgres {

// Appends one value as the column's type reads it: JSON lists become arrays, base64 becomes bytea.
void append_copy_value(std::string& out, Cell value, const Column* column);
// One line a row: its number, its shape's number, its key, and every column (NULL where its shape has none).
std::string copy_text(const RowsBody& body, const Table& table);

}  // namespace penstock::postgres
