#include "store/postgres/copy_text.h"

#include <fmt/format.h>

#include "database/tab_text.h"
#include "store/base64.h"
#include "store/postgres/array_literal.h"

namespace penstock::postgres {

void append_copy_value(std::string& out, Cell value, const Column* column) {
  if (!value) {
    out += kTabNull;
  } else if (column != nullptr && column->is_array) {
    append_tab_text(out, array_literal(*value));
  } else if (column != nullptr && column->base == "bytea") {
    append_tab_text(out, "\\x" + hex_of_base64(*value));
  } else {
    append_tab_text(out, *value);
  }
}

std::string copy_text(const RowsBody& body, const Table& table) {
  std::vector<const Column*> columns;
  for (const auto& name : body.columns) columns.push_back(table.find(name));
  const Column* key = table.find(body.match);
  std::vector<const Cell*> cells(columns.size());
  std::string out;
  for (size_t i = 0; i < body.rows.size(); ++i) {
    const BodyRow& row = body.rows[i];
    fmt::format_to(std::back_inserter(out), "{}\t{}\t", i, row.shape);
    append_copy_value(out, row.key, key);
    std::fill(cells.begin(), cells.end(), nullptr);
    const auto& shape = body.shapes[row.shape];
    for (size_t at = 0; at < shape.size(); ++at) cells[shape[at]] = &row.values[at];
    for (size_t at = 0; at < cells.size(); ++at) {
      out += '\t';
      append_copy_value(out, cells[at] == nullptr ? Cell() : *cells[at], columns[at]);
    }
    out += '\n';
  }
  return out;
}

}  // namespace penstock::postgres
