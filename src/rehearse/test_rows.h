// The rows of a test as a table, typed as their columns are said to be, or look.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/tests.h"
#include "duck/duck.h"
#include "run/prepare_rows.h"

namespace penstock::rehearse {

inline constexpr std::string_view kTestRows = "penstock_rows";
inline constexpr std::string_view kRowNumber = "penstock_row";  // from 0

class TestRows {
 public:
  TestRows(const config::Test& test, const config::Model& model, const config::Sync& sync,
           declare::Diagnostics& diagnostics);

  // Makes the table in a new database, for all cases. What is wrong with the test's columns and values goes
  // to the diagnostics.
  Result<OpenedModel> open();
  // Puts the rows of one case into the table.
  Result<void> fill(duck::Connection& connection, const config::TestCase& test_case);

 private:
  struct Column {
    std::string name, type;
    declare::Place place;
  };
  void add_column(const std::string& name, const declare::Place& place);
  Column* column(std::string_view name);
  void gather(duck::Connection& connection);
  void infer_types(duck::Connection& connection);
  void check_types(duck::Connection& connection);
  void guess_types(duck::Connection& connection);
  void warn_of_strangers();
  std::string values_of(const config::TestCase::Row& row, size_t number) const;
  std::string literal(const Column& column, const declare::Node& value) const;
  Result<void> fill_by_query(duck::Connection& connection, const config::TestCase& test_case);
  void find_culprit(duck::Connection& connection, const config::TestCase& test_case, const Error& error);
  bool is_key(std::string_view name) const;

  const config::Test& test_;
  const config::Model& model_;
  const config::Sync& sync_;
  declare::Diagnostics& diagnostics_;
  // An SQL expression of the sync, and the columns that it reads.
  struct Expression {
    std::string sql;
    std::vector<std::string> columns;
  };
  void read_expression(duck::Connection& connection, const declare::Passage& sql);

  std::vector<Column> columns_;
  std::vector<Expression> expressions_;
  std::set<std::string, std::less<>> of_sync_;  // columns that the sync reads
};

}  // namespace penstock::rehearse
