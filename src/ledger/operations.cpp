#include "ledger/operations.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>

namespace penstock {
namespace {

// A plan file's payload column.
struct PayloadColumn {
  std::string column;  // fields.NAME
  std::string name;    // as a JSON string with its colon
  ValueType type;
  bool personal = false;
};

std::map<std::string, PayloadType, std::less<>> types_in(const std::string& mapping) {
  std::map<std::string, PayloadType, std::less<>> types;
  simdjson::dom::parser parser;
  simdjson::dom::array fields;
  if (parser.parse(mapping)["fields"].get_array().get(fields) != simdjson::SUCCESS) return types;
  for (const auto field : fields) {
    std::string_view name, type;
    if (field["name"].get(name) == simdjson::SUCCESS && field["type"].get(type) == simdjson::SUCCESS)
      if (const auto known = payload_type_named(type)) types.emplace(name, *known);
  }
  return types;
}

Result<std::vector<PayloadColumn>> payload_columns(duck::Connection& connection, const std::string& plan,
                                                   const RunFacts& facts) {
  auto columns = connection.describe(fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(plan)));
  if (!columns.ok()) return columns.error();
  const auto types = types_in(facts.mapping);
  std::vector<PayloadColumn> payload;
  for (const auto& column : *columns) {
    if (!column.name.starts_with("fields.")) continue;
    const std::string field = column.name.substr(7);
    PayloadColumn& one = payload.emplace_back();
    one.column = column.name;
    append_json_string(one.name, field);
    one.name += ':';
    one.type = payload_type_of(column.type);
    // Nested values and big integers are text in the file: the mapping tells them apart from text.
    if (const auto type = types.find(field); type != types.end() && one.type.type == PayloadType::text)
      one.type.type = type->second;
    one.personal = std::find(facts.personal.begin(), facts.personal.end(), field) != facts.personal.end();
  }
  return payload;
}

// penstock_payload(send, fields...): the payload as one JSON text, masked.
Result<void> define_payload(duck::Connection& connection, std::vector<PayloadColumn> columns) {
  return connection.define(
      {.name = "penstock_payload",
       .result = duck::Type::of(DUCKDB_TYPE_VARCHAR),
       .call = [columns = std::move(columns)](std::span<const duck::Vector> arguments, size_t rows,
                                              duckdb_vector result) -> Result<void> {
         std::string text;
         for (size_t row = 0; row < rows; ++row) {
           const std::string_view send =
               arguments[0].valid(row) ? arguments[0].text(row) : std::string_view();
           text = "{";
           for (size_t i = 0; i < columns.size(); ++i) {
             if (i < send.size() && send[i] == '0') continue;
             const Values values(arguments[i + 1], columns[i].type);
             if (text.size() > 1) text += ',';
             text += columns[i].name;
             if (columns[i].personal && !values.is_null(row))
               append_json_string(text, kMask);
             else
               append_json(text, values, row);
           }
           text += '}';
           duckdb_vector_assign_string_element_len(result, row, text.data(), text.size());
         }
         return success();
       }});
}

Result<void> write_parquet(duck::Connection& connection, Disk& disk, const std::string& sql,
                           const std::string& path) {
  const std::string temporary = path + ".new";
  auto written = connection.run(
      fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION zstd)", sql, duck::quote_text(temporary)));
  if (!written.ok()) return written.error();
  return disk.rename(temporary, path);
}

}  // namespace

Result<void> write_operations(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                              const RunFacts& facts) {
  const std::string plan = paths.plan(facts.sync);
  auto columns = payload_columns(connection, plan, facts);
  if (!columns.ok()) return columns.error();
  std::string fields;
  for (const auto& column : *columns) fields += ", " + duck::quote_name(column.column);
  if (auto defined = define_payload(connection, *std::move(columns)); !defined.ok()) return defined;
  const std::string operations = fmt::format(
      "SELECT {0} AS run, {1} AS sync, p.key, p.key_hi, p.key_lo, p.\"change\", p.why, o.operation, "
      "['accepted', 'rejected', 'skipped', 'in_doubt', 'failed'][CAST(o.outcome AS BIGINT) + 1] AS outcome, "
      "o.attempt, "
      "o.status, o.code AS error_code, o.message AS error_message, o.\"at\", o.latency_ms, o.request, "
      "coalesce(o.record_id, "
      "p.record_id) AS record_id, CASE WHEN p.\"change\" <> 'removed' THEN penstock_payload(p.send{2}) END "
      "AS payload FROM "
      "outcomes o JOIN read_parquet({3}, file_row_number = true) p ON o.ordinal = p.file_row_number",
      duck::quote_text(facts.run), duck::quote_text(facts.sync), fields, duck::quote_text(plan));
  if (auto written = write_parquet(connection, disk, operations, paths.operations(facts.sync, facts.run));
      !written.ok())
    return written;
  const std::string requests = fmt::format("SELECT {} AS run, {} AS sync, * FROM requests",
                                           duck::quote_text(facts.run), duck::quote_text(facts.sync));
  return write_parquet(connection, disk, requests, paths.requests(facts.sync, facts.run));
}

}  // namespace penstock
