#include "recall/look_tables.h"

#include <fmt/format.h>

#include "run/history.h"

namespace penstock {
namespace {

// A row for each field of each record, where another value stands than ours. The fates are letters, one for
// each column of the file (ledger/records.h).
std::string field_rows(const std::string& images, const LookField& field, size_t position) {
  const auto shown = [&](const std::string& sql) {
    return field.personal ? fmt::format("CASE WHEN {} IS NOT NULL THEN {} END", sql,
                                        duck::quote_text(std::string(kMask)))
                          : sql;
  };
  const std::string before = duck::quote_name("before." + field.name);
  return fmt::format(
      "SELECT key, key_hi, key_lo, record_id, {0} AS field, {1} AS ours, {2} AS theirs, false AS gone FROM "
      "read_parquet({3}) WHERE existed AND fates[{4}] IN ('w', 'k')",
      duck::quote_text(field.name),
      shown(fmt::format("CAST({} AS VARCHAR)", duck::quote_name("after." + field.name))),
      shown(fmt::format("CASE WHEN json_type({0}) = 'NULL' THEN NULL ELSE json_extract_string({0}, '$') END",
                        before)),
      duck::quote_text(images), position);
}

std::string gone_rows(const std::string& images) {
  return fmt::format(
      "SELECT key, key_hi, key_lo, record_id, '' AS field, NULL AS ours, NULL AS theirs, true AS gone FROM "
      "read_parquet({}) WHERE NOT existed",
      duck::quote_text(images));
}

// When each field was last accepted.
std::string last_written(const std::string& operations) {
  return fmt::format(
      "SELECT d.key_hi, d.key_lo, d.field, max(o.\"at\") AS written_at, arg_max(o.run, o.\"at\") AS run FROM "
      "differences d JOIN {} o ON o.key_hi = d.key_hi AND o.key_lo = d.key_lo AND o.outcome = 'accepted' AND "
      "o.payload IS NOT NULL AND (d.gone OR list_contains(json_keys(o.payload), d.field)) GROUP BY ALL",
      operations);
}

}  // namespace

Result<LookTables> LookTables::open(const Workspace& workspace, const std::string& sync,
                                    const std::string& images, const std::vector<LookField>& fields) {
  auto database = duck::Database::borrow(
      {.path = "", .memory_limit = "1GB", .temporary_directory = workspace.paths().temporary()});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  const auto columns =
      connection->describe(fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(images)));
  if (!columns.ok()) return columns.error();
  std::string differences = gone_rows(images);
  size_t position = 0;  // of the field's letter among the fates, from 1
  for (const auto& column : *columns) {
    if (!column.name.starts_with("before.")) continue;
    ++position;
    for (const auto& field : fields)
      if ("before." + field.name == column.name)
        differences += " UNION ALL " + field_rows(images, field, position);
  }
  const std::string operations = operations_of(workspace, sync);
  std::string query =
      operations.empty()
          ? fmt::format(
                "SELECT *, CAST(NULL AS TIMESTAMP) AS written_at, CAST(NULL AS VARCHAR) AS run FROM ({})",
                differences)
          : fmt::format(
                "WITH differences AS MATERIALIZED ({}) SELECT d.*, w.written_at, w.run FROM differences d "
                "LEFT JOIN ({}) w USING (key_hi, key_lo, field)",
                differences, last_written(operations));
  query += " ORDER BY key, key_hi, field";
  return LookTables(*std::move(database), *std::move(connection), std::move(query));
}

Result<void> LookTables::for_each_difference(const std::function<void(const Difference&)>& visit) {
  auto rows = connection_.query(fmt::format(
      "SELECT key, CAST(key_hi AS VARCHAR), CAST(key_lo AS VARCHAR), record_id, field, ours, theirs, "
      "CAST(gone AS VARCHAR), strftime(written_at, '%Y-%m-%dT%H:%M:%SZ'), run FROM ({})",
      differences_));
  if (!rows.ok()) return rows.error();
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return success();
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      const auto text = [&](size_t i) {
        const duck::Vector column = (*chunk)->column(i);
        return column.valid(row) ? std::optional<std::string>(column.text(row)) : std::nullopt;
      };
      visit({.key_hash = {std::stoull(text(1).value_or("0")), std::stoull(text(2).value_or("0"))},
             .key = text(0).value_or(""),
             .record_id = text(3).value_or(""),
             .field = text(4).value_or(""),
             .ours = text(5),
             .theirs = text(6),
             .is_gone = text(7) == "true",
             .written_at = text(8).value_or(""),
             .run = text(9).value_or("")});
    }
  }
}

Result<void> LookTables::write(const std::string& file) {
  auto written =
      connection_.run(fmt::format("COPY (SELECT key, record_id, field, ours, theirs, gone, written_at, run "
                                  "FROM ({})) TO {} (FORMAT parquet, "
                                  "COMPRESSION zstd)",
                                  differences_, duck::quote_text(file)));
  return written.ok() ? success() : Result<void>(written.error());
}

}  // namespace penstock
