#include "warehouse_plan/questions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace penstock {
namespace {

constexpr std::string_view kState[] = {"accepted",  "gone",         "foreign_record", "shown_key",
                                       "record_id", "match_values", "waiting"};

std::string digits(std::string_view key) {
  return fmt::format("replace(CAST({} AS VARCHAR), '-', '')", key);
}

// The model's columns, then the entry's.
std::string candidate_columns(const Question& question) {
  std::string out;
  for (const auto& column : question.columns) out += fmt::format("m.{}, ", duck::quote_name(column));
  out += "m.penstock_digest";
  if (!question.has_entries) {
    out += ", CAST(NULL AS VARCHAR(32)) AS penstock_key, CAST(NULL AS VARCHAR(32)) AS penstock_known";
    for (size_t i = 0; i < question.keys.size(); ++i)
      out += fmt::format(", m.{} AS penstock_k{}", duck::quote_name(question.keys[i]), i);
    for (const auto& name : kState) out += fmt::format(", CAST(NULL AS VARCHAR(32)) AS penstock_{}", name);
  } else {
    out +=
        fmt::format(", {} AS penstock_key, CAST(e.digest AS VARCHAR(32)) AS penstock_known", digits("e.key"));
    for (size_t i = 0; i < question.keys.size(); ++i) out += fmt::format(", e.k{0} AS penstock_k{0}", i);
    for (const auto& name : kState) out += fmt::format(", CAST(e.{0} AS VARCHAR) AS penstock_{0}", name);
  }
  return out + ", CAST(NULL AS BIGINT) AS penstock_total, CAST(NULL AS BIGINT) AS penstock_generation";
}

std::string digested(const PlanTables& tables, const Question& question) {
  return fmt::format("(SELECT q.*, {} AS penstock_digest FROM (\n{}\n) q) m",
                     tables.digest("q", question.inputs), question.model);
}

std::string same_key(const Question& question) {
  std::string out;
  for (size_t i = 0; i < question.keys.size(); ++i)
    out += fmt::format("{}e.k{} = m.{}", i > 0 ? " AND " : "", i, duck::quote_name(question.keys[i]));
  return out;
}

// What has no row and is known to be gone says nothing new.
constexpr std::string_view kMayHaveChanged =
    "e.digest IS DISTINCT FROM m.penstock_digest OR (m.penstock_digest IS NULL AND NOT e.gone)";

}  // namespace

std::string candidates_sql(const PlanTables& tables, const Question& question) {
  const size_t ours = question.columns.size() + 3 + question.keys.size() + std::size(kState);
  std::string nulls;
  for (size_t i = 0; i < ours; ++i) nulls += "NULL, ";
  std::string out = fmt::format("SELECT {} FROM {}", candidate_columns(question), digested(tables, question));
  if (question.has_entries) {
    out += fmt::format(" FULL JOIN {} e ON {}", tables.names().entries, same_key(question));
    if (!question.all)
      out += fmt::format(" WHERE {}{}", kMayHaveChanged,
                         question.has_unplaced ? " OR (m.penstock_digest IS NULL AND e.k0 IS NULL)" : "");
  }
  const std::string generation = question.has_entries ? fmt::format("(SELECT generation FROM {} WHERE {})",
                                                                    tables.names().syncs, question.where_head)
                                                      : "0";
  return fmt::format("{}\nUNION ALL SELECT {}count(*), {} FROM (\n{}\n) q", out, nulls, generation,
                     question.model);
}

std::string repeated_sql(const PlanTables& tables, const Question& question) {
  std::vector<std::string> keys;
  for (const auto& key : question.keys) keys.push_back(duck::quote_name(key));
  return fmt::format(
      "SELECT {} FROM {} JOIN {} e ON {} WHERE ({}) IN (SELECT {} FROM (\n{}\n) q GROUP BY {} HAVING "
      "count(*) > 1) AND "
      "NOT ({})",
      candidate_columns(question), digested(tables, question), tables.names().entries, same_key(question),
      fmt::format("m.{}", fmt::join(keys, ", m.")), fmt::join(keys, ", "), question.model,
      fmt::join(keys, ", "), kMayHaveChanged);
}

std::string lines_sql(const std::string& table, size_t key_columns, const std::vector<std::string>* keys) {
  std::string columns, state, list;
  for (size_t i = 0; i < key_columns; ++i) columns += fmt::format(", k{}", i);
  for (const auto& name : kState) state += fmt::format(", CAST({0} AS VARCHAR) AS {0}", name);
  std::string sql = fmt::format("SELECT {} AS key{}{}{} FROM {}", digits("key"), state,
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
