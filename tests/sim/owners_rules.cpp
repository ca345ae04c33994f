// What the twin holds against the engine.
#include <fmt/format.h>

#include <algorithm>

#include "sim/owners_twin.h"
#include "sim/warehouse.h"

namespace penstock::sim {

void OwnersTwin::check_update(const SentInput& input, const Record& before) {
  const auto key = input.fields.find(kOwnedKey);
  const bool clears = sync_.clears_removed() && key != input.fields.end() && key->second.empty();
  for (const auto& [field, value] : input.fields) {
    const OwnedField* mapped = sync_.field(field);
    if (mapped == nullptr && field == sync_.match_field) continue;
    if (mapped == nullptr)
      problem(fmt::format("{} writes '{}' of {}, which is not mapped", name(), field, before.id));
    else if (heard().is_undo)
      check_undo_field(before, field, value);
    else if (!clears || mapped->write == "if_unchanged")
      check_own_field(before, field, value);
  }
}

// A field of a record that is there, by the policy that the sync has for it.
void OwnersTwin::check_own_field(const Record& before, const std::string& field, const std::string& value) {
  const std::string& policy = sync_.field(field)->write;
  if (policy == "always" || heard().made.contains(before.id)) return;
  const Sight* sight = seen(before.id);
  const std::string match = sync_.match_kind == "id" ? before.id : before.field(sync_.match_field);
  const bool was_absent = (sight != nullptr && !sight->exists) || heard().absent.contains(lowered(match));
  if (sight == nullptr || !sight->exists) {
    // It came between our looking for it and our writing.
    if (was_absent || before.field(field).empty()) return void(++lost_in_window_);
    return problem(
        fmt::format("{} writes '{}' ({}) of {} without having read it", name(), field, policy, before.id));
  }
  const std::string theirs = sight->field(field);
  if (policy == "on_create")
    problem(fmt::format("{} writes '{}' of {}, which is for new records", name(), field, before.id));
  if (theirs.empty() || theirs == value) return;
  if (policy == "if_empty")
    problem(fmt::format("{} writes '{}' to '{}' of {}, where it had read '{}'", name(), value, field,
                        before.id, theirs));
  if (policy == "if_unchanged" && !was_ever_ours(before.id, field, theirs))
    problem(fmt::format("{} writes '{}' to '{}' of {}, where it had read '{}' of somebody else's", name(),
                        value, field, before.id, theirs));
}

void OwnersTwin::check_undo_field(const Record& before, const std::string& field, const std::string& value) {
  if (heard().made.contains(before.id)) return;
  const Sight* sight = seen(before.id);
  if (sight == nullptr || !sight->exists)
    return problem(fmt::format("{} writes '{}' of {} without having read it", name(), field, before.id));
  const auto found = undone().overwrites.find({before.id, field});
  if (found == undone().overwrites.end()) {
    // Nobody knows whether a run that died wrote what a later one of ours wrote.
    const bool is_doubtful = undone().died && was_sent(before.id, field, sight->field(field));
    if (sight->field(field) != value && !is_doubtful)
      problem(fmt::format("{} writes '{}' to '{}' of {}, which it had not overwritten", name(), value, field,
                          before.id));
    return;
  }
  const Overwritten& run = found->second;
  if (sight->field(field) != run.sent && sight->field(field) != value)
    problem(fmt::format("{} writes '{}' to '{}' of {}: the run had written '{}', and somebody '{}' since",
                        name(), value, field, before.id, run.sent, sight->field(field)));
  if (value != run.seen)
    problem(fmt::format("{} writes '{}' to '{}' of {}, which was '{}' before the run", name(), value, field,
                        before.id, run.seen));
}

bool OwnersTwin::was_sent(const std::string& record, const std::string& field,
                          const std::string& value) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const HeardRun& run) {
    const auto found = run.overwrites.find({record, field});
    return found != run.overwrites.end() && found->second.sent == value;
  });
}

void OwnersTwin::check_undo_creation(const SentInput& input, const std::string& match) {
  for (const auto& [id, removed] : undone().removed) {
    if (lowered(removed.match) != lowered(match)) continue;
    for (const auto& field : sync_.fields) {
      const auto sent = input.fields.find(field.name);
      const std::string value = sent == input.fields.end() ? "" : sent->second;
      if (value != removed.seen.field(field.name))
        problem(fmt::format("{} makes the record of '{}' again with '{}' = '{}', it was '{}'", name(), match,
                            field.name, value, removed.seen.field(field.name)));
    }
    return;
  }
  problem(fmt::format("{} makes a record for '{}', which the run had not removed", name(), match));
}

bool OwnersTwin::is_unchanged(const MadeRecord& made, const Sight& seen) const {
  return std::all_of(sync_.fields.begin(), sync_.fields.end(), [&](const OwnedField& field) {
    const auto ours = made.fields.find(field.name);
    return seen.field(field.name) == (ours == made.fields.end() ? "" : ours->second);
  });
}

void OwnersTwin::check_undo_removal(const Record& before) {
  const auto made = undone().made.find(before.id);
  if (!heard().with_created) problem(fmt::format("{} deletes {}, which nobody asked for", name(), before.id));
  if (made == undone().made.end())
    return problem(fmt::format("{} deletes {}, which that run had not made", name(), before.id));
  const Sight* sight = seen(before.id);
  if (sight == nullptr || !sight->exists)
    return problem(fmt::format("{} deletes {} without having read it", name(), before.id));
  if (!is_unchanged(made->second, *sight))
    return problem(fmt::format("{} deletes {}, which was changed since", name(), before.id));
  if (sight_of(before) != *sight) ++lost_in_window_;
}

// ---- After an undo that came to its end

void OwnersTwin::check_undone() {
  const Records records = live();
  check_put_back(records);
  check_made_again(records);
  if (heard().with_created) check_removed_again(records);
}

void OwnersTwin::check_put_back(const Records& records) {
  for (const auto& [place, run] : undone().overwrites) {
    const auto& [record, field] = place;
    if (run.seen == run.sent || !records.contains(record)) continue;
    const Sight* sight = seen(record);
    if (sight == nullptr) {
      problem(fmt::format("{} did not look at {}", name(), record));
      continue;
    }
    if (!sight->exists || sight->field(field) != run.sent) continue;
    const auto done = heard().overwrites.find(place);
    if (done == heard().overwrites.end() || done->second.sent != run.seen)
      problem(fmt::format("{} left '{}' of {} as the run had written it ('{}'), it was '{}'", name(), field,
                          record, run.sent, run.seen));
  }
}

void OwnersTwin::check_made_again(const Records& records) {
  if (sync_.match_kind == "id") return;  // there it cannot be
  for (const auto& [record, removed] : undone().removed) {
    const bool is_there = std::any_of(records.begin(), records.end(), [&](const auto& each) {
      return has_match(each.second, removed.match);
    });
    if (!is_there && heard().absent.contains(lowered(removed.match)))
      problem(fmt::format("{} did not make {} ('{}') again", name(), record, removed.match));
  }
}

void OwnersTwin::check_removed_again(const Records& records) {
  for (const auto& [record, made] : undone().made) {
    if (!made.told || !records.contains(record)) continue;
    const Sight* sight = seen(record);
    if (sight == nullptr)
      problem(fmt::format("{} did not look at {}, which the run had made", name(), record));
    else if (sight->exists && is_unchanged(made, *sight))
      problem(fmt::format("{} left {}, which the run had made, and nobody had changed", name(), record));
  }
}

}  // namespace penstock::sim
