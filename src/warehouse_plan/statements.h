// The statements that a push is made of, for databases that speak SQL as PostgreSQL does.
#pragma once

#include <string>
#include <vector>

#include "warehouse_plan/tables.h"

namespace penstock {

struct KeyTypes {
  std::string key, digest;  // "uuid", "bigint"
};

// The schema and the table `syncs`, if they are not there.
std::vector<std::string> create_schema_sql(const TableNames& names);
// Anew: the tables of the sync.
std::vector<std::string> create_tables_sql(const TableNames& names, const std::string& model,
                                           const std::vector<std::string>& keys, const KeyTypes& types);
std::string head_sql(const TableNames& names, const std::string& project, const std::string& sync);
// Of a line of `head_sql`.
Head read_head(const std::vector<std::optional<std::string>>& line);
// "project = 'a' AND sync = 'b'"
std::string where_head(const std::string& project, const std::string& sync);
// Replaces the line of the sync.
std::vector<std::string> put_head_sql(const TableNames& names, const std::string& project,
                                      const std::string& sync, const Head& head);
std::string leave_sql(const TableNames& names, const std::string& project, const std::string& sync);
// Lines of `staged`, which has the columns of `table` and `deleted`, take the place of the table's.
std::vector<std::string> replace_lines_sql(const std::string& table, const std::string& staged,
                                           const std::string& columns, bool is_empty);
// "q.a, q.b" of the row `alias`.
std::string column_list(std::string_view alias, const std::vector<std::string>& columns);
// "k0, k1, key, digest, accepted, ..."; without key columns those of owners and written.
std::string line_columns(size_t key_columns);

}  // namespace penstock
