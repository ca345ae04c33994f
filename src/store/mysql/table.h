// A table as information_schema describes it.
#pragma once

#include <string>
#include <vector>

#include "database/mysql.h"
#include "store/rows_body.h"

namespace penstock::mysql {

struct Column {
  std::string name;
  std::string type;       // whole: decimal(38,10), varchar(20)
  std::string data_type;  // its first word: decimal, varchar
  std::string collation;  // "utf8mb4 collate utf8mb4_bin", or empty
  std::string index;      // of a unique index on it alone; empty: none
  std::string help;
  bool read_only = false;

  bool is_number() const;
  bool is_binary() const;
  bool is_time() const;
};

struct Table {
  std::string name;  // quoted, for SQL
  std::vector<Column> columns;
  const Column* find(std::string_view column) const;
};

struct Described {
  std::optional<Table> table;
  std::optional<Trouble> trouble;  // neither: there is no such table
};
Described describe(Connection& connection, std::string_view object);

// Appends the value as SQL that the column's type reads without loss.
void append_value(Connection& connection, std::string& out, Cell value, const Column* column);

}  // namespace penstock::mysql
