#include "recall/undo_plan.h"

#include <fmt/format.h>

#include <map>

#include "connector/same_value.h"
#include "connector/values.h"
#include "ledger/last_written.h"

namespace penstock {
namespace {

using connector::ValueRules;

constexpr std::string_view kBefore = "before.", kAfter = "after.", kMatch = "match.";

// Rows that a run wrote, as far as is known.
constexpr std::string_view kWritten = "outcome IN ('accepted', 'in_doubt')";
// Of those: values that took the place of others; records that it removed; records that it made.
constexpr std::string_view kOverwrote = "existed AND contains(fates, 'w')";
constexpr std::string_view kRemoved =
    "existed AND \"change\" = 'removed' AND NOT regexp_matches(fates, '[w=k]')";
constexpr std::string_view kMade = "NOT existed AND \"change\" <> 'removed' AND outcome = 'accepted'";

std::string from_file(const OverwrittenBy& images, std::string_view condition,
                      const std::optional<KeyHash>& only) {
  std::string sql = fmt::format("FROM read_parquet({}) WHERE {} AND {}", duck::quote_text(images.file),
                                kWritten, condition);
  if (only) sql += fmt::format(" AND key_hi = {} AND key_lo = {}", only->hi, only->lo);
  return sql;
}

// What was read, as it is written back.
std::string value_sql(const std::string& column, ValueRules::Style style) {
  const std::string text =
      style == ValueRules::Style::text ? fmt::format("json_extract_string({}, '$')", column) : column;
  return fmt::format("CASE WHEN json_type({}) <> 'NULL' THEN {} END", column, text);
}

// The columns of a plan file (docs/formats.md). `values`: those of the fields.
std::string plan_columns(const OverwrittenBy& images, std::string_view change, std::string_view send,
                         const std::function<std::string(const std::string& field)>& value,
                         bool with_record) {
  std::string sql = fmt::format(
      "SELECT '{}' AS \"change\", 'undo' AS why, key, key_hi, key_lo, fingerprint, {} AS record_id, "
      "CAST(NULL AS "
      "VARCHAR) AS match_before, {} AS send",
      change, with_record ? "record_id" : "CAST(NULL AS VARCHAR)", send);
  for (const auto& match : images.model.mapping.match)
    sql += ", " + duck::quote_name(std::string(kMatch) + match.name);
  for (const auto& field : images.model.mapping.fields)
    sql += fmt::format(", {} AS {}", value(field.name), duck::quote_name("fields." + field.name));
  return sql + ", CAST(NULL AS VARCHAR) AS takes_over ";
}

Result<duck::Connection::TextRow> first_row(duck::Connection& connection, const std::string& sql) {
  auto rows = connection.texts(sql);
  if (!rows.ok()) return rows.error();
  return rows->empty() ? duck::Connection::TextRow(2) : (*rows)[0];
}

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    words.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return words;
}

MappedField field_of(const config::Sync& sync, std::string name, ValueType type, bool personal) {
  MappedField field;
  field.name = std::move(name);
  field.type = type;
  field.write = WritePolicy::if_unchanged;
  field.personal = personal;
  for (const auto& rule : sync.fields)
    if (rule.name == field.name && rule.value.pii) field.personal = true;
  return field;
}

// The file's columns as a model: what is matched on, and the fields.
Result<void> read_columns(OverwrittenBy& images, const config::Sync& sync) {
  const auto columns = images.connection.describe(
      fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(images.file)));
  if (!columns.ok()) return columns.error();
  const auto facts = first_row(
      images.connection,
      fmt::format("SELECT personal, types FROM read_parquet({}) LIMIT 1", duck::quote_text(images.file)));
  if (!facts.ok()) return facts.error();
  const std::string personal = (*facts)[0].value_or("");
  const auto types = words_in((*facts)[1].value_or(""));
  for (const auto& column : *columns) {
    if (column.name.starts_with(kMatch)) {
      MappedColumn match;
      match.name = column.name.substr(kMatch.size());
      match.type = payload_type_of(column.type);
      match.personal = true;  // whether it was is not known any more
      images.model.mapping.match.push_back(std::move(match));
    }
    if (!column.name.starts_with(kAfter)) continue;
    const size_t i = images.types.size();
    ValueType type = payload_type_of(column.type);
    if (const auto named = payload_type_named(i < types.size() ? types[i] : "")) type.type = *named;
    images.types.push_back(type);
    images.model.mapping.fields.push_back(
        field_of(sync, column.name.substr(kAfter.size()), {}, i < personal.size() && personal[i] == '1'));
  }
  return success();
}

}  // namespace

