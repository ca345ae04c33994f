#include "plan/removals.h"

#include <fmt/format.h>

namespace penstock {
namespace {

class Removals {
 public:
  Removals(const MappedModel& model, const Snapshot& snapshot, const PlanOptions& options, Plan& plan,
           duck::Appender& appender)
      : model_(model), snapshot_(snapshot), options_(options), plan_(plan), appender_(appender) {}

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
    if (still_waiting(*details)) {
      ++plan_.counts.waiting_removals;
      return success();
    }
    ++plan_.counts.removed;
    appender_.add("left the model")
        .add(details->key)
        .add(found.key.hi)
        .add(found.key.lo)
        .add(*found.accepted);
    details->record_id.empty() ? appender_.add_null() : appender_.add(details->record_id);
    for (size_t i = 0; i < model_.mapping.match.size(); ++i)
      i < details->match.size() ? appender_.add(details->match[i]) : appender_.add_null();
    return appender_.end_row();
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
  const PlanOptions& options_;
  Plan& plan_;
  duck::Appender& appender_;
};

std::string removed_table(const MappedModel& model) {
  std::string out =
      "CREATE TEMP TABLE penstock_removed(why VARCHAR, key VARCHAR, key_hi UBIGINT, key_lo UBIGINT, "
      "fingerprint "
      "UBIGINT, "
      "record_id VARCHAR";
  for (size_t i = 0; i < model.mapping.match.size(); ++i) out += fmt::format(", m{} VARCHAR", i);
  return out + ")";
}

// A removed key's record may by now be another key's: a customer whose id changed keeps the email address.
// Removing it would destroy what the new key is about to write. Such a key is only forgotten.
Result<void> hand_over(duck::Connection& connection, const MappedModel& model, Plan& plan) {
  if (model.mapping.match.empty()) return success();
  std::string same;
  for (size_t i = 0; i < model.mapping.match.size(); ++i)
    same += fmt::format("{0}lower(removed.m{1}) = s.t{1}", i > 0 ? " AND " : "", i);
  std::string texts;
  for (size_t i = 0; i < model.mapping.match.size(); ++i)
    texts += fmt::format("{0}lower(penstock_text(m{1})) AS t{1}", i > 0 ? ", " : "", i);
  const std::string handed = fmt::format(
      "SELECT removed.key_hi, removed.key_lo FROM penstock_removed removed SEMI JOIN (SELECT {} FROM "
      "penstock_stage "
      "WHERE class BETWEEN 1 AND 5) s ON {}",
      texts, same);
  auto keys = connection.texts(handed);
  if (!keys.ok()) return keys.error();
  if (keys->empty()) return success();
  for (const auto& key : *keys) plan.silent.forget.push_back({std::stoull(*key[0]), std::stoull(*key[1])});
  plan.counts.handed_over = keys->size();
  plan.counts.removed -= keys->size();
  auto deleted =
      connection.run(fmt::format("DELETE FROM penstock_removed WHERE (key_hi, key_lo) IN ({})", handed));
  if (!deleted.ok()) return deleted.error();
  return success();
}

}  // namespace

Result<void> find_removals(duck::Connection& connection, const MappedModel& model, const Snapshot& snapshot,
                           const RowProbe& probe, const PlanOptions& options, Plan& plan) {
  if (auto created = connection.run(removed_table(model)); !created.ok()) return created.error();
  auto appender = duck::Appender::open(connection, "penstock_removed");
  if (!appender.ok()) return appender.error();
  Removals removals(model, snapshot, options, plan, *appender);
  auto visited =
      snapshot.for_each_unseen(probe.seen(), [&](const Found& found) { return removals.visit(found); });
  if (!visited.ok()) return visited;
  if (auto closed = appender->close(); !closed.ok()) return closed;
  for (const uint64_t slot : probe.returned()) {
    const auto found = snapshot.at(slot);
    if (!found.ok()) return found.error();
    plan.silent.returned.push_back(found->key);
  }
  return hand_over(connection, model, plan);
}

}  // namespace penstock
