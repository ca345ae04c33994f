// What the warehouse is asked, as SQL. Pure text.
#pragma once

#include <functional>
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
// What a database can do that an index of the entries' keys is made in.
struct RowSums {
  // Of the values of these columns of the row `alias`, of the types of the model's columns `like`: 64 bits,
  // the same for what is equal.
  std::function<std::string(std::string_view alias, const std::vector<std::string>& columns,
                            const std::vector<std::string>& like)>
      hash;
  std::string sum;  // an aggregate of such hashes in which two that are the same cancel out: "bit_xor"
  std::string add;  // an operator that does so with two sums: "#"
};
// candidates_sql() for PostgreSQL. What is joined for all rows is as narrow as can be; the index finds the
// rest of the few entries whose rows have changed. And entries without a row are looked for only where the
// sums of all keys say that there are some: a hash for each key costs less than a join.
std::string summed_candidates_sql(const PlanTables& tables, const Question& question, const RowSums& sums);
// PlanTables::lines() of a database that speaks SQL as PostgreSQL does.
std::string lines_sql(const std::string& table, size_t key_columns, const std::vector<std::string>* keys);

}  // namespace penstock
