#include "plan/removals.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>

#include "plan/match_owners.h"

namespace penstock {
namespace {

// Whether the record of a key that the model has no longer is to be removed. What changes without a request
// is noted in the plan.
bool is_removed(const Found& found, const PlanOptions& options, Plan& plan) {
  if (options.probe.only && found.key != *options.probe.only) return false;
  const bool is_ours = found.accepted && !found.foreign;
  if (is_ours && options.on_removed != OnRemoved::ignore) return true;
  if (!is_ours || (options.forget_removed && !found.gone)) {
    // What only waited, or is not ours, leaves nothing at the destination to be undone.
    plan.silent.forget.push_back(found.key);
  } else if (!found.gone) {
    plan.silent.gone.push_back(found.key);
    ++plan.counts.removed;
  }
  return false;
}

// Writes the rows of the table `penstock_removed`, from several threads at once.
class Removals {
 public:
  Removals(const MappedModel& model, const Snapshot& snapshot, const SeenBits& seen,
           const PlanOptions& options, Plan& plan)
      : matches_(model.mapping.match.size()),
        snapshot_(snapshot),
        seen_(seen),
        options_(options),
        plan_(plan) {}

  size_t matches() const { return matches_; }
  bool some_wait() const { return some_wait_; }
  // The members of a row; `kept` where its record is that of another key.
  duck::Type type() const {
    std::vector<std::pair<std::string, duckdb_type>> members{
        {"kept", DUCKDB_TYPE_BOOLEAN},     {"waits", DUCKDB_TYPE_BOOLEAN},
        {"key", DUCKDB_TYPE_VARCHAR},      {"key_hi", DUCKDB_TYPE_UBIGINT},
        {"key_lo", DUCKDB_TYPE_UBIGINT},   {"fingerprint", DUCKDB_TYPE_UBIGINT},
        {"record_id", DUCKDB_TYPE_VARCHAR}};
    for (size_t i = 0; i < matches_; ++i) members.emplace_back(fmt::format("m{}", i), DUCKDB_TYPE_VARCHAR);
    return duck::Type::structure(members);
  }

  // The argument is the keys' slots.
  Result<void> operator()(std::span<const duck::Vector> arguments, size_t rows, duckdb_vector result) {
    const auto* slots = arguments[0].data<uint64_t>();
    for (size_t row = 0; row < rows; ++row) snapshot_.prefetch_details(slots[row]);
    const auto columns = duck::Writable(result).members(Member::match + matches_);
    for (size_t row = 0; row < rows; ++row)
      if (auto written = write(slots[row], columns, row); !written.ok()) return written;
    return success();
  }

 private:
  struct Member {
    enum : size_t { kept, waits, key, key_hi, key_lo, fingerprint, record_id, match };
  };

  Result<void> write(uint64_t slot, const std::vector<duck::Writable>& columns, size_t row) {
    const auto found = snapshot_.at(slot);
    if (!found.ok()) return found.error();
    const auto details = snapshot_.details(slot);
    if (!details.ok()) return details.error();
    const auto shared = is_shared(*found, *details);
    if (!shared.ok()) return shared.error();
    columns[Member::kept].set(row, *shared);
    const bool waits = still_waiting(*details);
    if (waits) some_wait_ = true;
    columns[Member::waits].set(row, waits);
    columns[Member::key].set_text(row, details->key);
    columns[Member::key_hi].set(row, found->key.hi);
    columns[Member::key_lo].set(row, found->key.lo);
    columns[Member::fingerprint].set(row, *found->accepted);
    columns[Member::record_id].set_text_or_null(row, details->record_id);
    for (size_t i = 0; i < matches_; ++i)
      columns[Member::match + i].set_text_or_null(row, i < details->match.size() ? details->match[i] : "");
    return success();
  }

