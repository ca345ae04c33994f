// Rows as the text of a file. Pure text.
#pragma once

#include <string>
#include <vector>

#include "store/rows_body.h"

namespace penstock::files {

enum class Format { jsonl, csv, parquet };

struct TextRules {
  Format format = Format::jsonl;
  bool header = true;  // of CSV: a first line with the names of columns
  char delimiter = ',';
};

// A column of a file with where its values are found.
struct FileColumn {
  std::string name, type;  // an SQL type; empty: not said
  int position = -1;       // in the body's columns; -1: no row sets it
  bool is_key = false;     // rows that do not set it have their key there
};

// What is done with rows that are changes: the column `_operation`; empty: there is no such column.
inline constexpr std::string_view kOperation = "_operation";

// The columns of a file with these rows, without kOperation. Files of a sync have the same columns in the
// same order where the body says what there may be; those of removals have only the key.
std::vector<FileColumn> file_columns(const RowsBody& body, std::string_view operation);

// Cells of a row, by the numbers of the body's columns.
class Cells {
 public:
  Cells(const RowsBody& body, const BodyRow& row);
  Cell at(const FileColumn& column) const;

 private:
  const BodyRow& row_;
  std::vector<int> at_;
};

// CSV as RFC 4180 has it; a NULL is an empty field, an empty text is "". The line of names comes apart, since
// a file that is written in parts has one.
std::string csv_head(const std::vector<FileColumn>& columns, const TextRules& rules,
                     std::string_view operation);
// JSON lines begin with `_operation` and, where rows have keys, the match.
std::string rows_text(const RowsBody& body, const TextRules& rules, std::string_view operation);

}  // namespace penstock::files
