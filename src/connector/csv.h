// Reading CSV as RFC 4180 has it: what destinations list results in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::connector {

// Goes through the records of a text. Lines end with CRLF, LF or CR; a byte order mark is passed over, and so
// are empty lines. Borrows the text.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);
  // The next record's fields; false at the end, or when a quoted field is not closed.
  bool next(std::vector<std::string>& fields);
  bool is_damaged() const { return damaged_; }

 private:
  std::string quoted();
  std::string_view rest_;
  bool damaged_ = false;
};

// A JSON list with an object for each record, whose members are named by the first record. A field that a
// record lacks is left out; of two columns of one name the first is read. Errors are of kind transient: a
// text that ends within a quoted field was cut off on its way.
Result<std::string> csv_as_json(std::string_view text);

}  // namespace penstock::connector
