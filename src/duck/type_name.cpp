// Type::name: DuckDB's C API has no function that writes a type as SQL does.
#include <fmt/format.h>

#include "duck/duck.h"

namespace penstock::duck {
namespace {

std::string_view simple_name(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_ENUM:
      return "ENUM";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_BIT:
      return "BIT";
    case DUCKDB_TYPE_TIME_TZ:
      return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_BIGNUM:
      return "BIGNUM";
    case DUCKDB_TYPE_SQLNULL:
      return "NULL";
    case DUCKDB_TYPE_TIME_NS:
      return "TIME_NS";
    default:
      return "UNKNOWN";
  }
}

std::string members_name(std::string_view word, const Type& type) {
  std::string out = fmt::format("{}(", word);
  for (const auto& [name, member] : type.members()) {
    if (out.back() != '(') out += ", ";
    out += fmt::format("{} {}", quote_name(name), member.name());
  }
  return out + ")";
}

}  // namespace

std::string Type::name() const {
  if (const std::string other = alias(); !other.empty()) return other;
  switch (id()) {
    case DUCKDB_TYPE_DECIMAL:
      return fmt::format("DECIMAL({},{})", duckdb_decimal_width(type_), duckdb_decimal_scale(type_));
    case DUCKDB_TYPE_LIST:
      return element().name() + "[]";
    case DUCKDB_TYPE_ARRAY:
      return fmt::format("{}[{}]", element().name(), duckdb_array_type_array_size(type_));
    case DUCKDB_TYPE_STRUCT:
      return members_name("STRUCT", *this);
    case DUCKDB_TYPE_UNION:
      return members_name("UNION", *this);
    case DUCKDB_TYPE_MAP:
      return fmt::format("MAP({}, {})", Type(duckdb_map_type_key_type(type_)).name(),
                         Type(duckdb_map_type_value_type(type_)).name());
    default:
      return std::string(simple_name(id()));
  }
}

}  // namespace penstock::duck
