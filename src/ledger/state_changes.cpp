#include "ledger/state_changes.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "plan/match_owners.h"

namespace penstock {
namespace {

// One row of the plan, and what became of it. Borrows from both.
struct SettledRow {
  KeyHash key;
  std::string_view change, key_text, record_before;
  std::vector<std::string> match;
  Fingerprint fingerprint = 0;
  std::vector<KeyHash> takes_over;  // keys that left the model, whose record is this row's if it was accepted
  std::vector<KeyHash> displaces;   // keys that it has, whose record may be this row's by now
  const RowOutcome* end = nullptr;
  const BeforeImage* image = nullptr;        // null: its record was not read
  const std::string* whereabouts = nullptr;  // the record, as was learned on the way; empty: not what it was
};

enum Column : size_t { kOrdinal, kChange, kKey, kHi, kLo, kFingerprint, kRecordBefore, kTakesOver, kMatch };

std::string_view text_or_empty(const duck::Vector& vector, size_t row) {
  return vector.valid(row) ? vector.text(row) : std::string_view();
}

// "hi lo hi lo ..."
std::vector<KeyHash> key_hashes_in(std::string_view text) {
  std::vector<uint64_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const auto read = std::from_chars(at, end, numbers.emplace_back());
    if (read.ec != std::errc()) return {};
    at = read.ptr < end ? read.ptr + 1 : end;
  }
  std::vector<KeyHash> keys;
  for (size_t i = 0; i + 1 < numbers.size(); i += 2) keys.push_back({numbers[i], numbers[i + 1]});
  return keys;
}

void read_row(std::span<const duck::Vector> columns, size_t row, SettledRow& r) {
  r.change = text_or_empty(columns[kChange], row);
  r.key_text = text_or_empty(columns[kKey], row);
  r.key = {columns[kHi].data<uint64_t>()[row], columns[kLo].data<uint64_t>()[row]};
  r.fingerprint = columns[kFingerprint].data<uint64_t>()[row];
  r.record_before = text_or_empty(columns[kRecordBefore], row);
  const std::string_view others = text_or_empty(columns[kTakesOver], row);
  const size_t bar = std::min(others.find('|'), others.size());
  r.takes_over = key_hashes_in(others.substr(0, bar));
  r.displaces = key_hashes_in(others.substr(std::min(bar + 2, others.size())));
  r.match.resize(columns.size() - kMatch);
  for (size_t i = kMatch; i < columns.size(); ++i) r.match[i - kMatch] = text_or_empty(columns[i], row);
}

// Which undo holds a row: what only that one put back is as it was when that one is taken back.
constexpr uint64_t kHeldBySeveral = 0;
uint64_t hold_of(std::string_view undo) {
  return std::max<uint64_t>(XXH3_64bits(undo.data(), undo.size()), 1);
}

// Match values that are to be their keys' from now on; noted where the hint does not say so already.
class Claims {
 public:
  Claims(const Snapshot& owners, ChangeSet& changes) : owners_(owners), changes_(changes) {}
  Result<void> add(std::span<const std::string> match, KeyHash key) {
    const auto hash = match_hash(match);
    if (!hash) return success();
    matches_.push_back(*hash);
    keys_.push_back(key);
    marks_.push_back(owner_mark(key));
    return matches_.size() < kAtOnce ? success() : settle();
  }
  // Of all that were added.
  Result<void> settle() {
    std::vector<Probe> probes(matches_.size());
    if (auto probed = owners_.probe(matches_, marks_, probes); !probed.ok()) return probed;
    for (size_t i = 0; i < probes.size(); ++i) {
      if (probes[i].standing == Standing::same) continue;
      if (auto put = changes_.put(matches_[i], owner_state(keys_[i])); !put.ok()) return put;
    }
    matches_.clear();
    keys_.clear();
    marks_.clear();
    return success();
  }

 private:
  static constexpr size_t kAtOnce = 2048;
  const Snapshot& owners_;
  ChangeSet& changes_;
  std::vector<KeyHash> matches_, keys_;
  std::vector<Fingerprint> marks_;
};

class StateChanges {
 public:
  StateChanges(StateUpdate update, const RunFacts& facts, Time now)
      : snapshot_(update.snapshot),
        facts_(facts),
        now_(now),
        changes_(update.changes),
        claims_(update.owners, update.owner_changes),
        written_(update.written),
        written_changes_(update.written_changes) {}

