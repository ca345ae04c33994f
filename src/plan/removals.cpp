#include "plan/removals.h"

#include <fmt/format.h>

#include "plan/match_owners.h"

namespace penstock {
namespace {

class Removals {
 public:
  Removals(const MappedModel& model, const Snapshot& snapshot, const SeenBits& seen,
           const PlanOptions& options, Plan& plan, duck::Appender& appender)
      : model_(model),
        snapshot_(snapshot),
        seen_(seen),
        options_(options),
        plan_(plan),
        appender_(appender) {}

  Result<void> visit(const Found& found) {
    if (options_.probe.only && found.key != *options_.probe.only) return success();
    if (!found.accepted || found.foreign) {
      // It only waited, or is not ours: nothing at the destination is to be undone.
      plan_.silent.forget.push_back(found.key);
      return success();
    }
    if (found.gone) return options_.on_removed == OnRemoved::ignore ? success() : remove(found);
    if (options_.on_removed != OnRemoved::ignore) return remove(found);
    if (options_.forget_removed) {
      plan_.silent.forget.push_back(found.key);
      return success();
    }
    plan_.silent.gone.push_back(found.key);
    ++plan_.counts.removed;
    return success();
  }

 private:
  Result<void> remove(const Found& found) {
    auto details = snapshot_.details(found.slot);
    if (!details.ok()) return details.error();
    const auto shared = is_shared(found, *details);
    if (!shared.ok()) return shared.error();
    if (*shared) return success();
    appender_.add_bool(still_waiting(*details))
        .add("left the model")
        .add(details->key)
        .add(found.key.hi)
        .add(found.key.lo)
        .add(*found.accepted);
    details->record_id.empty() ? appender_.add_null() : appender_.add(details->record_id);
    for (size_t i = 0; i < model_.mapping.match.size(); ++i)
      i < details->match.size() && !details->match[i].empty() ? appender_.add(details->match[i])
                                                              : appender_.add_null();
    return appender_.end_row();
  }

  // Whether the record is that of another key, which the model has. Removing it would take it from that one;
  // so the key is only forgotten, once the other is known to have been written.
  Result<bool> is_shared(const Found& found, const Details& details) {
    if (options_.owners == nullptr) return false;
    // For one key alone the model's other rows were not looked at.
    const bool alone = options_.probe.only.has_value();
    const auto owner =
        other_owner(*options_.owners, snapshot_, alone ? nullptr : &seen_, found.key, details.match, true);
    if (!owner.ok()) return owner.error();
    if (!*owner) return false;
    const std::string& other = (*owner)->details.record_id;
    if (!details.record_id.empty() && !other.empty() && details.record_id != other) return false;
    if ((*owner)->found.accepted && !alone) plan_.silent.forget.push_back(found.key);
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

  const MappedModel& model_;
  const Snapshot& snapshot_;
  const SeenBits& seen_;
  const PlanOptions& options_;
  Plan& plan_;
  duck::Appender& appender_;
};

std::string removed_table(const MappedModel& model) {
  std::string out =
      "CREATE TEMP TABLE penstock_removed(waits BOOLEAN, why VARCHAR, key VARCHAR, key_hi UBIGINT, key_lo "
      "UBIGINT, "
      "fingerprint "
      "UBIGINT, "
      "record_id VARCHAR";
  for (size_t i = 0; i < model.mapping.match.size(); ++i) out += fmt::format(", m{} VARCHAR", i);
  return out + ")";
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
  const bool follows = options.follows_records && options.on_removed == OnRemoved::remove;
  return fmt::format(
      "CREATE TEMP TABLE penstock_handed AS SELECT s.row, gone.key_hi, gone.key_lo FROM penstock_removed "
      "gone JOIN "
      "(SELECT rowid AS row{} FROM penstock_stage WHERE class BETWEEN 1 AND 5{}) s ON {}",
      texts, follows ? " AND d.match_before IS NULL" : "", same);
}

// Such a key is forgotten when the row that takes over is accepted, and not before: the plan file says which
// keys go with a row (`takes_over`). Until then, and while that row is invalid, it stays as it is.
Result<void> hand_over(duck::Connection& connection, const MappedModel& model, const PlanOptions& options,
                       Plan& plan) {
  auto created = connection.run("CREATE TEMP TABLE penstock_heirs(row BIGINT, takes_over VARCHAR)");
  if (!created.ok()) return created.error();
  if (model.mapping.match.empty()) return success();
  if (auto found = connection.run(heirs_sql(model, options)); !found.ok()) return found.error();
  const auto handed = connection.number("SELECT count(*) FROM penstock_handed");
  if (!handed.ok()) return handed.error();
  if (*handed == 0) return success();
  auto heirs = connection.run(
      "INSERT INTO penstock_heirs SELECT row, string_agg(key_hi || ' ' || key_lo, ' ' ORDER BY key_hi, "
      "key_lo) "
      "FROM penstock_handed GROUP BY row");
  if (!heirs.ok()) return heirs.error();
  auto deleted = connection.run(
      "DELETE FROM penstock_removed WHERE (key_hi, key_lo) IN (SELECT (key_hi, key_lo) FROM "
      "penstock_handed)");
  if (!deleted.ok()) return deleted.error();
  plan.counts.handed_over += *deleted;
  return success();
}

// What was refused before and is not to be tried again yet.
Result<void> count_removals(duck::Connection& connection, Plan& plan) {
  auto waiting = connection.run("DELETE FROM penstock_removed WHERE waits");
  if (!waiting.ok()) return waiting.error();
  plan.counts.waiting_removals += *waiting;
  const auto removed = connection.number("SELECT count(*) FROM penstock_removed");
  if (!removed.ok()) return removed.error();
  plan.counts.removed += *removed;
  return success();
}

}  // namespace

Result<void> find_removals(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                           const RowProbe& probe, const PlanOptions& options, Plan& plan) {
  if (auto created = connection.run(removed_table(model)); !created.ok()) return created.error();
  auto appender = duck::Appender::open(connection, "penstock_removed");
  if (!appender.ok()) return appender.error();
  Removals removals(model, snapshot, probe.seen(), options, plan, *appender);
  auto visited =
      snapshot.for_each_unseen(probe.seen(), [&](const Found& found) { return removals.visit(found); });
  if (!visited.ok()) return visited;
  if (auto closed = appender->close(); !closed.ok()) return closed;
  for (const uint64_t slot : probe.returned()) {
    const auto found = snapshot.at(slot);
    if (!found.ok()) return found.error();
    plan.silent.returned.push_back(found->key);
  }
  if (auto handed = hand_over(connection, model, options, plan); !handed.ok()) return handed;
  return count_removals(connection, plan);
}

}  // namespace penstock
