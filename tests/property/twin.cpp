#include "property/twin.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace penstock::property {
namespace {

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool still_waits(const TwinKey& key, const Payload& payload, const PlanQuestion& question) {
  if (!key.wait || question.retry_waiting || question.everything) return false;
  const TwinWait& wait = *key.wait;
  if (wait.kind == Waiting::Kind::in_doubt || wait.kind == Waiting::Kind::held) return true;
  if (wait.kind == Waiting::Kind::removal_rejected) return false;
  return wait.payload == payload && wait.cause == question.cause && question.now < wait.next_try;
}

bool removal_waits(const TwinKey& key, const PlanQuestion& question) {
  if (!key.wait || question.retry_waiting) return false;
  const TwinWait& wait = *key.wait;
  if (wait.kind == Waiting::Kind::in_doubt || wait.kind == Waiting::Kind::held) return true;
  return wait.kind == Waiting::Kind::removal_rejected && wait.cause == question.cause &&
         question.now < wait.next_try;
}

// What must travel to a destination that holds `held`: '1' for every field whose value is not there yet.
std::string missing_fields(const MappingSpec& mapping, const Payload& wanted, const Payload& held) {
  std::string send;
  for (const auto& field : mapping.fields) {
    const auto value = wanted.find(payload_name(field));
    const auto there = held.find(payload_name(field));
    const auto surely = held.find(field.name);
    const bool filled =
        field.write == WritePolicy::if_empty && surely != held.end() && surely->second != "NULL";
    const bool needed =
        value != wanted.end() && !filled && (there == held.end() || there->second != value->second);
    send += needed ? '1' : '0';
  }
  return send;
}

struct Verdict {
  enum class Class { unchanged, added, data, mapping, doubt, full, waiting } what = Class::unchanged;
  std::string send;
};

Verdict judge(const TwinKey* key, const ModelRow& row, const PlanQuestion& question) {
  using Class = Verdict::Class;
  if (key == nullptr) return {Class::added, ""};
  const Payload wanted = payload_of(question.mapping, row);
  const bool is_held = key->holds(wanted) || (question.keys_only && key->is_accepted && !key->unknown);
  if (is_held && !question.everything) return {Class::unchanged, ""};
  if (still_waits(*key, wanted, question)) return {Class::waiting, ""};
  if (is_held) return {Class::full, ""};
  if (!key->is_accepted) return {Class::added, ""};
  if (key->unknown) return {Class::doubt, ""};
  if (question.everything) return {Class::data, ""};
  // The row is what it was if an older mapping still gives what was accepted.
  const auto gives = [&](const MappingSpec& older) {
    return (question.has_score || !older.needs_score()) && payload_of(older, row) == key->accepted;
  };
  if (std::none_of(question.remembered.begin(), question.remembered.end(), gives)) return {Class::data, ""};
  if (wanted.at(kMatchName) != key->accepted->at(kMatchName)) return {Class::data, ""};
  const std::string send = missing_fields(question.mapping, wanted, *key->accepted);
  return send.find('1') == send.npos ? Verdict{Class::unchanged, ""} : Verdict{Class::mapping, send};
}

// Keys as the plan file writes them.
std::string written(const std::set<std::string>& keys) {
  std::set<KeyHash> hashes;
  for (const std::string_view key : keys) hashes.insert(hash_key({&key, 1}));
  std::string out;
  for (const auto& hash : hashes) out += fmt::format("{}{} {}", out.empty() ? "" : " ", hash.hi, hash.lo);
  return out;
}

std::string written(const TwinRow& row) {
  std::string out = written(row.heir_of);
  if (row.displaces.empty()) return out;
  return out + (out.empty() ? "| " : " | ") + written(row.displaces);
}

// Builds one plan.
class Planning {
 public:
  Planning(const PlanQuestion& question, const std::map<std::string, TwinKey>& keys,
           const std::map<std::string, std::string>& owners)
      : question_(question), keys_(keys), owners_(owners) {}

  TwinPlan plan() {
    std::map<std::string, std::vector<const ModelRow*>> by_key;
    for (const auto& row : question_.model) {
      if (question_.only && row.id != question_.only) continue;
      ++plan_.counts.rows;
      if (row.id)
        by_key[std::to_string(*row.id)].push_back(&row);
      else
        refuse("NULL", 1);
    }
    for (const auto& [key, rows] : by_key) {
      rows_of_[key] = rows.size();
      take_key(key, rows);
    }
    refuse_equal_matches();
    refuse_taken_matches();
    for (const auto& [key, row] : plan_.rows) count(row);
    for (const auto& [key, known] : keys_) {
      const bool wanted = !question_.only || key == std::to_string(*question_.only);
      if (wanted && !by_key.contains(key)) leave(key, known);
    }
    put_passed_on_last();
    mark_kept_matches();
    for (auto& [key, row] : plan_.rows) row.takes_over = written(row);
    return std::move(plan_);
  }

