#include "warehouse_plan/questions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace penstock {
namespace {

std::string digits(std::string_view key) {
  return fmt::format("replace(CAST({} AS VARCHAR), '-', '')", key);
}

constexpr std::string_view kNoTotal =
    ", CAST(NULL AS BIGINT) AS penstock_total, CAST(NULL AS BIGINT) AS penstock_generation";

// Of the row `e`.
std::string entry_columns(const Question& question) {
  std::string out =
      fmt::format("{} AS penstock_key, CAST(e.digest AS VARCHAR(32)) AS penstock_known", digits("e.key"));
  for (size_t i = 0; i < question.keys.size(); ++i) out += fmt::format(", e.k{0} AS penstock_k{0}", i);
  return fmt::format("{}, {}{}", out, state_columns("CAST(e.{name} AS VARCHAR) AS penstock_{name}"),
                     kNoTotal);
}

// The same where there are no entries.
std::string no_entry_columns(const Question& question) {
  std::string out = "CAST(NULL AS VARCHAR(32)) AS penstock_key, CAST(NULL AS VARCHAR(32)) AS penstock_known";
  for (size_t i = 0; i < question.keys.size(); ++i)
    out += fmt::format(", m.{} AS penstock_k{}", duck::quote_name(question.keys[i]), i);
  return fmt::format("{}, {}{}", out, state_columns("CAST(NULL AS VARCHAR(32)) AS penstock_{name}"),
                     kNoTotal);
}

// The model's columns, then the entry's.
std::string candidate_columns(const Question& question) {
  std::string out;
  for (const auto& column : question.columns) out += fmt::format("m.{}, ", duck::quote_name(column));
  return fmt::format("{}m.penstock_digest, {}", out,
                     question.has_entries ? entry_columns(question) : no_entry_columns(question));
}

std::string digested(const PlanTables& tables, const Question& question) {
  return fmt::format("(SELECT q.*, {} AS penstock_digest FROM (\n{}\n) q) m",
                     tables.digest("q", question.inputs), question.model);
}

std::string same_key(const Question& question, std::string_view entry) {
  std::string out;
  for (size_t i = 0; i < question.keys.size(); ++i)
    out += fmt::format("{}{}.k{} = m.{}", i > 0 ? " AND " : "", entry, i, duck::quote_name(question.keys[i]));
  return out;
}

constexpr std::string_view kHasChanged = "e.digest IS DISTINCT FROM m.penstock_digest";

std::string nulls(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "NULL, ";
  return out;
}

// How many columns stand before the total.
size_t values_of_entry(const Question& question) {
  return question.columns.size() + 3 + question.keys.size() + std::size(kStateColumns);
}

// Entries without a row. What is known to be gone says nothing new.
std::string rowless_sql(const PlanTables& tables, const Question& question) {
  std::string same;
  for (size_t i = 0; i < question.keys.size(); ++i)
    same += fmt::format("{}q.{} = e.k{}", i > 0 ? " AND " : "", duck::quote_name(question.keys[i]), i);
  std::string out = fmt::format("SELECT {}{} FROM {} e WHERE NOT EXISTS (SELECT 1 FROM (\n{}\n) q WHERE {})",
                                nulls(question.columns.size() + 1), entry_columns(question),
                                tables.names().entries, question.model, same);
  if (!question.all) out += question.has_unplaced ? " AND (NOT e.gone OR e.k0 IS NULL)" : " AND NOT e.gone";
  return out;
}

}  // namespace

std::string candidates_sql(const PlanTables& tables, const Question& question) {
  // Two joins rather than one FULL JOIN, which PostgreSQL before 16 makes on one core only.
  std::string rows = digested(tables, question), rest, generation = "0";
  if (question.has_entries) {
    rows = question.all
               ? fmt::format("{} LEFT JOIN {} e ON {}", rows, tables.names().entries, same_key(question, "e"))
               : fmt::format("{} LEFT JOIN {} e ON {} WHERE {}", rows, tables.names().entries,
                             same_key(question, "e"), kHasChanged);
    rest = "\nUNION ALL " + rowless_sql(tables, question);
    generation =
        fmt::format("(SELECT generation FROM {} WHERE {})", tables.names().syncs, question.where_head);
  }
  return fmt::format("SELECT {} FROM {}{}\nUNION ALL SELECT {}count(*), {} FROM (\n{}\n) q",
                     candidate_columns(question), rows, rest, nulls(values_of_entry(question)), generation,
                     question.model);
}