  // Whether the record is that of another key, which the model has. Removing it would take it from that one;
  // so the key is only forgotten, once the other is known to have been written.
  Result<bool> is_shared(const Found& found, const Details& details) {
    if (options_.owners == nullptr) return false;
    // For one key alone the model's other rows were not looked at.
    const bool alone = options_.probe.only.has_value();
    const auto owner =
        record_sharer(*options_.owners, snapshot_, alone ? nullptr : &seen_, found.key, details);
    if (!owner.ok()) return owner.error();
    if (!*owner) return false;
    // What is in doubt may never have been written there, and may yet go elsewhere.
    const Found& other = (*owner)->found;
    const bool is_there =
        other.accepted && (*other.accepted != kUnknownPayload || !(*owner)->details.record_id.empty());
    const std::lock_guard lock(plan_mutex_);
    if (is_there && !alone) plan_.silent.forget.push_back(found.key);
    ++plan_.counts.handed_over;
    return true;
  }

  bool still_waiting(const Details& details) const {
    const ProbeOptions& probe = options_.probe;
    if (!details.waiting || probe.retry_waiting) return false;
    const Waiting& waiting = *details.waiting;
    if (waiting.kind == Waiting::Kind::in_doubt || waiting.kind == Waiting::Kind::held) return true;
    return waiting.kind == Waiting::Kind::removal_rejected && waiting.cause == probe.cause &&
           probe.now < waiting.next_try;
  }