  // What became of other keys' records by this row. For all rows before any is taken: what became of such a
  // key itself comes on top of that.
  Result<void> take_others(const SettledRow& row) {
    const RowOutcome& end = *row.end;
    const bool wrote = end.outcome == Outcome::accepted || (end.outcome == Outcome::skipped && end.foreign);
    if (!wrote && !end.effect_unknown && end.outcome != Outcome::in_doubt) return success();
    for (const KeyHash key : row.takes_over)
      if (auto changed = wrote ? lose(key) : doubt(key); !changed.ok()) return changed;
    for (const KeyHash key : row.displaces) {
      const auto shared = may_share_record(row, key);
      if (!shared.ok()) return shared.error();
      if (!*shared) continue;
      if (auto changed = wrote ? lose(key) : doubt(key); !changed.ok()) return changed;
    }
    return success();
  }

  Result<void> take(const SettledRow& row) {
    if (facts_.is_undo) return take_undone(row);
    if (row.change == "removed") return take_removal(row);
    switch (row.end->outcome) {
      case Outcome::accepted:
        return take_accepted(row, row.end->foreign);
      case Outcome::skipped:
        // Found there by an insert: known from now on, but not ours. An update without a record waits for
        // one.
        return row.end->foreign ? take_accepted(row, true) : take_refused(row, Waiting::Kind::nothing_to_do);
      case Outcome::rejected:
        return take_refused(row, Waiting::Kind::row_rejected);
      case Outcome::in_doubt:
        return take_doubt(row);
      case Outcome::failed:
        return row.end->effect_unknown ? take_doubt(row) : success();
    }
    return success();
  }
  Result<void> finish() { return claims_.settle(); }

 private:
  // Nothing is left of what was accepted for the key: its record is another one's.
  Result<void> lose(KeyHash key) {
    const auto state = before(key);
    if (!state.ok()) return state.error();
    if (!lost_.contains(key)) lost_[key] = state->details ? state->details->record_id : "";
    return changes_.erase(key);
  }

  // Perhaps so.
  Result<void> doubt(KeyHash key) {
    if (!doubted_.insert(key).second || lost_.contains(key)) return success();
    const auto state = before(key);
    if (!state.ok()) return state.error();
    return state->accepted ? changes_.put(key, *state) : success();
  }

  Result<bool> may_share_record(const SettledRow& row, KeyHash key) const {
    const auto other = before(key);
    if (!other.ok()) return other.error();
    if (!other->accepted || !other->details) return false;
    const std::string_view mine = record_of(row), theirs = other->details->record_id;
    return mine.empty() || theirs.empty() || mine == theirs;
  }

  // What the destination has of the key, as far as its own row did not change that.
  Result<KeyState> before(KeyHash key) const {
    KeyState state;
    if (lost_.contains(key)) return state;
    const auto found = snapshot_.find(key);
    if (!found.ok()) return found.error();
    if (!*found) return state;
    auto details = snapshot_.details((*found)->slot);
    if (!details.ok()) return details.error();
    state.accepted = (*found)->accepted;
    state.gone = (*found)->gone;
    state.foreign = (*found)->foreign;
    state.details = *std::move(details);
    if (state.accepted && doubted_.contains(key)) state.accepted = kUnknownPayload;
    return state;
  }

  // The record that the row was last sent to.
  static std::string_view record_of(const SettledRow& row) {
    if (!row.end->record_id.empty()) return row.end->record_id;
    return row.whereabouts ? std::string_view(*row.whereabouts) : row.record_before;
  }

  // The same, unless it is another row's by now.
  std::string own_record_of(const SettledRow& row) const {
    const std::string_view record = record_of(row);
    const auto lost = lost_.find(row.key);
    const bool is_lost =
        lost != lost_.end() && lost->second == record && row.end->outcome != Outcome::accepted;
    return is_lost ? "" : std::string(record);
  }

  Details details_of(const SettledRow& row) const {
    Details details;
    details.key = row.key_text;
    details.record_id = own_record_of(row);
    details.match = row.match;
    return details;
  }

  Result<void> take_accepted(const SettledRow& row, bool foreign) {
    KeyState state{
        .accepted = row.fingerprint, .gone = false, .foreign = foreign, .details = details_of(row)};
    if (auto claimed = claims_.add(row.match, row.key); !claimed.ok()) return claimed;
    if (auto noted = note_written(row); !noted.ok()) return noted;
    return changes_.put(row.key, state);
  }

