#include "warehouse_plan/changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plan/arguments.h"
#include "warehouse_plan/states.h"

namespace penstock {
namespace {

// Tells of a row of the model its key, and whether nothing is to be sent for it: only of such a row the
// digest says that it is still so.
class Settledness {
 public:
  Settledness(const MappedModel& mapped, const Snapshot& snapshot, bool keys_only)
      : arguments_(Arguments::of(mapped)), snapshot_(snapshot), keys_only_(keys_only) {}

  const Arguments& arguments() const { return arguments_; }

  Result<void> operator()(std::span<const duck::Vector> arguments, size_t rows, duckdb_vector result) const {
    const auto probed = arguments_.probe(snapshot_, arguments, rows);
    if (!probed.ok()) return probed.error();
    const auto columns = duck::Writable(result).members(2);
    for (size_t row = 0; row < rows; ++row) {
      const KeyHash key = probed->keys[row];
      columns[0].set_text_or_null(row, key.hi == 0 ? "" : key_digits(key));
      const auto settled = is_settled(probed->places[row]);
      if (!settled.ok()) return settled.error();
      columns[1].set(row, *settled);
    }
    return success();
  }

 private:
  Result<bool> is_settled(const Probe& place) const {
    if (place.standing == Standing::same) return true;
    if (place.standing == Standing::absent || !keys_only_) return false;
    const auto found = snapshot_.at(place.slot);
    if (!found.ok()) return found.error();
    return found->accepted && *found->accepted != kUnknownPayload && !found->gone && !found->waiting;
  }

