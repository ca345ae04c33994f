#include "warehouse_plan/candidates.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <set>

#include "plan/match_owners.h"
#include "warehouse_plan/states.h"

namespace penstock {
namespace {

// One of these says that a row may mean another record than before.
constexpr std::string_view kMayMeanAnother =
    "penstock_digest IS NULL OR penstock_key IS NULL OR penstock_gone = 'true' OR "
    "coalesce(penstock_accepted, '0') = '0'";

using Texts = std::vector<std::string>;

std::string texts_sql(const MappedModel& mapped) {
  std::string out;
  for (const auto& match : mapped.mapping.match)
    out += fmt::format(", CASE WHEN penstock_digest IS NOT NULL THEN penstock_text({}) END", match.sql);
  return out;
}

Texts texts_in(simdjson::dom::parser& parser, std::string_view json) {
  Texts texts;
  simdjson::dom::array array;
  if (parser.parse(simdjson::padded_string(json)).get_array().get(array) != simdjson::SUCCESS) return texts;
  for (const auto item : array) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

}  // namespace

Result<void> keep_rows(duck::Connection& connection, const std::string& relation, const std::string& file,
                       const std::string& table, bool append) {
  auto attached = connection.run(fmt::format("ATTACH {} AS penstock_kept_rows", duck::quote_text(file)));
  if (!attached.ok()) return attached.error();
  const auto kept = connection.run(
      append ? fmt::format("INSERT INTO penstock_kept_rows.{} SELECT * FROM {}", table, relation)
             : fmt::format("CREATE OR REPLACE TABLE penstock_kept_rows.{} AS SELECT * FROM {}", table,
                           relation));
  const auto detached = connection.run("DETACH penstock_kept_rows");
  if (!kept.ok()) return kept.error();
  return detached.ok() ? success() : Result<void>(detached.error());
}

namespace {

Result<void> run_in_file(const std::string& file, const std::string& sql) {
  auto connection = duck::Connection::open({.path = file, .temporary_directory = ""});
  if (!connection.ok()) return connection.error();
  auto run = connection->run(sql);
  return run.ok() ? success() : Result<void>(run.error());
}

}  // namespace

Result<void> join_candidates(const std::string& file, const std::vector<std::string>& keys) {
  std::string same;
  for (size_t i = 0; i < keys.size(); ++i)
    same += fmt::format("{}r.{} = e.penstock_k{}", i > 0 ? " AND " : "", duck::quote_name(keys[i]), i);
  return run_in_file(
      file,
      fmt::format("CREATE TABLE candidates AS SELECT r.*, e.*, CAST(NULL AS BIGINT) AS penstock_total, "
                  "CAST(NULL AS BIGINT) AS penstock_generation FROM drawn_rows r FULL JOIN drawn_entries "
                  "e ON {}",
                  same));
}

Result<void> add_total(const std::string& file) {
  return run_in_file(file, "INSERT INTO candidates BY NAME SELECT * FROM drawn_total");
}

Result<CandidateCounts> count_candidates(duck::Connection& connection) {
  auto counted = connection.texts(
      "SELECT coalesce(max(penstock_total), 0), coalesce(max(penstock_generation), 0), "
      "count(penstock_digest), "
      "count(DISTINCT CASE WHEN penstock_gone <> 'true' THEN penstock_key END) FROM drawn.candidates");
  if (!counted.ok()) return counted.error();
  const auto number = [&](size_t i) { return std::stoull(*(*counted)[0][i]); };
  return CandidateCounts{number(0), number(1), number(2), number(3)};
}

Result<std::vector<std::string>> matches_to_look_up(duck::Connection& connection, const MappedModel& mapped) {
  std::set<std::string> hashes;
  const auto add = [&](const Texts& texts) {
    if (const auto hash = match_hash(texts)) hashes.insert(key_digits(*hash));
  };
  auto rows = connection.query(fmt::format(
      "SELECT {}, penstock_digest IS NOT NULL, penstock_match_values{} FROM drawn.candidates WHERE "
      "penstock_total IS NULL",
      kMayMeanAnother, texts_sql(mapped)));
  if (!rows.ok()) return rows.error();
  simdjson::dom::parser parser;
  const size_t matches = mapped.mapping.match.size();
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) break;
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      const auto may_mean_another = (*chunk)->column(0).data<bool>()[row];
      const auto has_row = (*chunk)->column(1).data<bool>()[row];
      const duck::Vector known = (*chunk)->column(2);
      const Texts before = known.valid(row) ? texts_in(parser, known.text(row)) : Texts();
      Texts now(matches);
      for (size_t i = 0; i < matches && has_row; ++i)
        if (const duck::Vector value = (*chunk)->column(3 + i); value.valid(row)) now[i] = value.text(row);
      if (!may_mean_another && now == before) continue;
      add(before);
      if (has_row) add(now);
    }
  }
  return std::vector<std::string>(hashes.begin(), hashes.end());
}

}  // namespace penstock