std::string summed_candidates_sql(const PlanTables& tables, const Question& question, const RowSums& sums) {
  if (question.all || !question.has_entries) return candidates_sql(tables, question);
  const std::string& entries = tables.names().entries;
  std::vector<std::string> keys;
  for (size_t i = 0; i < question.keys.size(); ++i) keys.push_back(fmt::format("k{}", i));
  const auto sum_of = [&](std::string_view alias, const std::vector<std::string>& columns) {
    return fmt::format("{}({})", sums.sum, sums.hash(alias, columns, question.keys));
  };
  // Rows that are not among the new ones have an entry each; if that is all entries, none is without a row. A
  // key that several rows have, or that is NULL, makes the sums differ, and then it is looked.
  const std::string may_be_some =
      question.has_unplaced
          ? ""
          : fmt::format(
                " AND ((SELECT sum FROM penstock_all) {} coalesce((SELECT {} FROM penstock_changed m WHERE "
                "m.penstock_entry IS NULL OR m.penstock_gone), 0)) IS DISTINCT FROM (SELECT {} FROM {} w "
                "WHERE NOT "
                "w.gone)",
                sums.add, sum_of("m", question.keys), sum_of("w", keys), entries);
  return fmt::format(
      "WITH penstock_changed AS MATERIALIZED (SELECT m.*, n.key AS penstock_entry, n.gone AS penstock_gone "
      "FROM {} "
      "LEFT JOIN (SELECT {}, key, digest, gone FROM {}) n ON {} WHERE n.digest IS DISTINCT FROM "
      "m.penstock_digest), penstock_all AS MATERIALIZED (SELECT count(*) AS total, {} AS sum FROM (\n{}\n) "
      "q)\n"
      "SELECT {} FROM penstock_changed m LEFT JOIN LATERAL (SELECT * FROM {} w WHERE w.key = "
      "m.penstock_entry "
      "LIMIT 1) e ON true\nUNION ALL {}{}\nUNION ALL SELECT {}total, (SELECT generation FROM {} WHERE {}) "
      "FROM "
      "penstock_all",
      digested(tables, question), fmt::join(keys, ", "), entries, same_key(question, "n"),
      sum_of("q", question.keys), question.model, candidate_columns(question), entries,
      rowless_sql(tables, question), may_be_some, nulls(values_of_entry(question)), tables.names().syncs,
      question.where_head);
}

std::string repeated_sql(const PlanTables& tables, const Question& question) {
  std::vector<std::string> keys;
  for (const auto& key : question.keys) keys.push_back(duck::quote_name(key));
  return fmt::format(
      "SELECT {} FROM {} JOIN {} e ON {} WHERE ({}) IN (SELECT {} FROM (\n{}\n) q GROUP BY {} HAVING "
      "count(*) > 1) AND "
      "NOT ({})",
      candidate_columns(question), digested(tables, question), tables.names().entries,
      same_key(question, "e"), fmt::format("m.{}", fmt::join(keys, ", m.")), fmt::join(keys, ", "),
      question.model, fmt::join(keys, ", "), kHasChanged);
}

std::string lines_sql(const std::string& table, size_t key_columns, const std::vector<std::string>* keys) {
  std::string columns, list;
  for (size_t i = 0; i < key_columns; ++i) columns += fmt::format(", k{}", i);
  std::string sql = fmt::format("SELECT {} AS key, {}{}{} FROM {}", digits("key"),
                                state_columns("CAST({name} AS VARCHAR) AS {name}"),
                                key_columns > 0 ? ", CAST(digest AS VARCHAR) AS digest" : "", columns, table);
  if (keys == nullptr) return sql;
  for (const auto& key : *keys) list += fmt::format("{}CAST('{}' AS uuid)", list.empty() ? "" : ", ", key);
  return fmt::format("{} WHERE key IN ({})", sql, list);
}

Statements PlanTables::statements(const Question& question) const {
  return {.candidates = candidates_sql(*this, question),
          .entries = "",
          .total = "",
          .repeated = question.has_entries ? repeated_sql(*this, question) : ""};
}

std::string PlanTables::lines(const std::string& table, size_t key_columns,
                              const std::vector<std::string>* keys) const {
  return lines_sql(table, key_columns, keys);
}

}  // namespace penstock