  // The destination holds what it held before, which is nothing that the model says: the row is held until it
  // changes, or a person releases it. What was left alone stays as it was.
  Result<void> take_undone(const SettledRow& row) {
    const RowOutcome& end = *row.end;
    const bool unknown =
        end.outcome == Outcome::in_doubt || (end.outcome == Outcome::failed && end.effect_unknown);
    if (end.outcome != Outcome::accepted && !unknown) return success();
    const bool removes = row.change == "removed";
    if (!removes && row.image != nullptr && !has_fate(*row.image, FieldFate::other)) return success();
    auto known = before(row.key);
    if (!known.ok()) return known.error();
    KeyState& state = *known;
    if (has_another_record(row, state)) return success();
    const auto held = state.details ? state.details->waiting : std::nullopt;
    const bool was_held = held && held->kind == Waiting::Kind::held;
    const bool takes_back = was_held && held->cause == hold_of(facts_.undoes);
    Fingerprint payload = row.fingerprint;
    if (was_held)
      payload = held->fingerprint;
    else if (state.accepted && *state.accepted != kUnknownPayload)
      payload = *state.accepted;
    if (!state.details) state.details = details_of(row);
    if (!end.record_id.empty()) state.details->record_id = end.record_id;
    state.details->key = row.key_text;
    state.details->waiting.reset();
    // An undo that is taken back itself leaves what had been accepted; if it was the only one.
    const bool restores =
        takes_back && !unknown && !removes && row.image != nullptr && !has_fate(*row.image, FieldFate::kept);
    if (restores) {
      state.accepted = payload;
      return changes_.put(row.key, state);
    }
    state.accepted = removes && !unknown ? std::nullopt : std::optional(kUnknownPayload);
    if (removes && !unknown) state.details->record_id.clear();
    state.details->waiting = Waiting{.fingerprint = payload,
                                     .kind = Waiting::Kind::held,
                                     .attempts = 0,
                                     .since = now_,
                                     .next_try = now_,
                                     .cause = was_held ? kHeldBySeveral : hold_of(facts_.run),
                                     .code = "UNDONE",
                                     .message = "a run that wrote it was undone"};
    return changes_.put(row.key, state);
  }

  // Whether the key stands for another record by now than the one that was put back.
  static bool has_another_record(const SettledRow& row, const KeyState& state) {
    const std::string_view own = row.end->record_id.empty() ? row.record_before : row.end->record_id;
    return state.details && !state.details->record_id.empty() && !own.empty() &&
           state.details->record_id != own;
  }

  static bool has_fate(const BeforeImage& image, FieldFate fate) {
    return image.fates.find(static_cast<char>(fate)) != image.fates.npos;
  }

  // What was left to somebody else stays as we wrote it last; in another record we wrote nothing yet.
  Result<void> note_written(const SettledRow& row) {
    const std::string& record = row.end->record_id;
    const std::string before = written_.record_of(row.key);
    const bool moved = !record.empty() && !before.empty() && record != before;
    if (!moved && (row.image == nullptr || row.image->digests.empty())) return success();
    if (row.image == nullptr) return written_changes_->erase(row.key);
    WrittenDigests digests = moved ? WrittenDigests() : written_.of(row.key);
    for (const auto& [field, digest] : row.image->digests) {
      digests.erase(field);
      digests.emplace(field, digest);
    }
    return written_changes_->put(row.key, written_state(digests, record.empty() ? before : record));
  }

  // What may have been written is ours, should it stand there.
  Result<void> note_perhaps_written(const SettledRow& row) {
    if (row.image == nullptr || row.image->digests.empty()) return success();
    WrittenDigests digests = written_.of(row.key);
    for (const auto& one : row.image->digests) {
      const auto [first, end] = digests.equal_range(one.first);
      if (std::none_of(first, end, [&](const auto& other) { return other.second == one.second; }))
        digests.insert(one);
    }
    const std::string before = written_.record_of(row.key);
    return written_changes_->put(row.key,
                                 written_state(digests, before == row.image->record_id ? before : ""));
  }

  // A row that is to take a record over speaks for it, even while it is refused.
  Result<void> claim_inheritance(const SettledRow& row) {
    return row.takes_over.empty() ? success() : claims_.add(row.match, row.key);
  }

