// The rows of a request's body, as connectors for stores write it:
//
//     {"match": "email", "rows": [{"key": "a@b.example", "set": {"name": "Ana", "score": 1.50, "tier":
//     null}}]}
//
// Where a store needs them, `"types": {"email": "VARCHAR", "score": "DECIMAL(8,2)"}` stands before the rows.
// Values keep every digit that they were written with. Rows may set different columns.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock {

using Cell = std::optional<std::string_view>;  // a text; of a number or a list its JSON; empty: NULL

struct BodyRow {
  Cell key;
  std::vector<Cell> values;            // of the columns of its shape, in their order
  std::vector<std::string_view> json;  // the same, as they stand in the body
  uint32_t shape = 0;
};

struct ColumnType {
  std::string name, type;  // an SQL type that holds every value as it is
};

// Borrows the text that it was read from.
class RowsBody {
 public:
  // Errors are of kind internal: the declaration's template does not fit the store.
  static Result<RowsBody> read(std::string_view json);

  std::string match;                 // the column that `key` belongs to; empty: none
  std::vector<ColumnType> types;     // of all columns that rows may set, in order; where the body says
  std::vector<std::string> columns;  // every column that some row sets
  std::vector<std::vector<uint32_t>> shapes;  // sets of columns that rows set, by their numbers
  std::vector<BodyRow> rows;

 private:
  class Reader;
  std::deque<std::string> unescaped_;  // what cells point to when the body's text does not hold it
};

}  // namespace penstock