  size_t matches_;
  const Snapshot& snapshot_;
  const SeenBits& seen_;
  const PlanOptions& options_;
  Plan& plan_;
  std::mutex plan_mutex_;
  std::atomic<bool> some_wait_ = false;
};

// The table `penstock_unseen`: the slots of keys whose records are to be removed. How many it has.
Result<uint64_t> find_unseen(duck::Connection& connection, const Snapshot& snapshot, const SeenBits& seen,
                             const PlanOptions& options, Plan& plan) {
  uint64_t count = 0;
  std::optional<duck::Appender> appender;
  auto visited = snapshot.for_each_unseen(seen, [&](const Found& found) -> Result<void> {
    if (!is_removed(found, options, plan)) return success();
    if (count++ == 0) {
      auto created = connection.run("CREATE TEMP TABLE penstock_unseen(slot UBIGINT)");
      if (!created.ok()) return created.error();
      auto opened = duck::Appender::open(connection, "penstock_unseen");
      if (!opened.ok()) return opened.error();
      appender.emplace(*std::move(opened));
    }
    return appender->add(found.slot).end_row();
  });
  if (!visited.ok()) return visited.error();
  if (appender)
    if (auto closed = appender->close(); !closed.ok()) return closed.error();
  return count;
}

// The table `penstock_removed`. Each row is read from the snapshot where nobody else is just now: DuckDB
// shares them out among its threads, and keeps their order.
Result<uint64_t> describe_removals(duck::Connection& connection, std::shared_ptr<Removals> removals) {
  const std::string function = fmt::format("penstock_removal_{}", removals->matches());
  auto defined = connection.define({.name = function,
                                    .parameters = {DUCKDB_TYPE_UBIGINT},
                                    .result = removals->type(),
                                    .has_effects = true,
                                    .call = [removals](auto slots, size_t rows, duckdb_vector result) {
                                      return (*removals)(slots, rows, result);
                                    }});
  if (!defined.ok()) return defined.error();
  return connection.run(fmt::format(
      "CREATE TEMP TABLE penstock_removed AS SELECT 'left the model' AS why, removal.* EXCLUDE (kept) FROM "
      "(SELECT {}(slot) AS removal FROM penstock_unseen) WHERE NOT removal.kept",
      function));
}

// Rows that take over the record of a removed key: a customer whose id changed keeps the email address.
// Removing the record would destroy what the new key is about to write. Not so a row that has a record of its
// own and follows it: the other one is in its way and is removed.
std::string heirs_sql(const MappedModel& model, const PlanOptions& options) {
  // Of several values some may be missing, but not all of them.
  const size_t matches = model.mapping.match.size();
  std::string same, texts;
  for (size_t i = 0; i < matches; ++i) {
    const std::string gone = fmt::format("lower(gone.m{})", i),
                      text = fmt::format("lower(penstock_text(m{}))", i);
    same += fmt::format("{}{} = s.t{}", i > 0 ? " AND " : "",
                        matches == 1 ? gone : fmt::format("coalesce({}, '')", gone), i);
    texts += fmt::format(", {} AS t{}", matches == 1 ? text : fmt::format("coalesce({}, '')", text), i);
  }
  if (matches > 1) {
    same += " AND coalesce(";
    for (size_t i = 0; i < matches; ++i) same += fmt::format("{}gone.m{}", i > 0 ? ", " : "", i);
    same += ") IS NOT NULL";
  }
  // A record that is only cleared keeps its match value: where that is unique the row cannot get it, and
  // takes the record over after all.
  const bool makes_way = options.on_removed == OnRemoved::remove ||
                         (options.on_removed == OnRemoved::clear && !options.unique_match);
  const bool follows = options.follows_records && makes_way;
  return fmt::format(
      "CREATE TEMP TABLE penstock_handed AS SELECT s.row, gone.key_hi, gone.key_lo FROM penstock_removed "
      "gone JOIN "
      "(SELECT rowid AS row{} FROM penstock_stage WHERE class BETWEEN 1 AND 5{}) s ON {}",
      texts,
      // What was perhaps never written has no record of its own.
      follows ? " AND (d.match_before IS NULL OR (class = 4 AND d.record_id IS NULL))" : "", same);
}

// Such a key is forgotten when the row that takes over is accepted, and not before: the plan file says which
// keys go with a row (`takes_over`). Until then, and while that row is invalid, it stays as it is.
Result<void> hand_over(duck::Connection& connection, const MappedModel& model, const PlanOptions& options,
                       Plan& plan, Staged& staged) {
  if (model.mapping.match.empty() || staged.rows == 0 || staged.removals == 0) return success();
  const auto handed = connection.run(heirs_sql(model, options));
  if (!handed.ok()) return handed.error();
  if (*handed == 0) return success();
  const auto heirs = connection.run(
      "CREATE TEMP TABLE penstock_heirs AS SELECT row, string_agg(key_hi || ' ' || key_lo, ' ' ORDER BY "
      "key_hi, key_lo) AS takes_over FROM penstock_handed GROUP BY row");
  if (!heirs.ok()) return heirs.error();
  staged.heirs = *heirs;
  auto deleted = connection.run(
      "DELETE FROM penstock_removed WHERE (key_hi, key_lo) IN (SELECT (key_hi, key_lo) FROM "
      "penstock_handed)");
  if (!deleted.ok()) return deleted.error();
  plan.counts.handed_over += *deleted;
  staged.removals -= *deleted;
  return success();
}

// What was refused before and is not to be tried again yet.
Result<void> leave_waiting(duck::Connection& connection, Plan& plan, Staged& staged) {
  auto waiting = connection.run("DELETE FROM penstock_removed WHERE waits");
  if (!waiting.ok()) return waiting.error();
  plan.counts.waiting_removals += *waiting;
  staged.removals -= *waiting;
  return success();
}

}  // namespace

Result<void> find_removals(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                           const RowProbe& probe, const PlanOptions& options, Plan& plan, Staged& staged) {
  for (const uint64_t slot : probe.returned()) {
    const auto found = snapshot.at(slot);
    if (!found.ok()) return found.error();
    plan.silent.returned.push_back(found->key);
  }
  const auto unseen = find_unseen(connection, snapshot, probe.seen(), options, plan);
  if (!unseen.ok()) return unseen.error();
  if (*unseen == 0) return success();
  const auto removals = std::make_shared<Removals>(model, snapshot, probe.seen(), options, plan);
  const auto described = describe_removals(connection, removals);
  if (!described.ok()) return described.error();
  staged.removals = *described;
  if (auto handed = hand_over(connection, model, options, plan, staged); !handed.ok()) return handed;
  if (removals->some_wait())
    if (auto left = leave_waiting(connection, plan, staged); !left.ok()) return left;
  plan.counts.removed += staged.removals;
  return success();
}

}  // namespace penstock