 private:
  void take_key(const std::string& key, const std::vector<const ModelRow*>& rows) {
    const auto known = keys_.find(key);
    const TwinKey* twin = known == keys_.end() ? nullptr : &known->second;
    const ModelRow& row = *rows[0];
    const bool lost = twin != nullptr && twin->gone && is_passed_on(key, *twin);
    const Verdict verdict =
        lost && !question_.keys_only ? Verdict{Verdict::Class::doubt, ""} : judge(twin, row, question_);
    const bool goes = verdict.what != Verdict::Class::unchanged && verdict.what != Verdict::Class::waiting;
    if (twin != nullptr && twin->gone && verdict.what == Verdict::Class::unchanged)
      plan_.returned.insert(key);
    if (goes) {
      const Text match = shown_value(question_.mapping.match, row);
      matches_of_staged_[match] += 1;
      const bool was_written = twin != nullptr && verdict.what != Verdict::Class::added;
      const bool has_moved = was_written && twin->match && twin->match != match;
      const bool anew = has_moved ? is_anothers(key, *twin) : lost;
      staged_[key] = {match,
                      verdict.what == Verdict::Class::added,
                      has_moved && !anew,
                      anew,
                      verdict.what == Verdict::Class::doubt && twin->record_id.empty(),
                      verdict.what == Verdict::Class::doubt};
    }
    if (rows.size() > 1) {
      refuse(key, rows.size());
      if (verdict.what == Verdict::Class::unchanged) plan_.unchanged.insert(key);
    } else if (!goes) {
      const bool waits = verdict.what == Verdict::Class::waiting;
      ++(waits ? plan_.counts.waiting : plan_.counts.unchanged);
      if (!waits) plan_.unchanged.insert(key);
    } else if (!row.email || holds_bad_value(row)) {
      refuse(key, 1);
    } else {
      plan_.rows.emplace(key, planned(key, twin, row, verdict));
    }
  }

  void refuse(const std::string& key, uint64_t rows) {
    plan_.counts.invalid += rows;
    plan_.invalid.insert(key);
  }

  bool holds_bad_value(const ModelRow& row) const {
    return std::any_of(
        question_.mapping.fields.begin(), question_.mapping.fields.end(),
        [&](const auto& field) { return lowered(shown_value(field.expression, row).value_or("")) == "bad"; });
  }

  TwinRow planned(const std::string& key, const TwinKey* twin, const ModelRow& row,
                  const Verdict& verdict) const {
    using Class = Verdict::Class;
    TwinRow out;
    out.key = key;
    out.change = verdict.what == Class::added ? "added" : "changed";
    out.why = verdict.what == Class::added     ? "new"
              : verdict.what == Class::data    ? "data"
              : verdict.what == Class::mapping ? "mapping"
              : verdict.what == Class::doubt   ? "in doubt"
                                               : "full";
    out.send = verdict.send;
    out.match = shown_value(question_.mapping.match, row);
    for (const auto& field : question_.mapping.fields)
      out.fields.push_back(shown_value(field.expression, row));
    out.payload = payload_of(question_.mapping, row);
    if (twin == nullptr || staged_.at(key).anew) return out;
    out.record_id = twin->record_id;
    if (staged_.at(key).moves) out.match_before = *twin->match;
    // Nobody knows whether the write in doubt gave its record another match value.
    const bool rewrites = verdict.what == Class::doubt && question_.follows && !question_.forget_removed;
    if (!staged_.at(key).moves && rewrites && !out.record_id.empty())
      out.match_before = out.match.value_or("");
    return out;
  }

  void refuse_equal_matches() {
    std::erase_if(plan_.rows, [&](const auto& entry) {
      if (matches_of_staged_.at(entry.second.match) == 1) return false;
      refuse(entry.first, 1);
      return true;
    });
  }

  // The key of the model that the match value was last written for, if it still has it.
  const TwinKey* other_owner(const std::string& key, const Text& match, std::string& owner,
                             bool anywhere = false) const {
    const TwinKey* last = last_owner(key, match, owner, anywhere);
    return last != nullptr && last->match == match ? last : nullptr;
  }

