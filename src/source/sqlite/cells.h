// SQLite's values, each of which has a type of its own, as columns of one type.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duck/stream.h"

namespace penstock::sqlite {

// What a column may be.
enum class Carrier { boolean, integer, real, text, binary };

duck::Type type_of(Carrier carrier);
std::optional<Carrier> carrier_named(std::string_view name);  // BOOLEAN, BIGINT, DOUBLE, VARCHAR, BLOB

// By the words in a declared type, as far as they settle it ("Determination Of Column Affinity",
// sqlite.org/datatype3.html, 2026-11). Not so DATE or DATETIME, which are texts, seconds or days, as people
// please.
std::optional<Carrier> carrier_declared(std::string_view declared);
// By the storage classes of values that were seen (SQLITE_INTEGER, ...), NULL left out.
Carrier carrier_seen(const std::vector<int>& classes);

// One value, copied from a statement's row.
struct Cell {
  int storage = SQLITE_NULL;
  int64_t integer = 0;
  double real = 0;
  size_t from = 0, size = 0;  // in the rows' bytes
};

// Rows that were read, to be filled in by another thread.
struct Cells {
  std::vector<Cell> all;  // row by row
  std::string bytes;
  size_t rows = 0;

  void take(sqlite3_stmt* statement, int columns);
  std::string_view text(const Cell& cell) const {
    return std::string_view(bytes).substr(cell.from, cell.size);
  }
};

// Why it cannot be put there; nullptr when it was.
const char* put(Carrier carrier, const Cells& cells, const Cell& cell, const duck::Writable& out, size_t row);

}  // namespace penstock::sqlite
