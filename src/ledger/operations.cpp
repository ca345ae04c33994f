#include "ledger/operations.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>

namespace penstock {
namespace {

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

}  // namespace

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

namespace {

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

// The members of what penstock_outcome() gives, in their order.
namespace member {
enum : size_t {
  operation,
  outcome,
  attempt,
  status,
  error_code,
  error_message,
  at,
  latency_ms,
  request,
  record_id,
  created,
  tries,
  count
};
}  // namespace member

duck::Type outcome_type() {
  return duck::Type::structure({{"operation", DUCKDB_TYPE_VARCHAR},
                                {"outcome", DUCKDB_TYPE_VARCHAR},
                                {"attempt", DUCKDB_TYPE_UBIGINT},
                                {"status", DUCKDB_TYPE_BIGINT},
                                {"error_code", DUCKDB_TYPE_VARCHAR},
                                {"error_message", DUCKDB_TYPE_VARCHAR},
                                {"at", DUCKDB_TYPE_TIMESTAMP},
                                {"latency_ms", DUCKDB_TYPE_DOUBLE},
                                {"request", DUCKDB_TYPE_UBIGINT},
                                {"record_id", DUCKDB_TYPE_VARCHAR},
                                {"created", DUCKDB_TYPE_BOOLEAN},
                                {"tries", DUCKDB_TYPE_VARCHAR}});
}

void write_outcome(std::span<const duck::Writable> to, size_t row, const RowOutcome& o) {
  to[member::operation].set_text(row, o.operation);
  to[member::outcome].set_text(row, name_of(o.outcome));
  to[member::attempt].set(row, uint64_t{o.attempt});
  to[member::status].set(row, int64_t{o.status});
  to[member::error_code].set_text_or_null(row, o.code);
  to[member::error_message].set_text_or_null(row, o.message);
  to[member::at].set(row, unix_micros(o.at));
  to[member::latency_ms].set(row, in_milliseconds(o.latency));
  to[member::request].set(row, o.request);
  to[member::record_id].set_text_or_null(row, o.record_id);
  to[member::created].set(row, o.created);
  to[member::tries].set_text_or_null(row,
                                     o.tries.empty() ? "" : fmt::format("[{}]", fmt::join(o.tries, ", ")));
}

}  // namespace

Result<void> define_outcome(duck::Connection& connection, const Outcomes& outcomes) {
  return connection.define({.name = "penstock_outcome",
                            .parameters = {DUCKDB_TYPE_BIGINT},
                            .result = outcome_type(),
                            .has_effects = true,  // to be asked once, not in each expression that uses it
                            .call = [&outcomes](std::span<const duck::Vector> arguments, size_t rows,
                                                duckdb_vector result) -> Result<void> {
                              const auto to = duck::Writable(result).members(member::count);
                              Outcomes::Cursor cursor(outcomes);
                              for (size_t row = 0; row < rows; ++row) {
                                const auto ordinal = static_cast<uint64_t>(arguments[0].data<int64_t>()[row]);
                                if (const RowOutcome* outcome = cursor.find(ordinal))
                                  write_outcome(to, row, *outcome);
                                else
                                  for (const duck::Writable& column : to) column.set_null(row);
                              }
                              return success();
                            }});
}

namespace {

// penstock_kept(row): values of others that were left alone, as one JSON text, masked; NULL where none were.
Result<void> define_kept(duck::Connection& connection, const Images& images,
                         std::vector<PayloadColumn> columns) {
  return connection.define(
      {.name = "penstock_kept",
       .parameters = {DUCKDB_TYPE_BIGINT},
       .result = duck::Type::of(DUCKDB_TYPE_VARCHAR),
       .call = [&images, columns = std::move(columns)](std::span<const duck::Vector> arguments, size_t rows,
                                                       duckdb_vector result) -> Result<void> {
         const duck::Writable to(result);
         Images::Cursor cursor(images);
         for (size_t row = 0; row < rows; ++row) {
           const auto* image = cursor.find(static_cast<uint64_t>(arguments[0].data<int64_t>()[row]));
           std::string text;
           for (size_t i = 0; image != nullptr && i < std::min(columns.size(), image->values.size()); ++i) {
             if (image->fates[i] != static_cast<char>(FieldFate::kept)) continue;
             text += text.empty() ? '{' : ',';
             text += columns[i].name;
             if (columns[i].personal)
               append_json_string(text, kMask);
             else
               text += image->values[i];
           }
           to.set_text_or_null(row, text.empty() ? text : text + '}');
         }
         return success();
       }});
}

// The lowest level: a higher one takes longer, and makes these files no smaller. Row groups that fit into the
// processor's cache are written in two thirds of the time.
constexpr std::string_view kFormat =
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480";

Result<void> write_parquet(duck::Connection& connection, Disk& disk, const std::string& sql,
                           const std::string& path) {
  const std::string temporary = path + ".new";
  auto written =
      connection.run(fmt::format("COPY ({}) TO {} ({})", sql, duck::quote_text(temporary), kFormat));
  if (!written.ok()) return written.error();
  return disk.rename(temporary, path);
}

}  // namespace

Result<void> write_operations(duck::Connection& connection, Disk& disk, const StatePaths& paths,
                              const LoadedJournal& journal) {
  const RunFacts& facts = journal.settled.facts;
  const std::string plan = paths.plan(facts.sync);
  auto columns = payload_columns(connection, plan, facts);
  if (!columns.ok()) return columns.error();
  std::string fields;
  for (const auto& column : *columns) fields += ", " + duck::quote_name(column.column);
  if (auto defined = define_kept(connection, journal.images, *columns); !defined.ok()) return defined;
  if (auto defined = define_payload(connection, *std::move(columns)); !defined.ok()) return defined;
  if (auto defined = define_outcome(connection, journal.outcomes); !defined.ok()) return defined;
  const std::string operations = fmt::format(
      "SELECT {0} AS run, {1} AS sync, p.key, p.key_hi, p.key_lo, p.\"change\", p.why, o.operation, "
      "o.outcome, "
      "o.attempt, o.status, o.error_code, o.error_message, o.\"at\", o.latency_ms, o.request, "
      "coalesce(o.record_id, p.record_id) AS record_id, o.created, "
      "CASE WHEN p.\"change\" <> 'removed' THEN penstock_payload(p.send{2}) END AS payload, {4} AS kept, "
      "CAST(o.tries AS UBIGINT[]) AS tries "
      "FROM (SELECT *, penstock_outcome(file_row_number) AS o FROM read_parquet({3}, file_row_number = "
      "true)) p "
      "WHERE o.outcome IS NOT NULL",
      duck::quote_text(facts.run), duck::quote_text(facts.sync), fields, duck::quote_text(plan),
      journal.images.empty() ? "CAST(NULL AS VARCHAR)" : "penstock_kept(file_row_number)");
  if (auto written = write_parquet(connection, disk, operations, paths.operations(facts.sync, facts.run));
      !written.ok())
    return written;
  const std::string requests = fmt::format("SELECT {} AS run, {} AS sync, * FROM requests",
                                           duck::quote_text(facts.run), duck::quote_text(facts.sync));
  return write_parquet(connection, disk, requests, paths.requests(facts.sync, facts.run));
}

namespace {

struct WrittenColumn {
  const char* name;
  const char* type;
};
constexpr WrittenColumn kOperationColumns[] = {
    {"run", "VARCHAR"},           {"sync", "VARCHAR"},    {"key", "VARCHAR"},       {"key_hi", "UBIGINT"},
    {"key_lo", "UBIGINT"},        {"change", "VARCHAR"},  {"why", "VARCHAR"},       {"operation", "VARCHAR"},
    {"outcome", "VARCHAR"},       {"attempt", "UBIGINT"}, {"status", "BIGINT"},     {"error_code", "VARCHAR"},
    {"error_message", "VARCHAR"}, {"at", "TIMESTAMP"},    {"latency_ms", "DOUBLE"}, {"request", "UBIGINT"},
    {"record_id", "VARCHAR"},     {"created", "BOOLEAN"}, {"payload", "VARCHAR"},   {"kept", "VARCHAR"},
    {"tries", "UBIGINT[]"}};
constexpr WrittenColumn kRequestColumnsOfFile[] = {
    {"run", "VARCHAR"},          {"sync", "VARCHAR"},
    {"request", "UBIGINT"},      {"operation", "VARCHAR"},
    {"method", "VARCHAR"},       {"url", "VARCHAR"},
    {"rows", "UBIGINT"},         {"status", "BIGINT"},
    {"error", "VARCHAR"},        {"at", "TIMESTAMP"},
    {"latency_ms", "DOUBLE"},    {"request_body", "VARCHAR"},
    {"reply_body", "VARCHAR"},   {"request_headers", "VARCHAR"},
    {"reply_headers", "VARCHAR"}};

std::string relation_of(std::span<const WrittenColumn> columns, const std::string& files) {
  std::string out;
  for (const auto& column : columns)
    out += fmt::format("{}CAST(NULL AS {}) AS {}", out.empty() ? "(SELECT " : ", ", column.type,
                       duck::quote_name(column.name));
  out += " WHERE false";
  if (!files.empty())
    out += fmt::format(" UNION ALL BY NAME SELECT * FROM read_parquet([{}], union_by_name = true)", files);
  return out + ")";
}

}  // namespace

std::string operations_in(const std::string& files) {
  return relation_of(kOperationColumns, files);
}
std::string requests_in(const std::string& files) {
  return relation_of(kRequestColumnsOfFile, files);
}

}  // namespace penstock
