// What the warehouse is asked, as SQL. Pure text.
#pragma once

#include <string>
#include <vector>

#include "warehouse_plan/tables.h"

namespace penstock {

struct Question {
  std::string model;                 // its SELECT
  std::vector<std::string> columns;  // of the model
  std::vector<std::string> keys;     // of these, the primary key
  std::vector<std::string> inputs;   // of these, what the mapping uses
  bool all = false;                  // every row and entry
  std::string where_head;            // finds the sync's line in the table `syncs`
  bool has_entries = false;          // there are tables
  bool has_unplaced = false;         // with entries whose key columns are not known
};

// Rows that may have changed, entries whose row is gone, and one line more, with the number of the model's
// rows in penstock_total and the head's generation. Columns: the model's, and
//     penstock_digest                 NULL: there is no such row
//     penstock_key, penstock_known, penstock_k0...   of the entry; NULL: there is none
//     kStateColumns, each after penstock_
//     penstock_total, penstock_generation
std::string candidates_sql(const PlanTables& tables, const Question& question);
// The same columns: rows that are none of those, but whose key several rows have.
std::string repeated_sql(const PlanTables& tables, const Question& question);
// PlanTables::changed_rows() where an index finds the entries of the few rows that have changed: what is
// joined for all rows is as narrow as can be then, and PostgreSQL's planner, who takes them for many, has no
// say in it.
std::string changed_rows_by_index(const PlanTables& tables, const Question& question,
                                  const std::string& rows);
// PlanTables::lines() of a database that speaks SQL as PostgreSQL does.
std::string lines_sql(const std::string& table, size_t key_columns, const std::vector<std::string>* keys);

}  // namespace penstock
