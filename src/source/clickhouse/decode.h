// Values of the Native format into DuckDB's vectors.
#pragma once

#include <string_view>

#include "duck/stream.h"
#include "source/clickhouse/block.h"

namespace penstock::clickhouse {

// Reads one column of a block from its first row to its last. The bytes are the block's and outlive it.
class ColumnReader {
 public:
  ColumnReader(std::string_view bytes, Parts parts);

  // Puts the next values into the vector's first rows; what it says is why one of them cannot be put there,
  // and then `bad` is its row in the vector.
  const char* fill(size_t count, const duck::Writable& out, size_t& bad);

 private:
  struct Place {
    size_t row = 0;  // the next one
    size_t at = 0;   // of texts: where the next one stands
  };

  const char* fill_texts(size_t count, const duck::Writable& out, size_t& bad);
  const char* fill_fixed_texts(size_t count, const duck::Writable& out, size_t& bad);
  const char* fill_times(size_t count, const duck::Writable& out, size_t& bad);
  const char* fill_json(size_t count, const duck::Writable& out, size_t& bad);
  const char* fill_decimals(size_t count, const duck::Writable& out, size_t& bad);
  void fill_plain(size_t count, const duck::Writable& out);
  bool is_null(size_t row) const;
  void fill_nulls(size_t first, size_t count, const duck::Writable& out);

  std::string_view next_text(size_t part);
  std::string_view next_fixed_text(size_t part);
  const char* next_bytes(size_t part);  // of values of one length
  // Appends the next value of a part as JSON.
  const char* put_json(size_t part, std::string& out);
  const char* put_json_value(size_t part, size_t row, std::string& out);
  const char* put_json_plain(size_t part, std::string& out);
  const char* put_json_members(size_t part, size_t row, std::string& out);
  const char* put_json_tuple(size_t part, std::string& out);

  std::string_view bytes_;
  Parts parts_;
  std::vector<Place> places_;
};

}  // namespace penstock::clickhouse
