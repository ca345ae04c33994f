// The rows of a request as CSV: a line of column names, then a line a row. RFC 4180, LF line ends, every
// value in quotes but for those that are absent: an empty cell says nothing of its field.
#pragma once

#include <string>
#include <vector>

#include "connector/body.h"

namespace penstock::connector {

// Immutable once compiled; thread-safe.
class CsvBody {
 public:
  // The template is a map from column to a text of a row; under "..." stand {fields} or {match_members}, each
  // of which is a column of its name. Checked when the declaration was read.
  static Result<CsvBody> compile(const Node& node, BodyFacts facts);

  void begin(std::string& out) const { out += header_; }
  void add(std::string& out, const RowView& row, size_t index, bool masked) const;
  const std::vector<std::string>& columns() const { return columns_; }

 private:
  struct Column {
    enum class Kind { text, field, match };
    Kind kind = Kind::text;
    TextTemplate text{};
    size_t index = 0;  // of the field or match value
  };
  Result<void> add_column(const std::string& name, const Node& node);
  void add_members(const Placeholder& which);
  void add_column(std::string name, Column column);
  void write_old_match(std::string& out, const RowView& row, size_t index, bool masked) const;
  void write_value(std::string& out, const Values& values, size_t row, bool masked) const;

  BodyFacts facts_;
  std::vector<std::string> columns_;
  std::vector<Column> cells_;
  std::string header_;
};

}  // namespace penstock::connector
