// The SQL of a batch. Pure text; values never stand in it.
//
// A batch's rows are copied into a temporary table, typed as the target is, and written from there: one
// statement for each set of columns that rows bring. Columns of that table: n (the row's number), shape, k
// (its key), c0, c1, ...
#pragma once

#include <string>

#include "store/postgres/table.h"
#include "store/rows_body.h"

namespace penstock::postgres {

inline constexpr std::string_view kStage = "pg_temp.penstock_rows";

std::string create_stage(const RowsBody& body, const Table& table);
std::string copy_into_stage();

// Each gives rows' numbers, as said.
std::string insert_rows(const RowsBody& body, const Table& table, uint32_t shape);  // written
std::string upsert_rows(const RowsBody& body, const Table& table, uint32_t shape);  // written that were new
std::string update_rows(const RowsBody& body, const Table& table, uint32_t shape);  // found
std::string delete_rows(const RowsBody& body, const Table& table);                  // removed

// Rows whose `match` has one of the values of $1 (a list of texts): the value, and `fields` as texts.
std::string find_rows(const Table& table, const Column& match, const std::vector<std::string>& fields);

}  // namespace penstock::postgres