  // What the destination holds stays what it was, unless an attempt may have changed it.
  Result<void> take_refused(const SettledRow& row, Waiting::Kind kind) {
    if (auto claimed = claim_inheritance(row); !claimed.ok()) return claimed;
    auto known = before(row.key);
    if (!known.ok()) return known.error();
    KeyState& state = *known;
    const auto waited = state.details ? state.details->waiting : std::nullopt;
    if (row.end->effect_unknown)
      state.accepted = kUnknownPayload;
    else if (row.whereabouts && row.whereabouts->empty() && row.end->record_id.empty())
      state.accepted.reset();  // it has left its record, and got no other
    if (!state.details) state.details = details_of(row);
    note_whereabouts(row, *state.details);
    state.details->key = row.key_text;
    const bool again = waited && waited->fingerprint == row.fingerprint && waited->kind == kind;
    Waiting waiting;
    waiting.fingerprint = row.fingerprint;
    waiting.kind = kind;
    waiting.attempts = again ? waited->attempts + 1 : 1;
    waiting.since = again ? waited->since : now_;
    waiting.next_try = now_ + waiting_time(waiting.attempts);
    waiting.cause = facts_.cause;
    waiting.code = row.end->code;
    waiting.message = row.end->message;
    state.details->waiting = std::move(waiting);
    return changes_.put(row.key, state);
  }

  // Of a record that is not there any more nothing is kept: only what has the new match values can be there.
  void note_whereabouts(const SettledRow& row, Details& details) const {
    if (!row.whereabouts) return;
    if (row.whereabouts->empty()) details.match = row.match;
    details.record_id = own_record_of(row);
  }

  Result<void> take_doubt(const SettledRow& row) {
    if (facts_.hold_doubt) return take_refused(row, Waiting::Kind::in_doubt);
    if (auto claimed = claim_inheritance(row); !claimed.ok()) return claimed;
    auto known = before(row.key);
    if (!known.ok()) return known.error();
    if (auto noted = note_perhaps_written(row); !noted.ok()) return noted;
    KeyState& state = *known;
    // A record that was there, and that we have perhaps never written to, is not ours to remove.
    if (!state.accepted && row.image != nullptr && row.image->existed) state.foreign = true;
    state.accepted = kUnknownPayload;
    if (!state.details) state.details = details_of(row);
    note_whereabouts(row, *state.details);
    state.details->key = row.key_text;
    state.details->waiting.reset();
    return changes_.put(row.key, state);
  }

  Result<void> take_removal(const SettledRow& row) {
    switch (row.end->outcome) {
      case Outcome::accepted:
      case Outcome::skipped:
        if (written_changes_ != nullptr)
          if (auto erased = written_changes_->erase(row.key); !erased.ok()) return erased;
        return changes_.erase(row.key);
      case Outcome::rejected:
        return take_refused(row, Waiting::Kind::removal_rejected);
      case Outcome::in_doubt:
        return take_removal_in_doubt(row);
      case Outcome::failed:
        return row.end->effect_unknown ? take_removal_in_doubt(row) : success();
    }
    return success();
  }

  // Removed again by the next plan, which is harmless; but a row that comes back before that must be written,
  // whatever was accepted last: its record may be gone.
  Result<void> take_removal_in_doubt(const SettledRow& row) {
    auto known = before(row.key);
    if (!known.ok()) return known.error();
    KeyState& state = *known;
    state.accepted = kUnknownPayload;
    if (state.details) state.details->waiting.reset();
    return changes_.put(row.key, state);
  }

  const Snapshot& snapshot_;
  const RunFacts& facts_;
  Time now_;
  ChangeSet& changes_;
  Claims claims_;
  const LastWritten& written_;
  ChangeSet* written_changes_;
  // By what became of other rows. Keys with the records that they had, and keys that perhaps have theirs.
  std::map<KeyHash, std::string> lost_;
  std::set<KeyHash> doubted_;
};

// A query of the plan's rows.
Result<std::string> rows_sql(duck::Connection& connection, const std::string& plan) {
  const auto matches = match_columns(connection, plan);
  if (!matches.ok()) return matches.error();
  std::string match_list;
  for (const auto& name : *matches) match_list += fmt::format(", penstock_text({})", duck::quote_name(name));
  return fmt::format(
      "SELECT CAST(file_row_number AS UBIGINT), \"change\", key, key_hi, key_lo, fingerprint, "
      "record_id, takes_over{} FROM read_parquet({}, file_row_number = true)",
      match_list, duck::quote_text(plan));
}

// Visits those that have an outcome.
Result<void> for_each_settled(duck::Connection& connection, const std::string& sql,
                              const LoadedJournal& journal,
                              const std::function<Result<void>(const SettledRow&)>& visit) {
  auto rows = connection.query(sql);
  if (!rows.ok()) return rows.error();
  Outcomes::Cursor outcomes(journal.outcomes);
  Images::Cursor images(journal.images);
  SettledRow settled;
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return success();
    const std::vector<duck::Vector> columns = (*chunk)->vectors();
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      const uint64_t ordinal = columns[kOrdinal].data<uint64_t>()[row];
      settled.end = outcomes.find(ordinal);
      if (settled.end == nullptr) continue;
      const auto learned = journal.whereabouts.find(ordinal);
      settled.image = images.find(ordinal);
      settled.whereabouts = learned == journal.whereabouts.end() ? nullptr : &learned->second;
      read_row(columns, row, settled);
      if (auto visited = visit(settled); !visited.ok()) return visited;
    }
  }
}

