#include "plan/taken_matches.h"

#include <fmt/format.h>

#include <map>

#include "plan/match_owners.h"

namespace penstock {
namespace {

// Rows that have a match value which their key was never written with.
constexpr std::string_view kMeansAnother =
    "(class = 1 OR (class BETWEEN 2 AND 5 AND (d.match_before IS NOT NULL OR d.anew)))";

// Reads such rows of the stage, and those that were perhaps never written.
class NewMatches {
 public:
  NewMatches(const Snapshot& snapshot, const RowProbe& probe, const PlanOptions& options,
             duck::Appender& taken)
      : snapshot_(snapshot), probe_(probe), options_(options), taken_(taken) {}

  Result<void> visit(const duck::Chunk& chunk) {
    for (size_t row = 0; row < chunk.rows(); ++row) {
      std::vector<std::string> match;
      for (size_t column = 3; column < chunk.columns(); ++column)
        match.emplace_back(chunk.column(column).valid(row) ? chunk.column(column).text(row)
                                                           : std::string_view());
      const KeyHash key{chunk.column(1).data<uint64_t>()[row], chunk.column(2).data<uint64_t>()[row]};
      auto owner = other_owner(*options_.owners, snapshot_, nullptr, key, match, options_.match_ignores_case);
      if (!owner.ok()) return owner.error();
      if (!*owner || !(*owner)->found.accepted || (*owner)->found.foreign) continue;
      // A key that left may be removed, or handed over; else it is only known to be gone.
      const bool left = !probe_.seen().test((*owner)->found.slot);
      if (left && (options_.on_removed != OnRemoved::ignore || options_.forget_removed)) continue;
      taken_.add(chunk.column(0).data<int64_t>()[row])
          .add((*owner)->found.key.hi)
          .add((*owner)->found.key.lo)
          .add_bool(left);
      ++found_;
      if (auto added = taken_.end_row(); !added.ok()) return added;
    }
    return success();
  }
  uint64_t found() const { return found_; }

 private:
  const Snapshot& snapshot_;
  const RowProbe& probe_;
  const PlanOptions& options_;
  duck::Appender& taken_;
  uint64_t found_ = 0;
};

// The table `penstock_taken`; how many rows it has.
Result<uint64_t> find_taken(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                            const RowProbe& probe, const PlanOptions& options) {
  auto created = connection.run(
      "CREATE TEMP TABLE penstock_taken(row BIGINT, key_hi UBIGINT, key_lo UBIGINT, has_left BOOLEAN)");
  if (!created.ok()) return created.error();
  auto taken = duck::Appender::open(connection, "penstock_taken");
  if (!taken.ok()) return taken.error();
  std::string texts;
  for (size_t i = 0; i < model.mapping.match.size(); ++i) texts += fmt::format(", penstock_text(m{})", i);
  auto rows = connection.query(fmt::format(
      "SELECT rowid, d.key_hi, d.key_lo{} FROM penstock_stage WHERE {} OR class = 4", texts, kMeansAnother));
  if (!rows.ok()) return rows.error();
  NewMatches matches(snapshot, probe, options, *taken);
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) break;
    if (auto visited = matches.visit(**chunk); !visited.ok()) return visited.error();
  }
  if (auto closed = taken->close(); !closed.ok()) return closed.error();
  return matches.found();
}

// An owner that is sent itself gives the value up, or is invalid, or both are refused as rows with one match
// value. Should it not get away from its record, or has it left the model, the row is written to that:
// `penstock_given`.
Result<void> note_given_up(duck::Connection& connection, Staged& staged) {
  const auto given = connection.run(
      "CREATE TEMP TABLE penstock_given AS SELECT row, key_hi || ' ' || key_lo AS displaces FROM "
      "penstock_taken WHERE has_left OR (key_hi, key_lo) IN (SELECT (d.key_hi, d.key_lo) FROM "
      "penstock_stage WHERE class BETWEEN 1 AND 5)");
  if (!given.ok()) return given.error();
  staged.given = *given;
  auto deleted =
      connection.run(fmt::format("DELETE FROM penstock_taken WHERE row IN (SELECT row FROM penstock_given) "
                                 "OR row NOT IN (SELECT rowid FROM "
                                 "penstock_stage WHERE {})",
                                 kMeansAnother));
  return deleted.ok() ? success() : Result<void>(deleted.error());
}

// The rows that were there first: known, unchanged, and now invalid as well.
Result<void> refuse_owners(duck::Connection& connection, const Snapshot& snapshot, const RowProbe& probe,
                           Plan& plan) {
  auto owners = connection.texts("SELECT DISTINCT key_hi, key_lo FROM penstock_taken");
  if (!owners.ok()) return owners.error();
  for (const auto& row : *owners) {
    const KeyHash key{std::stoull(*row[0]), std::stoull(*row[1])};
    const auto found = snapshot.find(key);
    if (!found.ok()) return found.error();
    // What waits or occurs several times is counted as that.
    if (!*found || (*found)->waiting || probe.duplicates().contains(key)) continue;
    const auto details = snapshot.details((*found)->slot);
    if (!details.ok()) return details.error();
    --plan.counts.unchanged;
    ++plan.counts.invalid;
    if (plan.invalid.size() < kSamplesMax)
      plan.invalid.push_back({details->key, "the match value occurs in another row as well"});
  }
  return success();
}

}  // namespace

Result<void> refuse_taken_matches(duck::Connection& connection, const MappedModel& model,
                                  const Snapshot& snapshot, const RowProbe& probe, const PlanOptions& options,
                                  Plan& plan, Staged& staged) {
  if (staged.rows == 0) return success();
  // Of a key alone, or of keys that are never written again, it is not known which match values they have
  // now.
  if (options.owners == nullptr || options.probe.only || options.probe.keys_only ||
      model.mapping.match.empty() || options.owners->manifest().counts.keys == 0)
    return success();
  const auto found = find_taken(connection, model, snapshot, probe, options);
  if (!found.ok()) return found.error();
  if (*found == 0) return success();
  if (auto noted = note_given_up(connection, staged); !noted.ok()) return noted;
  auto refused = connection.run(
      "INSERT INTO penstock_refused SELECT row, 'the match value is that of another row' FROM "
      "penstock_taken");
  if (!refused.ok()) return refused.error();
  staged.refused += *refused;
  return refuse_owners(connection, snapshot, probe, plan);
}

}  // namespace penstock
