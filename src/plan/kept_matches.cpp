#include "plan/kept_matches.h"

#include <fmt/format.h>

#include "plan/match_owners.h"

namespace penstock {
namespace {

constexpr std::string_view kMoved = "class BETWEEN 2 AND 5 AND d.match_before IS NOT NULL";

// One of the old match values, as describe() wrote them: one as it is, several as a list in JSON.
std::string old_text(size_t matches, size_t i) {
  return matches == 1 ? "d.match_before"
                      : fmt::format("coalesce(json_extract_string(d.match_before, '$[{}]'), '')", i);
}

// Staged rows that have, as `other`, a match value which one that moves gives up, as `moved`.
std::string passing_sql(size_t matches, std::string_view others) {
  std::string old, now, same;
  for (size_t i = 0; i < matches; ++i) {
    old += fmt::format(", lower({}) AS t{}", old_text(matches, i), i);
    now += fmt::format(", coalesce(lower(penstock_text(m{0})), '') AS t{0}", i);
    same += fmt::format(" AND moved.t{0} = other.t{0}", i);
  }
  return fmt::format(
      "(SELECT rowid AS row{} FROM penstock_stage WHERE {}) moved JOIN (SELECT rowid AS row{} FROM "
      "penstock_stage WHERE {}) other ON moved.row <> other.row{}",
      old, kMoved, now, others, same);
}

// Others that are sent in this run as well.
std::string taken_in_this_run_sql(size_t matches) {
  return "INSERT INTO penstock_kept SELECT DISTINCT moved.row FROM " +
         passing_sql(matches, "class BETWEEN 1 AND 5 AND rowid NOT IN (SELECT row FROM penstock_refused)");
}

// Others whose record is not known: they are looked for.
std::string passed_sql(size_t matches) {
  return "CREATE TEMP TABLE penstock_passed AS SELECT DISTINCT other.row FROM " +
         passing_sql(
             matches,
             "class = 1 OR (class = 4 AND d.record_id IS NULL) OR (class BETWEEN 2 AND 5 AND d.anew)");
}

std::string moved_sql(size_t matches) {
  std::string old;
  for (size_t i = 0; i < matches; ++i) old += ", " + old_text(matches, i);
  return fmt::format("SELECT rowid, d.key_hi, d.key_lo{} FROM penstock_stage WHERE {}", old, kMoved);
}

}  // namespace

Result<void> find_passed_matches(duck::Connection& connection, const MappedModel& model,
                                 const PlanOptions& options, Staged& staged) {
  if (!options.follows_records || staged.moved == 0) return success();
  const auto passed = connection.run(passed_sql(model.mapping.match.size()));
  if (!passed.ok()) return passed.error();
  staged.passed = *passed;
  return success();
}

Result<void> find_kept_matches(duck::Connection& connection, const MappedModel& model,
                               const Snapshot& snapshot, const RowProbe& probe, const PlanOptions& options,
                               Staged& staged) {
  const size_t matches = model.mapping.match.size();
  if (auto created = connection.run("CREATE TEMP TABLE penstock_kept(row BIGINT)"); !created.ok())
    return created.error();
  if (matches == 0 || staged.rows == 0) return success();
  const auto taken = connection.run(taken_in_this_run_sql(matches));
  if (!taken.ok()) return taken.error();
  staged.kept = *taken;
  if (options.owners == nullptr) return success();

  // Rows that nothing is sent of: their match value is known only as whose it is.
  auto kept = duck::Appender::open(connection, "penstock_kept");
  if (!kept.ok()) return kept.error();
  auto moved = connection.query(moved_sql(matches));
  if (!moved.ok()) return moved.error();
  // For one key alone the model's other rows were not looked at.
  const SeenBits* seen = options.probe.only ? nullptr : &probe.seen();
  for (;;) {
    auto chunk = moved->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return kept->close();
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      const KeyHash key{(*chunk)->column(1).data<uint64_t>()[row], (*chunk)->column(2).data<uint64_t>()[row]};
      std::vector<std::string> old;
      for (size_t column = 3; column < (*chunk)->columns(); ++column)
        old.emplace_back((*chunk)->column(column).text(row));
      const auto owner = other_owner(*options.owners, snapshot, seen, key, old, true);
      if (!owner.ok()) return owner.error();
      if (!*owner) continue;
      if (auto added = kept->add((*chunk)->column(0).data<int64_t>()[row]).end_row(); !added.ok())
        return added;
      ++staged.kept;
    }
  }
}

}  // namespace penstock
