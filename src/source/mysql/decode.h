// Values of MySQL's text protocol as columns, each of them exactly or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "database/mysql.h"
#include "duck/stream.h"

namespace penstock::mysql {

enum class ZeroDates { refuse, null };  // '0000-00-00', '2026-00-10': what they become

// A column of a result, and how it is asked for and carried.
struct Carried {
  std::string name;
  duck::Type type;
  std::string sql;  // what is asked for: the column's name, quoted, or an expression of it
  // Why the value cannot be put there; nullptr when it was.
  const char* (*put)(const Carried& column, std::string_view value, const duck::Writable& out, size_t row);
  uint8_t width = 0, scale = 0;  // of a decimal
  ZeroDates zero_dates = ZeroDates::refuse;
};

Carried carried(const Field& field, ZeroDates zero_dates);

}  // namespace penstock::mysql
