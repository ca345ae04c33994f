#include "source/sqlite/cells.h"

#include <simdjson.h>

#include <algorithm>
#include <cctype>

namespace penstock::sqlite {
namespace {

struct Named {
  Carrier carrier;
  std::string_view name;
  duckdb_type type;
};

constexpr Named kNames[] = {
    {Carrier::boolean, "BOOLEAN", DUCKDB_TYPE_BOOLEAN}, {Carrier::integer, "BIGINT", DUCKDB_TYPE_BIGINT},
    {Carrier::real, "DOUBLE", DUCKDB_TYPE_DOUBLE},      {Carrier::text, "VARCHAR", DUCKDB_TYPE_VARCHAR},
    {Carrier::binary, "BLOB", DUCKDB_TYPE_BLOB},
};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

duck::Type type_of(Carrier carrier) {
  for (const auto& one : kNames)
    if (one.carrier == carrier) return duck::Type::of(one.type);
  die("a carrier without a type");
}

std::optional<Carrier> carrier_named(std::string_view name) {
  for (const auto& one : kNames)
    if (one.name == name) return one.carrier;
  return std::nullopt;
}

std::optional<Carrier> carrier_declared(std::string_view declared) {
  const std::string words = upper(declared);
  const auto has = [&](std::string_view word) { return words.find(word) != words.npos; };
  if (has("BOOL")) return Carrier::boolean;
  if (has("INT")) return Carrier::integer;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Carrier::text;
  if (has("BLOB")) return Carrier::binary;
  if (has("REAL") || has("FLOA") || has("DOUB") || has("DEC") || has("NUMERIC")) return Carrier::real;
  return std::nullopt;
}

Carrier carrier_seen(const std::vector<int>& classes) {
  const auto all = [&](auto... of) {
    return std::all_of(classes.begin(), classes.end(), [&](int one) { return ((one == of) || ...); });
  };
  if (classes.empty()) return Carrier::text;
  if (all(SQLITE_INTEGER)) return Carrier::integer;
  if (all(SQLITE_INTEGER, SQLITE_FLOAT)) return Carrier::real;
  if (all(SQLITE_BLOB)) return Carrier::binary;
  return Carrier::text;
}

void Cells::take(sqlite3_stmt* statement, int columns) {
  for (int i = 0; i < columns; ++i) {
    Cell& cell = all.emplace_back();
    cell.storage = sqlite3_column_type(statement, i);
    if (cell.storage == SQLITE_INTEGER) {
      cell.integer = sqlite3_column_int64(statement, i);
    } else if (cell.storage == SQLITE_FLOAT) {
      cell.real = sqlite3_column_double(statement, i);
    } else if (cell.storage != SQLITE_NULL) {
      cell.from = bytes.size();
      // The pointer first, the length after it: the other way round the value may move.
      const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, i));
      cell.size = static_cast<size_t>(sqlite3_column_bytes(statement, i));
      bytes.append(data == nullptr ? "" : data, cell.size);
    }
  }
  ++rows;
}

const char* put(Carrier carrier, const Cells& cells, const Cell& cell, const duck::Writable& out,
                size_t row) {
  const std::string_view text = cells.text(cell);
  switch (carrier) {
    case Carrier::boolean:
      if (cell.storage != SQLITE_INTEGER || cell.integer < 0 || cell.integer > 1) return "is neither 0 nor 1";
      out.set(row, cell.integer == 1);
      return nullptr;
    case Carrier::integer:
      if (cell.storage != SQLITE_INTEGER) return "is no whole number";
      out.set(row, cell.integer);
      return nullptr;
    case Carrier::real:
      if (cell.storage == SQLITE_FLOAT) return out.set(row, cell.real), nullptr;
      if (cell.storage != SQLITE_INTEGER) return "is no number";
      if (constexpr int64_t kExact = int64_t{1} << 53; cell.integer > kExact || cell.integer < -kExact)
        return "is a whole number of more digits than a floating-point number holds";
      out.set(row, static_cast<double>(cell.integer));
      return nullptr;
    case Carrier::text:
      if (cell.storage == SQLITE_INTEGER) return out.set_text(row, std::to_string(cell.integer)), nullptr;
      if (cell.storage != SQLITE_TEXT) return "is no text";
      if (!simdjson::validate_utf8(text)) return "is not UTF-8";
      out.set_text(row, text);
      return nullptr;
    case Carrier::binary:
      if (cell.storage != SQLITE_BLOB) return "is no BLOB";
      out.set_text(row, text);
      return nullptr;
  }
  die("a carrier of an unknown kind");
}

}  // namespace penstock::sqlite
