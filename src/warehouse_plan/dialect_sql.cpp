#include "warehouse_plan/dialect_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace penstock {
namespace {

const std::string& own_type(const Dialect& dialect, const StateColumn& column) {
  return column.type == "bigint"    ? dialect.types.number
         : column.type == "boolean" ? dialect.types.flag
                                    : dialect.types.text;
}

std::string in_a_list(const std::vector<std::string>& parts, std::string_view between = ", ") {
  return fmt::format("{}", fmt::join(parts, between));
}

std::string key_column(size_t number) {
  return fmt::format("k{}", number);
}

std::string filled_in(std::string text, std::string_view what, std::string_view value) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += value.size())
    text.replace(at, what.size(), value);
  return text;
}

}  // namespace

DialectSql::DialectSql(const Dialect& dialect, std::string schema, std::string stem, std::string project,
                       std::string sync)
    : dialect_(dialect),
      schema_(std::move(schema)),
      stem_(std::move(stem)),
      project_(std::move(project)),
      sync_(std::move(sync)) {}

TableNames DialectSql::names() const {
  return {.schema = q(schema_),
          .syncs = in_schema("syncs"),
          .entries = in_schema(stem_ + "entries"),
          .owners = in_schema(stem_ + "owners"),
          .written = in_schema(stem_ + "written")};
}

Stage DialectSql::stage(const TableNames::Pair& of, std::string_view mark) const {
  const std::string table = fmt::format("{}{}_{}", stem_, of.local, mark);
  return {.table = table,
          .name = in_schema(table),
          .target = of.table,
          .casts = {},
          .is_entries = of.local == "entries"};
}

std::string DialectSql::null_of(const std::string& type) const {
  return fmt::format("CAST(NULL AS {})", type);
}

std::string DialectSql::as_text(const std::string& value) const {
  return fmt::format("CAST({} AS {})", value, dialect_.types.text);
}

std::string DialectSql::flag_text(const std::string& flag) const {
  return fmt::format("CASE WHEN {0} THEN 'true' WHEN NOT {0} THEN 'false' END", flag);
}

// ---- The line of a sync ----------------------------------------------------------------------------

std::string DialectSql::there() const {
  return filled_in(filled_in(filled_in(dialect_.there, "{schema_name}", q(schema_)), "{schema}",
                             dialect_.text_of(schema_)),
                   "{table}", dialect_.text_of("syncs"));
}