  Arguments arguments_;
  const Snapshot& snapshot_;
  bool keys_only_;
};

// penstock_unique: of each key, the row that has it, if it is the only one.
Result<void> list_rows(duck::Connection& connection, const MappedModel& mapped,
                       const std::vector<std::string>& keys, bool keys_only, const Snapshot& snapshot) {
  const auto settledness = std::make_shared<Settledness>(mapped, snapshot, keys_only);
  auto defined = connection.define(
      {.name = "penstock_settled",
       .result = duck::Type::structure({{"key", DUCKDB_TYPE_VARCHAR}, {"settled", DUCKDB_TYPE_BOOLEAN}}),
       .has_effects = true,
       .call = [settledness](auto arguments, size_t rows, duckdb_vector result) {
         return (*settledness)(arguments, rows, result);
       }});
  if (!defined.ok()) return defined.error();
  std::string columns, any;
  for (size_t i = 0; i < keys.size(); ++i) {
    columns += fmt::format(", {} AS penstock_r{}", duck::quote_name(keys[i]), i);
    any += fmt::format(", any_value(penstock_r{0}) AS k{0}", i);
  }
  auto made = connection.run(fmt::format(
      "CREATE TEMP TABLE penstock_unique AS SELECT d.key AS key, count(*) = 1 AND bool_and(d.settled) AS "
      "settled, "
      "any_value(penstock_digest) AS digest{} FROM (SELECT *, penstock_settled({}) AS d FROM (SELECT {}, "
      "penstock_digest{} FROM drawn.candidates WHERE penstock_digest IS NOT NULL)) WHERE d.key IS NOT NULL "
      "GROUP BY 1",
      any, argument_names(settledness->arguments()), argument_select_list(settledness->arguments()),
      columns));
  return made.ok() ? success() : Result<void>(made.error());
}

// penstock_was: the entries as they came.
Result<void> list_entries(duck::Connection& connection, size_t keys) {
  std::string of_candidates, of_kept;
  for (size_t i = 0; i < keys; ++i) {
    of_candidates += fmt::format(", penstock_k{0} AS k{0}", i);
    of_kept += fmt::format(", k{}", i);
  }
  auto made = connection.run(fmt::format(
      "CREATE TEMP TABLE penstock_was AS SELECT DISTINCT ON (key) * FROM (SELECT penstock_key AS key, "
      "penstock_known AS known{}, {}, false AS stayed FROM drawn.candidates WHERE penstock_key IS NOT NULL "
      "UNION ALL SELECT key, digest{}, {}, true FROM drawn.kept)",
      of_candidates, state_columns("penstock_{name} AS {name}"), of_kept, state_columns()));
  return made.ok() ? success() : Result<void>(made.error());
}

std::string state_differs() {
  return state_columns("CAST(now.{name} AS VARCHAR) IS DISTINCT FROM was.{name}", " OR ");
}

Result<void> list_changed_entries(duck::Connection& connection, size_t keys) {
  std::string columns;
  for (size_t i = 0; i < keys; ++i) columns += fmt::format("coalesce(u.k{0}, was.k{0}) AS k{0}, ", i);
  auto type = connection.texts("SELECT typeof(penstock_digest) FROM drawn.candidates LIMIT 1");
  if (!type.ok()) return type.error();
  // An entry whose row stayed is settled, until its state changes: then its row is wanted next time.
  const std::string digest = fmt::format(
      "CASE WHEN u.settled THEN u.digest WHEN was.stayed AND NOT ({}) THEN CAST(was.known AS {}) END",
      state_differs(), type->empty() ? "BIGINT" : *(*type)[0][0]);
  auto made = connection.run(fmt::format(
      "CREATE TABLE penstock_out.entries AS SELECT * EXCLUDE (differs, known) FROM (SELECT "
      "{}CAST(coalesce(now.key, "
      "was.key) AS UUID) AS key, {} AS digest, {}, now.key IS NULL AS deleted, was.known AS known, now.key "
      "IS "
      "NULL OR was.key IS NULL OR {} "
      "AS differs FROM penstock_now now FULL JOIN penstock_was was ON now.key = was.key LEFT JOIN "
      "penstock_unique u ON "
      "u.key = coalesce(now.key, was.key)) WHERE differs OR CAST(digest AS VARCHAR) IS DISTINCT FROM known",
      columns, digest, state_columns("now.{name}"), state_differs()));
  return made.ok() ? success() : Result<void>(made.error());
}

Result<void> list_changed_lines(duck::Connection& connection, const std::string& table, const Snapshot& now) {
  if (auto listed = list_states(connection, "penstock_now_" + table, now); !listed.ok()) return listed;
  auto made =
      connection.run(fmt::format("CREATE TABLE penstock_out.{0} AS SELECT CAST(coalesce(now.key, was.key) AS "
                                 "UUID) AS key, {1}, now.key IS NULL AS deleted FROM "
                                 "penstock_now_{0} now FULL JOIN drawn.{0} was ON now.key = was.key WHERE "
                                 "now.key IS NULL OR was.key IS NULL OR {2}",
                                 table, state_columns("now.{name}"), state_differs()));
  return made.ok() ? success() : Result<void>(made.error());
}

// How many lines the tables have.
Result<ListedChanges> count_changes(duck::Connection& connection) {
  auto lines = connection.number(
      "SELECT (SELECT count(*) FROM penstock_out.entries) + (SELECT count(*) FROM penstock_out.owners) + "
      "(SELECT count(*) FROM penstock_out.written)");
  if (!lines.ok()) return lines.error();
  auto unplaced =
      connection.number("SELECT count(*) FROM penstock_out.entries WHERE k0 IS NULL AND NOT deleted");
  if (!unplaced.ok()) return unplaced.error();
  return ListedChanges{.lines = *lines, .has_unplaced = *unplaced > 0};
}

}  // namespace

Result<ListedChanges> list_changes(duck::Connection& connection, const MappedModel& mapped,
                                   const std::vector<std::string>& keys, bool keys_only,
                                   const LocalState& state, const std::string& file) {
  if (auto listed = list_rows(connection, mapped, keys, keys_only, state.snapshot); !listed.ok())
    return listed.error();
  if (auto listed = list_entries(connection, keys.size()); !listed.ok()) return listed.error();
  if (auto listed = list_states(connection, "penstock_now", state.snapshot); !listed.ok())
    return listed.error();
  auto attached = connection.run(fmt::format("ATTACH {} AS penstock_out", duck::quote_text(file)));
  if (!attached.ok()) return attached.error();
  const auto write = [&]() -> Result<ListedChanges> {
    if (auto listed = list_changed_entries(connection, keys.size()); !listed.ok()) return listed.error();
    if (auto listed = list_changed_lines(connection, "owners", state.owners); !listed.ok())
      return listed.error();
    if (auto listed = list_changed_lines(connection, "written", state.written); !listed.ok())
      return listed.error();
    return count_changes(connection);
  };
  auto written = write();
  const auto detached = connection.run("DETACH penstock_out");
  if (written.ok() && !detached.ok()) return detached.error();
  return written;
}

}  // namespace penstock