std::string joined_array(const std::vector<std::string>& descriptions) {
  return fmt::format("[{}]", fmt::join(descriptions, ","));
}

std::vector<std::string> descriptions_in(std::string_view mappings) {
  std::vector<std::string> all;
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(mappings.data(), mappings.size()).get_array().get(array) != simdjson::SUCCESS) return all;
  for (const auto one : array) all.push_back(simdjson::minify(one));
  return all;
}

// Every row that differed was sent and accepted, and none waits.
bool is_complete(const Plan& plan, const OutcomeCounts& outcomes) {
  const PlanCounts& counts = plan.counts;
  return !plan.one_key && outcomes.accepted == counts.to_send &&
         counts.to_send >= counts.added + counts.changed && counts.waiting == 0 && counts.invalid == 0;
}

}  // namespace

Result<std::vector<std::string>> match_columns(duck::Connection& connection, const std::string& plan) {
  auto columns = connection.describe(fmt::format("SELECT * FROM read_parquet({})", duck::quote_text(plan)));
  if (!columns.ok()) return columns.error();
  std::vector<std::string> names;
  for (const auto& column : *columns)
    if (column.name.starts_with("match.")) names.push_back(column.name);
  return names;
}

Result<void> put_outcomes(duck::Connection& connection, const std::string& plan, const LoadedJournal& journal,
                          Time now, StateUpdate update) {
  StateChanges states(update, journal.settled.facts, now);
  const auto sql = rows_sql(connection, plan);
  if (!sql.ok()) return sql.error();
  auto taken = for_each_settled(connection, *sql + " WHERE takes_over IS NOT NULL", journal,
                                [&](const SettledRow& row) { return states.take_others(row); });
  if (!taken.ok()) return taken;
  taken =
      for_each_settled(connection, *sql, journal, [&](const SettledRow& row) { return states.take(row); });
  return taken.ok() ? states.finish() : taken;
}

Result<void> put_silent_changes(const Plan& plan, const Snapshot& snapshot, ChangeSet& changes) {
  const SilentChanges& silent = plan.silent;
  for (const KeyHash key : silent.forget)
    if (auto erased = changes.erase(key); !erased.ok()) return erased;
  const auto set_gone = [&](const std::vector<KeyHash>& keys, bool gone) -> Result<void> {
    for (const KeyHash key : keys) {
      const auto found = snapshot.find(key);
      if (!found.ok()) return found.error();
      if (!*found) continue;
      auto details = snapshot.details((*found)->slot);
      if (!details.ok()) return details.error();
      // A changed mapping may have moved it, too.
      const Fingerprint moved = plan.migration ? plan.migration->migrated((*found)->slot) : 0;
      const KeyState state{.accepted = moved != 0 ? moved : (*found)->accepted,
                           .gone = gone,
                           .foreign = (*found)->foreign,
                           .details = *std::move(details)};
      if (auto put = changes.put(key, state); !put.ok()) return put;
    }
    return success();
  };
  if (auto done = set_gone(silent.gone, true); !done.ok()) return done;
  return set_gone(silent.returned, false);
}

ManifestUpdate manifest_update(const Snapshot& snapshot, const Settled& settled, const SettleExtras& extras) {
  ManifestUpdate update;
  update.last_run = settled.facts.run;
  std::vector<std::string> mappings{settled.facts.mapping};
  const bool migrated = extras.plan != nullptr && extras.plan->migration != nullptr;
  // Rows that kept an older mapping's fingerprint need that mapping once more.
  const bool all_moved = extras.plan != nullptr && settled.end && is_complete(*extras.plan, settled.outcomes);
  if (!all_moved)
    for (auto& older : descriptions_in(snapshot.manifest().mappings))
      if (older != mappings[0] && mappings.size() < 4) mappings.push_back(std::move(older));
  update.mappings = joined_array(mappings);
  if (migrated) {
    const RowProbe& probe = *extras.plan->migration;
    update.refingerprint = [&probe](uint64_t slot, Fingerprint accepted) {
      const Fingerprint now = probe.migrated(slot);
      return now != 0 ? now : accepted;
    };
  }
  return update;
}

}  // namespace penstock