std::vector<std::string> DialectSql::prepare() const {
  std::vector<std::string> out, columns;
  if (dialect_.makes_schema) out.push_back(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", q(schema_)));
  const auto add = [&](std::string_view name, const std::string& type) {
    columns.push_back(fmt::format("{} {} NOT NULL", q(name), type));
  };
  for (const auto* name : {"project", "sync"}) add(name, dialect_.types.text);
  add("generation", dialect_.types.number);
  for (const auto* name : {"last_run", "mappings", "digest_of", "counts"}) add(name, dialect_.types.text);
  for (const auto* name : {"has_unplaced", "is_left"}) add(name, dialect_.types.flag);
  out.push_back(fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", names().syncs, in_a_list(columns)));
  return out;
}

std::string DialectSql::where_head() const {
  return fmt::format("{} = {} AND {} = {}", q("project"), dialect_.text_of(project_), q("sync"),
                     dialect_.text_of(sync_));
}

std::string DialectSql::head() const {
  return fmt::format("SELECT {}, {}, {}, {}, {}, {}, {} FROM {} WHERE {} ORDER BY {} DESC", q("generation"),
                     q("last_run"), q("mappings"), q("digest_of"), q("counts"), flag_text(q("has_unplaced")),
                     flag_text(q("is_left")), names().syncs, where_head(), q("generation"));
}

std::string DialectSql::put_head(const Head& head, uint64_t base) const {
  const std::pair<std::string_view, std::string> values[] = {
      {"generation", std::to_string(head.generation)},
      {"last_run", dialect_.text_of(head.last_run)},
      {"mappings", dialect_.text_of(head.mappings)},
      {"digest_of", dialect_.text_of(head.digest_of)},
      {"counts", dialect_.text_of(counts_text(head.counts))},
      {"has_unplaced", head.has_unplaced ? "TRUE" : "FALSE"},
      {"is_left", head.left ? "TRUE" : "FALSE"}};
  std::vector<std::string> columns, list, sets;
  for (const auto& [name, value] : values) {
    columns.push_back(q(name));
    list.push_back(value);
    sets.push_back(fmt::format("{} = {}", q(name), value));
  }
  if (base == 0)
    return fmt::format("INSERT INTO {} ({}, {}, {}) VALUES ({}, {}, {})", names().syncs, q("project"),
                       q("sync"), in_a_list(columns), dialect_.text_of(project_), dialect_.text_of(sync_),
                       in_a_list(list));
  return fmt::format("UPDATE {} SET {} WHERE {} AND {} = {}", names().syncs, in_a_list(sets), where_head(),
                     q("generation"), base);
}

std::string DialectSql::count_ours(const Head& head) const {
  return fmt::format("SELECT COUNT(*) FROM {} WHERE {} AND {} = {} AND {} = {}", names().syncs, where_head(),
                     q("generation"), head.generation, q("last_run"), dialect_.text_of(head.last_run));
}

std::string DialectSql::leave() const {
  return fmt::format("UPDATE {0} SET {1} = TRUE, {2} = {2} + 1 WHERE {3}", names().syncs, q("is_left"),
                     q("generation"), where_head());
}

// ---- Tables ----------------------------------------------------------------------------------------

std::vector<std::string> DialectSql::create(const std::string& model,
                                            const std::vector<std::string>& keys) const {
  const TableNames tables = names();
  std::vector<std::string> out, columns, typed{fmt::format("{} {}", q("key"), dialect_.types.text)};
  for (const auto& table : {tables.entries, tables.owners, tables.written})
    out.push_back(fmt::format("DROP TABLE IF EXISTS {}", table));
  for (size_t i = 0; i < keys.size(); ++i)
    columns.push_back(fmt::format("m.{} AS {}", q(keys[i]), q(key_column(i))));
  columns.push_back(fmt::format("{} AS {}", null_of(dialect_.types.text), q("key")));
  columns.push_back(fmt::format("{} AS {}", null_of(dialect_.types.digest), q("digest")));
  for (const auto& column : kStateColumns) {
    const std::string& type = own_type(dialect_, column);
    columns.push_back(fmt::format("{} AS {}", null_of(type), q(column.name)));
    typed.push_back(fmt::format("{} {}", q(column.name), type));
  }
  // Key columns of the model's own types: the two are joined on them.
  out.push_back(fmt::format("CREATE TABLE {} AS SELECT {} FROM (\n{}\n) m WHERE 1 = 0", tables.entries,
                            in_a_list(columns), model));
  for (const auto& table : {tables.owners, tables.written})
    out.push_back(fmt::format("CREATE TABLE {} ({})", table, in_a_list(typed)));
  return out;
}

// ---- Questions -------------------------------------------------------------------------------------

std::string DialectSql::digest(std::string_view alias, const std::vector<std::string>& columns) const {
  if (columns.empty()) return fmt::format("CAST(1 AS {})", dialect_.types.digest);
  std::vector<std::string> parts;
  for (const auto& column : columns)
    parts.push_back(filled_in(dialect_.digest.each, "{column}", fmt::format("{}.{}", alias, q(column))));
  return filled_in(dialect_.digest.whole, "{columns}", in_a_list(parts, dialect_.digest.between));
}

// Of the row `e`.
std::string DialectSql::entry_columns(const Question& question) const {
  const auto of_entry = [&](std::string_view name) { return "e." + q(name); };
  std::vector<std::string> out{fmt::format("{} AS {}", of_entry("key"), q("penstock_key")),
                               fmt::format("{} AS {}", as_text(of_entry("digest")), q("penstock_known"))};
  for (size_t i = 0; i < question.keys.size(); ++i)
    out.push_back(fmt::format("{} AS {}", of_entry(key_column(i)), q("penstock_" + key_column(i))));
  for (const auto& [name, type] : kStateColumns) {
    const std::string value = of_entry(name);
    out.push_back(fmt::format("{} AS {}",
                              type == "boolean"  ? flag_text(value)
                              : type == "bigint" ? as_text(value)
                                                 : value,
                              q(fmt::format("penstock_{}", name))));
  }
  return in_a_list(out);
}

// The same where there are no entries.
std::string DialectSql::no_entry_columns(const Question& question) const {
  const std::string none = null_of(dialect_.types.text);
  std::vector<std::string> out{fmt::format("{} AS {}", none, q("penstock_key")),
                               fmt::format("{} AS {}", none, q("penstock_known"))};
  for (size_t i = 0; i < question.keys.size(); ++i)
    out.push_back(fmt::format("m.{} AS {}", q(question.keys[i]), q("penstock_" + key_column(i))));
  for (const auto& column : kStateColumns)
    out.push_back(fmt::format("{} AS {}", none, q(fmt::format("penstock_{}", column.name))));
  return in_a_list(out);
}

std::string DialectSql::candidate_columns(const Question& question) const {
  std::string out;
  for (const auto& column : question.columns) out += fmt::format("m.{}, ", q(column));
  const std::string none = null_of(dialect_.types.number);
  return fmt::format("{}m.{}, {}, {} AS {}, {} AS {}", out, q("penstock_digest"),
                     question.has_entries ? entry_columns(question) : no_entry_columns(question), none,
                     q("penstock_total"), none, q("penstock_generation"));
}

std::string DialectSql::digested(const Question& question) const {
  return fmt::format("(SELECT r.*, {} AS {} FROM (\n{}\n) r) m", digest("r", question.inputs),
                     q("penstock_digest"), question.model);
}

std::string DialectSql::same_key(const Question& question, std::string_view row) const {
  std::vector<std::string> out;
  for (size_t i = 0; i < question.keys.size(); ++i)
    out.push_back(fmt::format("e.{} = {}.{}", q(key_column(i)), row, q(question.keys[i])));
  return in_a_list(out, " AND ");
}

// Entries without a row. What is known to be gone says nothing new.
std::string DialectSql::rowless(const Question& question) const {
  std::vector<std::string> keys;
  for (const auto& key : question.keys) keys.push_back("x." + q(key));
  std::string nulls;
  for (size_t i = 0; i <= question.columns.size(); ++i) nulls += "NULL, ";
  std::string out = fmt::format(
      "SELECT {}{}, NULL, NULL FROM {} e LEFT JOIN (SELECT {}, 1 AS {} FROM (\n{}\n) x) r ON {} WHERE r.{} "
      "IS "
      "NULL",
      nulls, entry_columns(question), names().entries, in_a_list(keys), q("penstock_is_row"), question.model,
      same_key(question, "r"), q("penstock_is_row"));
  if (question.all) return out;
  const std::string still_there = fmt::format("NOT e.{}", q("gone"));
  return out + (question.has_unplaced ? fmt::format(" AND ({} OR e.{} IS NULL)", still_there, q("k0"))
                                      : " AND " + still_there);
}

// The line that tells how many rows there are, and whose state this is.
std::string DialectSql::total(const Question& question) const {
  std::string nulls;
  for (size_t i = 0; i < question.columns.size() + 3 + question.keys.size() + std::size(kStateColumns); ++i)
    nulls += "NULL, ";
  const std::string generation = question.has_entries
                                     ? fmt::format("SELECT MAX({0}) AS {0} FROM {1} WHERE {2}",
                                                   q("generation"), names().syncs, where_head())
                                     : fmt::format("SELECT 0 AS {}", q("generation"));
  return fmt::format("SELECT {}t.{}, g.{} FROM (SELECT COUNT(*) AS {} FROM (\n{}\n) x) t CROSS JOIN ({}) g",
                     nulls, q("total"), q("generation"), q("total"), question.model, generation);
}

std::string DialectSql::candidates(const Question& question) const {
  std::string rows = digested(question), rest;
  if (question.has_entries) {
    rows += fmt::format(" LEFT JOIN {} e ON {}", names().entries, same_key(question, "m"));
    if (!question.all)
      rows += fmt::format(" WHERE e.{0} IS NULL OR e.{0} <> m.{1}", q("digest"), q("penstock_digest"));
    rest = "\nUNION ALL " + rowless(question);
  }
  return fmt::format("SELECT {} FROM {}{}\nUNION ALL {}", candidate_columns(question), rows, rest,
                     total(question));
}

// A key that is NULL is not found here: such rows have no entry, and are among the candidates.
std::string DialectSql::repeated(const Question& question) const {
  std::vector<std::string> keys, same;
  for (const auto& key : question.keys) {
    keys.push_back(q(key));
    same.push_back(fmt::format("d.{0} = m.{0}", q(key)));
  }
  return fmt::format(
      "SELECT {} FROM {} JOIN {} e ON {} JOIN (SELECT {} FROM (\n{}\n) x GROUP BY {} HAVING COUNT(*) > 1) d "
      "ON {} "
      "WHERE e.{} = m.{}",
      candidate_columns(question), digested(question), names().entries, same_key(question, "m"),
      in_a_list(keys), question.model, in_a_list(keys), in_a_list(same, " AND "), q("digest"),
      q("penstock_digest"));
}

std::string DialectSql::lines(const std::string& table, size_t key_columns,
                              const std::vector<std::string>* keys) const {
  std::vector<std::string> columns{q("key")}, list;
  for (const auto& [name, type] : kStateColumns)
    columns.push_back(type == "text"     ? q(name)
                      : type == "bigint" ? fmt::format("{} AS {}", as_text(q(name)), q(name))
                                         : fmt::format("{} AS {}", flag_text(q(name)), q(name)));
  if (key_columns > 0) columns.push_back(fmt::format("{0} AS {1}", as_text(q("digest")), q("digest")));
  for (size_t i = 0; i < key_columns; ++i) columns.push_back(q(key_column(i)));
  std::string sql = fmt::format("SELECT {} FROM {}", in_a_list(columns), table);
  if (keys == nullptr) return sql;
  for (const auto& key : *keys) list.push_back(dialect_.text_of(key));
  return fmt::format("{} WHERE {} IN ({})", sql, q("key"), in_a_list(list));
}

// ---- What a push changes ---------------------------------------------------------------------------

std::vector<std::string> DialectSql::stage_columns(const Stage& stage) const {
  std::vector<std::string> out;
  for (size_t i = 0; i < stage.casts.size(); ++i) out.push_back(key_column(i));
  out.emplace_back("key");
  if (stage.is_entries) out.emplace_back("digest");
  for (const auto& column : kStateColumns) out.emplace_back(column.name);
  out.emplace_back("deleted");
  return out;
}

std::vector<std::string> DialectSql::make_stage(const Stage& stage) const {
  std::vector<std::string> columns;
  for (const auto& name : stage_columns(stage))
    columns.push_back(fmt::format("{} {}", q(name), dialect_.types.text));
  return {drop_stage(stage), fmt::format("CREATE TABLE {} ({})", stage.name, in_a_list(columns))};
}

std::string DialectSql::drop_stage(const Stage& stage) const {
  return fmt::format("DROP TABLE IF EXISTS {}", stage.name);
}

std::string DialectSql::insert_into(const Stage& stage) const {
  std::vector<std::string> columns;
  for (const auto& name : stage_columns(stage)) columns.push_back(q(name));
  return fmt::format("INSERT INTO {} ({}) VALUES ", stage.name, in_a_list(columns));
}

// Its lines with the types of the target.
std::string DialectSql::staged(const Stage& stage) const {
  std::vector<std::string> columns;
  const auto add = [&](std::string_view name, const std::string& value) {
    columns.push_back(fmt::format("{} AS {}", value, q(name)));
  };
  const auto cast = [&](std::string_view name, const std::string& type) {
    add(name, fmt::format("CAST(x.{} AS {})", q(name), type));
  };
  for (size_t i = 0; i < stage.casts.size(); ++i) cast(key_column(i), stage.casts[i]);
  columns.push_back("x." + q("key"));
  if (stage.is_entries) cast("digest", dialect_.types.digest);
  for (const auto& [name, type] : kStateColumns) {
    if (type == "bigint") cast(name, dialect_.types.number);
    if (type == "boolean") add(name, fmt::format("x.{} = 'true'", q(name)));
    if (type == "text") columns.push_back("x." + q(name));
  }
  add("deleted", fmt::format("x.{} = 'true'", q("deleted")));
  return fmt::format("SELECT {} FROM {} x", in_a_list(columns), stage.name);
}

std::vector<std::string> DialectSql::replace(const Stage& stage, bool is_all) const {
  std::vector<std::string> columns, values, sets;
  for (const auto& name : stage_columns(stage)) {
    if (name == "deleted") continue;
    columns.push_back(q(name));
    values.push_back("s." + q(name));
    if (name != "key") sets.push_back(fmt::format("{0} = s.{0}", q(name)));
  }
  if (dialect_.replace == Dialect::Replace::merge)
    return {fmt::format(
        "MERGE INTO {0} t USING ({1}) s ON t.{2} = s.{2} WHEN MATCHED AND s.{3} THEN DELETE WHEN "
        "MATCHED THEN UPDATE SET {4} WHEN NOT MATCHED AND NOT s.{3} THEN INSERT ({5}) VALUES ({6})",
        stage.target, staged(stage), q("key"), q("deleted"), in_a_list(sets), in_a_list(columns),
        in_a_list(values))};
  std::vector<std::string> out;
  if (!is_all)
    out.push_back(fmt::format("DELETE FROM {0} WHERE {1} IN (SELECT {1} FROM {2})", stage.target, q("key"),
                              stage.name));
  out.push_back(fmt::format("INSERT INTO {} ({}) SELECT {} FROM ({}) s WHERE NOT s.{}", stage.target,
                            in_a_list(columns), in_a_list(values), staged(stage), q("deleted")));
  return out;
}

}  // namespace penstock
