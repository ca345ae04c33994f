// Which payload type carries a warehouse type, and the SQL that brings it there.
#include <fmt/format.h>

#include "payload/payload.h"

namespace penstock {
namespace {

struct Named {
  PayloadType type;
  std::string_view name;
};
constexpr Named kNames[] = {
    {PayloadType::boolean, "boolean"},
    {PayloadType::integer, "integer"},
    {PayloadType::unsigned_integer, "unsigned_integer"},
    {PayloadType::big_integer, "big_integer"},
    {PayloadType::decimal, "decimal"},
    {PayloadType::real32, "real32"},
    {PayloadType::real64, "real64"},
    {PayloadType::text, "text"},
    {PayloadType::binary, "binary"},
    {PayloadType::date, "date"},
    {PayloadType::time, "time"},
    {PayloadType::timestamp, "timestamp"},
    {PayloadType::timestamp_ns, "timestamp_ns"},
    {PayloadType::timestamp_tz, "timestamp_tz"},
    {PayloadType::json, "json"},
};

// Types whose layout DuckDB's C API does not show: they travel as their text.
bool is_opaque(duckdb_type id) {
  return id == DUCKDB_TYPE_BIT || id == DUCKDB_TYPE_BIGNUM || id == DUCKDB_TYPE_TIME_NS ||
         id > DUCKDB_TYPE_TIME_NS;
}

bool holds_opaque(const duck::Type& type) {
  switch (type.id()) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
      return holds_opaque(type.element());
    case DUCKDB_TYPE_MAP:
      return holds_opaque(duck::Type(duckdb_map_type_key_type(type.get()))) ||
             holds_opaque(duck::Type(duckdb_map_type_value_type(type.get())));
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION:
      for (const auto& [name, member] : type.members())
        if (holds_opaque(member)) return true;
      return false;
    default:
      return is_opaque(type.id());
  }
}

// The type's name with every opaque type inside it replaced by VARCHAR.
std::string readable_name(const duck::Type& type) {
  switch (type.id()) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
      return readable_name(type.element()) + "[]";
    case DUCKDB_TYPE_MAP:
      return fmt::format("MAP({}, {})", readable_name(duck::Type(duckdb_map_type_key_type(type.get()))),
                         readable_name(duck::Type(duckdb_map_type_value_type(type.get()))));
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION: {
      std::string out;
      for (const auto& [name, member] : type.members())
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", duck::quote_name(name), readable_name(member));
      return fmt::format("{}({})", type.id() == DUCKDB_TYPE_STRUCT ? "STRUCT" : "UNION", out);
    }
    default:
      return is_opaque(type.id()) ? "VARCHAR" : type.name();
  }
}

}  // namespace

std::string_view name_of(PayloadType type) {
  for (const auto& named : kNames)
    if (named.type == type) return named.name;
  die("a PayloadType without a name");
}

std::optional<PayloadType> payload_type_named(std::string_view name) {
  for (const auto& named : kNames)
    if (named.name == name) return named.type;
  return std::nullopt;
}

ValueType payload_type_of(const duck::Type& type) {
  if (type.is_json()) return {PayloadType::json};
  switch (type.id()) {
    case DUCKDB_TYPE_BOOLEAN:
      return {PayloadType::boolean};
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
      return {PayloadType::integer};
    case DUCKDB_TYPE_UBIGINT:
      return {PayloadType::unsigned_integer};
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
      return {PayloadType::big_integer};
    case DUCKDB_TYPE_DECIMAL:
      return {PayloadType::decimal, duckdb_decimal_width(type.get()), duckdb_decimal_scale(type.get())};
    case DUCKDB_TYPE_FLOAT:
      return {PayloadType::real32};
    case DUCKDB_TYPE_DOUBLE:
      return {PayloadType::real64};
    case DUCKDB_TYPE_BLOB:
      return {PayloadType::binary};
    case DUCKDB_TYPE_DATE:
      return {PayloadType::date};
    case DUCKDB_TYPE_TIME:
      return {PayloadType::time};
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return {PayloadType::timestamp};
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return {PayloadType::timestamp_ns};
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return {PayloadType::timestamp_tz};
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
      return {PayloadType::json};
    default:
      return {PayloadType::text};
  }
}

std::string storage_sql_type(ValueType type) {
  switch (type.type) {
    case PayloadType::boolean:
      return "BOOLEAN";
    case PayloadType::integer:
      return "BIGINT";
    case PayloadType::unsigned_integer:
      return "UBIGINT";
    case PayloadType::decimal:
      return fmt::format("DECIMAL({},{})", type.width, type.scale);
    case PayloadType::real32:
      return "FLOAT";
    case PayloadType::real64:
      return "DOUBLE";
    case PayloadType::binary:
      return "BLOB";
    case PayloadType::date:
      return "DATE";
    case PayloadType::time:
      return "TIME";
    case PayloadType::timestamp:
      return "TIMESTAMP";
    case PayloadType::timestamp_ns:
      return "TIMESTAMP_NS";
    case PayloadType::timestamp_tz:
      return "TIMESTAMP WITH TIME ZONE";
    case PayloadType::big_integer:
    case PayloadType::text:
    case PayloadType::json:
      return "VARCHAR";
  }
  die("a PayloadType without storage");
}

std::string as_payload_sql(const std::string& expression, const duck::Type& type) {
  if (type.is_json()) return fmt::format("penstock_minify(CAST({} AS VARCHAR))", expression);
  switch (type.id()) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
      if (holds_opaque(type))
        return fmt::format("penstock_json(CAST({} AS {}))", expression, readable_name(type));
      return fmt::format("penstock_json({})", expression);
    default:
      return fmt::format("CAST({} AS {})", expression, storage_sql_type(payload_type_of(type)));
  }
}

}  // namespace penstock