  // The same, whatever it has now.
  const TwinKey* last_owner(const std::string& key, const Text& match, std::string& owner,
                            bool anywhere) const {
    const auto known = match ? owners_.find(lowered(*match)) : owners_.end();
    if (known == owners_.end() || known->second == key) return nullptr;
    if (!anywhere && !rows_of_.contains(known->second)) return nullptr;
    const auto other = keys_.find(known->second);
    owner = known->second;
    return other == keys_.end() ? nullptr : &other->second;
  }

  // Whether its match value was last written for another key.
  bool is_passed_on(const std::string& key, const TwinKey& known) const {
    const auto owner = known.match ? owners_.find(lowered(*known.match)) : owners_.end();
    return owner != owners_.end() && owner->second != key;
  }

  // Rows to be looked for whose match value another row's record has, and loses in this run.
  void put_passed_on_last() {
    if (!question_.follows) return;
    for (auto& [key, row] : plan_.rows) {
      const auto own = staged_.find(key);
      if (row.change == "removed" || own == staged_.end()) continue;
      const bool in_doubt = row.why == "in doubt", unwritten = in_doubt && row.record_id.empty();
      if (!own->second.added && !own->second.anew && !unwritten) continue;
      for (const auto& [other, staged] : staged_)
        if (other != key && staged.moves &&
            lowered(*keys_.at(other).match) == lowered(row.match.value_or(""))) {
          row.why = kPassedOn;
          if (in_doubt && !question_.forget_removed) row.match_before.clear();
        }
    }
  }

  // Old match values that another row has by now.
  void mark_kept_matches() {
    if (!question_.follows || question_.forget_removed) return;
    for (auto& [key, row] : plan_.rows) {
      const auto own = staged_.find(key);
      if (row.change == "removed" || own == staged_.end() || !own->second.moves || row.match_before.empty())
        continue;
      const Text& old = keys_.at(key).match;
      std::string name;
      const TwinKey* owner = last_owner(key, old, name, question_.only.has_value());
      bool is_kept = owner != nullptr && owner->match && lowered(*owner->match) == lowered(*old);
      for (const auto& [other, staged] : staged_)
        if (other != key && plan_.rows.contains(other) && plan_.rows.at(other).change != "removed" &&
            lowered(staged.match.value_or("")) == lowered(*old))
          is_kept = true;
      if (is_kept) row.match_before.insert(0, 1, kIsAnothers);
    }
  }

  // Whether another key was written to its record since: the record is that key's now.
  bool is_anothers(const std::string& key, const TwinKey& known) const {
    std::string name;
    const TwinKey* owner = other_owner(key, known.match, name, true);
    if (owner == nullptr || !owner->is_accepted || owner->foreign) return false;
    return known.record_id.empty() || owner->record_id.empty() || known.record_id == owner->record_id;
  }

  // A row must not take the record of one that has nothing to send.
  void refuse_taken_matches() {
    if (question_.only || question_.keys_only) return;
    std::set<std::string> owners;
    for (const auto& [key, staged] : staged_) {
      std::string name;
      const TwinKey* owner = other_owner(key, staged.match, name, true);
      const bool is_new = staged.added || staged.moves || staged.anew;
      if ((!is_new && !staged.doubted) || owner == nullptr || !owner->is_accepted || owner->foreign) continue;
      const bool left = !rows_of_.contains(name);
      if (left && (question_.on_removed != OnRemoved::ignore || question_.forget_removed)) continue;
      if (left || staged_.contains(name)) {
        if (const auto row = plan_.rows.find(key); row != plan_.rows.end())
          row->second.displaces.insert(name);
        continue;
      }
      if (!is_new) continue;
      if (plan_.rows.erase(key) > 0) refuse(key, 1);
      if (!owner->wait && rows_of_.at(name) == 1) owners.insert(name);
    }
    for (const auto& owner : owners) {
      --plan_.counts.unchanged;
      refuse(owner, 1);
    }
  }

  void count(const TwinRow& row) {
    PlanCounts& counts = plan_.counts;
    if (row.change == "added") {
      ++counts.added;
      return;
    }
    ++counts.changed;
    if (row.why == "mapping") ++counts.remapped;
    if (row.why == "in doubt") ++counts.unknown;
    if (row.why == "full") ++counts.forced;
  }

