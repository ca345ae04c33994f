// PostgreSQL's binary values into DuckDB's vectors.
//
// The binary form of a type is what its `..._send` function writes
// (postgresql.org/docs/15/protocol-overview.html, 2026-11): integers big-endian, dates and times counted from
// 2000-01-01.
#pragma once

#include <string>

#include "duck/stream.h"

namespace penstock::postgres {

// How a column travels, and what it is here.
struct Carried {
  std::string name;
  duck::Type type;
  std::string sql;  // of the name, in the select list: `"a"`, `"a"::text`
  // Puts one value that is not NULL into a row; what it says is why it cannot.
  const char* (*put)(std::string_view value, const duck::Writable& out, size_t row);
  uint8_t scale = 0;  // of a decimal
  uint8_t width = 0;
};

// By the type's number in pg_type and its modifier. `is_list`: an array or a composite type, of which
// the server makes JSON.
Carried carried(const std::string& name, uint32_t type, int modifier, bool is_list);
// Whether carried() knows the type without asking whether it is a list.
bool is_known(uint32_t type);

// What put() cannot be told: the digits of a NUMERIC in a DECIMAL(width, scale).
const char* put_decimal(std::string_view value, const duck::Writable& out, size_t row, uint8_t width,
                        uint8_t scale);

}  // namespace penstock::postgres