Result<OverwrittenBy> open_overwritten(const Workspace& workspace, const config::Sync& sync,
                                       const std::string& run) {
  const std::string file = workspace.paths().before(sync.name, run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (!*there)
    return Error{
        ErrorKind::config, fmt::format("what run {} overwrote was not kept", run),
        fmt::format("say `before: keep` in the sync '{}': runs from then on can be undone, for as long as "
                    "`keep_before` says",
                    sync.name)};
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  auto database = duck::Database::borrow(
      {.path = "", .memory_limit = "1GB", .temporary_directory = workspace.paths().temporary()});
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  if (auto defined = define_payload_functions(*connection); !defined.ok()) return defined.error();
  OverwrittenBy images{*std::move(database), *std::move(connection), file, {}, {}};
  if (auto read = read_columns(images, sync); !read.ok()) return read.error();
  return images;
}

void take_style(OverwrittenBy& images, const ValueRules& rules) {
  for (auto& field : images.model.mapping.fields)
    field.type.type = rules.style == ValueRules::Style::text ? PayloadType::text : PayloadType::json;
}

Result<UndoCounts> write_undo_plan(OverwrittenBy& images, const ValueRules& rules,
                                   const std::optional<KeyHash>& only, bool removes_created,
                                   const std::string& file) {
  UndoCounts counts;
  const std::pair<std::string_view, uint64_t*> kinds[] = {
      {kOverwrote, &counts.restored}, {kRemoved, &counts.made_again}, {kMade, &counts.created}};
  for (const auto& [condition, count] : kinds) {
    auto rows = images.connection.number("SELECT count(*) " + from_file(images, condition, only));
    if (!rows.ok()) return rows.error();
    *count = *rows;
  }
  if (removes_created) counts.removed = counts.created;
  const auto before = [&](const std::string& field) {
    return value_sql(duck::quote_name(std::string(kBefore) + field), rules.style);
  };
  const auto none = [](const std::string&) { return std::string("CAST(NULL AS VARCHAR)"); };
  std::string sql = plan_columns(images, "changed",
                                 "regexp_replace(replace(fates, 'w', '1'), '[^1]', '0', 'g')", before, true) +
                    from_file(images, kOverwrote, only) + " UNION ALL " +
                    plan_columns(images, "added", "CAST(NULL AS VARCHAR)", before, false) +
                    from_file(images, kRemoved, only);
  if (removes_created)
    sql += " UNION ALL " + plan_columns(images, "removed", "CAST(NULL AS VARCHAR)", none, true) +
           from_file(images, kMade, only);
  auto written = images.connection.run(
      fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION snappy)", sql, duck::quote_text(file)));
  if (!written.ok()) return written.error();
  return counts;
}

namespace {

// The digests of what was sent in a row.
WrittenDigests digests_of(const OverwrittenBy& images, const ValueRules& rules, std::string_view fates,
                          std::span<const Values> sent, size_t row) {
  WrittenDigests digests;
  std::string text;
  for (size_t i = 0; i < sent.size() && i < fates.size(); ++i) {
    if (fates[i] != static_cast<char>(FieldFate::other)) continue;
    text.clear();
    connector::append_value_text(text, sent[i], row, rules);
    digests.emplace(field_digest(images.model.mapping.fields[i].name),
                    connector::value_digest(text, images.types[i], rules));
  }
  return digests;
}

}  // namespace

Result<void> write_expected(OverwrittenBy& images, Disk& disk, const ValueRules& rules,
                            const std::string& directory) {
  auto nothing = Snapshot::open(disk, directory, Verify::headers);
  if (!nothing.ok()) return nothing.error();
  auto changes = ChangeSet::begin(disk, directory);
  if (!changes.ok()) return changes.error();
  std::string columns = "key_hi, key_lo, fates";
  for (size_t i = 0; i < images.types.size(); ++i)
    columns += ", " + duck::quote_name(std::string(kAfter) + images.model.mapping.fields[i].name);
  auto rows = images.connection.query(
      fmt::format("SELECT {} {}", columns, from_file(images, "contains(fates, 'w')", {})));
  if (!rows.ok()) return rows.error();
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) break;
    std::vector<Values> sent;
    for (size_t i = 0; i < images.types.size(); ++i)
      sent.emplace_back((*chunk)->column(3 + i), images.types[i]);
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      const KeyHash key{(*chunk)->column(0).data<uint64_t>()[row], (*chunk)->column(1).data<uint64_t>()[row]};
      const auto digests = digests_of(images, rules, (*chunk)->column(2).text(row), sent, row);
      if (auto put = changes->put(key, written_state(digests, "")); !put.ok()) return put;
    }
  }
  return commit(*nothing, *std::move(changes), {});
}

}  // namespace penstock