  // A key that the model has no longer.
  void leave(const std::string& key, const TwinKey& known) {
    if (!known.is_accepted || known.foreign) {
      plan_.forget.insert(key);
      return;
    }
    const bool removes = question_.on_removed != OnRemoved::ignore;
    if (!removes && known.gone) return;
    if (!removes && question_.forget_removed) {
      plan_.forget.insert(key);
      return;
    }
    if (!removes) {
      plan_.gone.insert(key);
      ++plan_.counts.removed;
    } else if (const TwinKey* owner = sharer(key, known); owner != nullptr) {
      const bool is_there = owner->is_accepted && (!owner->unknown || !owner->record_id.empty());
      if (is_there && !question_.only) plan_.forget.insert(key);
      ++plan_.counts.handed_over;
    } else if (hand_over(key, known)) {
      ++plan_.counts.handed_over;
    } else if (removal_waits(known, question_)) {
      ++plan_.counts.waiting_removals;
    } else {
      remove(key, known);
    }
  }

  // Another key of the model that stands for the same record.
  const TwinKey* sharer(const std::string& key, const TwinKey& known) const {
    std::string name;
    const TwinKey* owner = last_owner(key, known.match, name, question_.only.has_value());
    if (owner == nullptr) return nullptr;
    const bool ids_tell = !known.record_id.empty() && !owner->record_id.empty();
    const bool same_match = owner->match && lowered(*owner->match) == lowered(*known.match);
    return (ids_tell ? known.record_id == owner->record_id : same_match) ? owner : nullptr;
  }

  // Rows that will write to its record; if they cannot now, it is kept for them.
  bool hand_over(const std::string& key, const TwinKey& known) {
    bool handed = false;
    for (const auto& [heir, staged] : staged_) {
      const bool follows =
          question_.follows && question_.on_removed == OnRemoved::remove && staged.moves && !staged.unwritten;
      if (follows || !known.match || !staged.match || lowered(*known.match) != lowered(*staged.match))
        continue;
      handed = true;
      if (const auto row = plan_.rows.find(heir); row != plan_.rows.end()) row->second.heir_of.insert(key);
    }
    return handed;
  }

  void remove(const std::string& key, const TwinKey& known) {
    ++plan_.counts.removed;
    TwinRow row;
    row.change = "removed";
    row.why = "left the model";
    row.key = key;
    row.record_id = known.record_id;
    row.match = known.match;
    row.fields.assign(question_.mapping.fields.size(), std::nullopt);
    if (!known.unknown) row.payload = known.accepted;
    plan_.rows.emplace(key, std::move(row));
  }

  const PlanQuestion& question_;
  const std::map<std::string, TwinKey>& keys_;
  const std::map<std::string, std::string>& owners_;
  TwinPlan plan_;
  std::map<Text, int> matches_of_staged_;
  struct Staged {
    Text match;
    bool added;
    bool moves;      // it was written with another match value, and has its record still
    bool anew;       // it was, and the record is another key's by now
    bool unwritten;  // it was perhaps never written: no record of its own is known
    bool doubted;    // what the destination has of it is not known
  };
  std::map<std::string, Staged> staged_;  // rows that would go, invalid ones among them
  std::map<std::string, size_t> rows_of_;
};

// From 5 minutes, doubling, up to a day.
Duration wait_after(uint32_t attempts) {
  Duration wait = 5min;
  for (uint32_t i = 1; i < attempts && wait < Duration(24h); ++i) wait *= 2;
  return std::min<Duration>(wait, 24h);
}

}  // namespace

std::string TwinRow::show() const {
  std::string out = fmt::format("{} {} ({})", change, key, why);
  if (!send.empty()) out += " send " + send;
  if (!record_id.empty()) out += " record " + record_id;
  if (!match_before.empty()) out += " was " + match_before;
  if (!takes_over.empty()) out += " takes over " + takes_over;
  out += " match " + match.value_or("NULL") + " fields";
  for (const auto& field : fields) out += " " + field.value_or("NULL");
  return out;
}

TwinPlan Twin::plan(const PlanQuestion& question) const {
  return Planning(question, keys_, owners_).plan();
}

void Twin::wait(TwinKey& key, Waiting::Kind kind, const TwinOutcome& settled, uint64_t cause, Time now) {
  const bool again = key.wait && key.wait->kind == kind && key.wait->payload == settled.row.payload;
  TwinWait wait;
  wait.kind = kind;
  wait.payload = settled.row.payload;
  wait.attempts = again ? key.wait->attempts + 1 : 1;
  wait.since = again ? key.wait->since : now;
  wait.next_try = now + wait_after(wait.attempts);
  wait.cause = cause;
  wait.code = settled.outcome.code;
  wait.message = settled.outcome.message;
  key.wait = std::move(wait);
}

void Twin::claim(const TwinRow& row) {
  if (row.match) owners_[lowered(*row.match)] = row.key;
}

