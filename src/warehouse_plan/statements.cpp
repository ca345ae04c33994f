#include "warehouse_plan/statements.h"

#include <fmt/format.h>

namespace penstock {
namespace {

uint64_t number_or_zero(const std::optional<std::string>& text) {
  return text ? std::stoull(*text) : 0;
}

}  // namespace

std::vector<std::string> create_schema_sql(const TableNames& names) {
  return {
      fmt::format("CREATE SCHEMA IF NOT EXISTS {}", names.schema),
      fmt::format(
          "CREATE TABLE IF NOT EXISTS {}(project text NOT NULL, sync text NOT NULL, generation bigint NOT "
          "NULL, last_run text NOT NULL, mappings text NOT NULL, digest_of text NOT NULL, counts text NOT "
          "NULL, has_unplaced boolean NOT NULL, is_left boolean NOT NULL, PRIMARY KEY (project, sync))",
          names.syncs)};
}

std::vector<std::string> create_tables_sql(const TableNames& names, const std::string& model,
                                           const std::vector<std::string>& keys, const KeyTypes& types) {
  std::vector<std::string> out;
  for (const auto& table : {names.entries, names.owners, names.written})
    out.push_back(fmt::format("DROP TABLE IF EXISTS {}", table));
  std::string columns;
  for (size_t i = 0; i < keys.size(); ++i)
    columns += fmt::format("{} AS k{}, ", duck::quote_name(keys[i]), i);
  // Key columns of the model's own types: the two are joined on them.
  out.push_back(
      fmt::format("CREATE TABLE {} AS SELECT {}CAST(NULL AS {}) AS key, CAST(NULL AS {}) AS digest, {} FROM "
                  "(\n{}\n) q LIMIT 0",
                  names.entries, columns, types.key, types.digest,
                  state_columns("CAST(NULL AS {type}) AS {name}"), model));
  for (const auto& table : {names.owners, names.written})
    out.push_back(
        fmt::format("CREATE TABLE {}(key {}, {})", table, types.key, state_columns("{name} {type}")));
  return out;
}

std::string column_list(std::string_view alias, const std::vector<std::string>& columns) {
  std::string out;
  for (const auto& column : columns)
    out += fmt::format("{}{}.{}", out.empty() ? "" : ", ", alias, duck::quote_name(column));
  return out;
}

std::string line_columns(size_t key_columns) {
  std::string out;
  for (size_t i = 0; i < key_columns; ++i) out += fmt::format("k{}, ", i);
  return fmt::format("{}key, {}{}", out, key_columns > 0 ? "digest, " : "", state_columns());
}

std::string where_head(const std::string& project, const std::string& sync) {
  return fmt::format("project = {} AND sync = {}", duck::quote_text(project), duck::quote_text(sync));
}

std::string head_sql(const TableNames& names, const std::string& project, const std::string& sync) {
  return fmt::format(
      "SELECT generation, last_run, mappings, digest_of, counts, CAST(has_unplaced AS text), CAST(is_left AS "
      "text) FROM "
      "{} WHERE {}",
      names.syncs, where_head(project, sync));
}

Head read_head(const std::vector<std::optional<std::string>>& line) {
  return {.generation = number_or_zero(line[0]),
          .last_run = line[1].value_or(""),
          .mappings = line[2].value_or(""),
          .digest_of = line[3].value_or(""),
          .counts = parse_counts(line[4].value_or("")),
          .has_unplaced = line[5] == "true",
          .left = line[6] == "true"};
}

std::vector<std::string> put_head_sql(const TableNames& names, const std::string& project,
                                      const std::string& sync, const Head& head) {
  return {fmt::format("DELETE FROM {} WHERE {}", names.syncs, where_head(project, sync)),
          fmt::format("INSERT INTO {} VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})", names.syncs,
                      duck::quote_text(project), duck::quote_text(sync), head.generation,
                      duck::quote_text(head.last_run), duck::quote_text(head.mappings),
                      duck::quote_text(head.digest_of), duck::quote_text(counts_text(head.counts)),
                      head.has_unplaced, head.left)};
}

std::string leave_sql(const TableNames& names, const std::string& project, const std::string& sync) {
  return fmt::format("UPDATE {} SET is_left = true, generation = generation + 1 WHERE {}", names.syncs,
                     where_head(project, sync));
}

std::vector<std::string> replace_lines_sql(const std::string& table, const std::string& staged,
                                           const std::string& columns, bool is_empty) {
  std::vector<std::string> out;
  out.push_back(is_empty ? fmt::format("DELETE FROM {}", table)
                         : fmt::format("DELETE FROM {} WHERE key IN (SELECT key FROM {})", table, staged));
  out.push_back(
      fmt::format("INSERT INTO {0}({1}) SELECT {1} FROM {2} WHERE NOT deleted", table, columns, staged));
  return out;
}

}  // namespace penstock