// A record that was written for another row holds no longer, or perhaps no longer, what its own had there.
std::set<std::string> Twin::take_others(const TwinOutcome& settled) {
  const RowOutcome& outcome = settled.outcome;
  const TwinRow& row = settled.row;
  const bool wrote =
      outcome.outcome == Outcome::accepted || (outcome.outcome == Outcome::skipped && outcome.foreign);
  if (!wrote && !outcome.effect_unknown && outcome.outcome != Outcome::in_doubt) return {};
  const std::string& record = !outcome.record_id.empty() ? outcome.record_id : row.record_id;
  std::set<std::string> others = row.heir_of;
  for (const auto& key : row.displaces) {
    const auto known = keys_.find(key);
    const bool differ = known != keys_.end() && !record.empty() && !known->second.record_id.empty() &&
                        record != known->second.record_id;
    if (!differ) others.insert(key);
  }
  std::set<std::string> doubted;
  for (const auto& key : others) {
    const auto known = keys_.find(key);
    if (known == keys_.end() || !known->second.is_accepted) continue;
    if (wrote) {
      lost_[key] = known->second.record_id;
      keys_.erase(known);
    } else {
      known->second.unknown = true;
      known->second.accepted.reset();
      doubted.insert(key);
    }
  }
  return doubted;
}

void Twin::take(const PlanQuestion& question, const TwinOutcome& settled, bool hold_doubt, Time now) {
  const RowOutcome& outcome = settled.outcome;
  const TwinRow& row = settled.row;
  const bool is_removal = row.change == "removed";
  const bool in_doubt =
      outcome.outcome == Outcome::in_doubt || (outcome.outcome == Outcome::failed && outcome.effect_unknown);
  if (outcome.outcome == Outcome::failed && !in_doubt) return;
  const bool skipped = outcome.outcome == Outcome::skipped;
  const bool accepted = outcome.outcome == Outcome::accepted || (skipped && outcome.foreign);
  if (is_removal && (accepted || skipped)) {
    keys_.erase(row.key);
    return;
  }
  if (accepted || !row.heir_of.empty()) claim(row);
  const bool is_new = !keys_.contains(row.key);
  TwinKey& key = keys_[row.key];
  if (is_new || accepted) {
    key.record_id = !outcome.record_id.empty() ? outcome.record_id : row.record_id;
    const auto lost = lost_.find(row.key);
    if (lost != lost_.end() && lost->second == key.record_id && outcome.outcome != Outcome::accepted)
      key.record_id.clear();
    key.match = row.match;
  }
  if (accepted) {
    key.is_accepted = true;
    key.unknown = key.gone = false;
    key.foreign = outcome.foreign;
    key.accepted = row.payload;
    key.mapping = question.mapping;
    key.wait.reset();
    return;
  }
  if (outcome.effect_unknown || (in_doubt && (is_removal || !hold_doubt))) {
    key.is_accepted = key.unknown = true;
    key.accepted.reset();
  }
  if (in_doubt && (is_removal || !hold_doubt)) {
    key.wait.reset();
  } else {
    const auto kind = is_removal ? Waiting::Kind::removal_rejected
                      : skipped  ? Waiting::Kind::nothing_to_do
                      : in_doubt ? Waiting::Kind::in_doubt
                                 : Waiting::Kind::row_rejected;
    wait(key, kind, settled, question.cause, now);
  }
}

void Twin::settle(const PlanQuestion& question, const TwinPlan& plan,
                  const std::vector<TwinOutcome>& outcomes, bool hold_doubt, bool silent, Time now) {
  const auto before = keys_;
  if (silent) {
    for (const auto& key : plan.forget) keys_.erase(key);
    for (const auto& key : plan.gone) keys_.at(key).gone = true;
    for (const auto& key : plan.returned)
      if (const auto known = keys_.find(key); known != keys_.end()) known->second.gone = false;
  }
  lost_.clear();
  for (const auto& outcome : outcomes)
    for (const auto& key : take_others(outcome)) keys_.at(key).gone = before.at(key).gone;  // noticed again
  for (const auto& outcome : outcomes) take(question, outcome, hold_doubt, now);
  if (!silent) return;
  // Unchanged rows are known under the new mapping from now on.
  std::set<std::string> seen;
  for (const auto& row : question.model) {
    const std::string key = row.id ? std::to_string(*row.id) : "";
    const auto known = keys_.find(key);
    const bool is_first = seen.insert(key).second;  // of several with one key
    if (!is_first || !plan.unchanged.contains(key) || known == keys_.end() || question.keys_only) continue;
    known->second.accepted = payload_of(question.mapping, row);
    known->second.mapping = question.mapping;
  }
}

}  // namespace penstock::property
