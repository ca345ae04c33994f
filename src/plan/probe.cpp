#include "plan/probe.h"

#include <vector>

#include "plan/match_owners.h"

namespace penstock {

// What one call needs; kept for the thread so that no call allocates.
struct RowProbe::Scratch {
  std::vector<KeyHash> keys;
  std::vector<uint64_t> sums;  // become fingerprints in place
  std::vector<Probe> probes;
  std::vector<size_t> new_rows;
  std::vector<KeyHash> new_keys;
  std::vector<uint8_t> is_new;

  void resize(size_t rows) {
    keys.resize(rows);
    sums.assign(rows, 0);
    probes.resize(rows);
    new_rows.clear();
    new_keys.clear();
  }
};

RowProbe::RowProbe(const Snapshot& snapshot, const MappedModel& model, ProbeOptions options)
    : snapshot_(snapshot), options_(options), arguments_(Arguments::of(model)), seen_(snapshot.marks()) {
  if (!model.older.empty()) migrated_ = std::make_unique<Fingerprint[]>(snapshot.slot_count());
}

Result<void> RowProbe::operator()(std::span<const duck::Vector> arguments, size_t rows,
                                  duckdb_vector result) {
  thread_local Scratch scratch;
  scratch.resize(rows);
  hash(arguments, rows, scratch);
  if (auto probed = snapshot_.probe(scratch.keys, scratch.sums, scratch.probes); !probed.ok()) return probed;
  return classify(arguments, rows, scratch, static_cast<uint8_t*>(duckdb_vector_get_data(result)));
}

void RowProbe::hash(std::span<const duck::Vector> arguments, size_t rows, Scratch& scratch) const {
  hash_keys(arguments_.key_values(arguments), rows, scratch.keys.data());
  arguments_.current.add_to(scratch.sums.data(), arguments, rows);
  for (uint64_t& sum : scratch.sums) sum = finish_fingerprint(sum);
}

Result<void> RowProbe::classify(std::span<const duck::Vector> arguments, size_t rows, Scratch& scratch,
                                uint8_t* classes) {
  constexpr size_t kAhead = 16;
  uint64_t unchanged = 0, skipped = 0;
  for (size_t row = 0; row < rows; ++row) {
    if (row + kAhead < rows && scratch.probes[row + kAhead].standing != Standing::absent)
      seen_.prefetch(scratch.probes[row + kAhead].slot);
    RowClass row_class = RowClass::dropped;
    const Probe& probe = scratch.probes[row];
    const bool wanted = !options_.only || scratch.keys[row] == *options_.only;
    if (!wanted) {
      ++skipped;
    } else if (scratch.keys[row].hi == 0) {
      row_class = sample(RowClass::null_key, counts_.null_key);
    } else if (probe.standing == Standing::absent) {
      scratch.new_rows.push_back(row);
      scratch.new_keys.push_back(scratch.keys[row]);
    } else if (seen_.mark(probe.slot)) {
      note_duplicate(scratch.keys[row]);
      row_class = sample(RowClass::duplicate_key, counts_.duplicate_key);
    } else if (probe.standing == Standing::same && !options_.everything) {
      ++unchanged;
    } else {
      auto known = classify_known(scratch.keys[row], arguments, row, scratch.sums[row], probe.slot);
      if (!known.ok()) return known.error();
      row_class = *known;
    }
    classes[row] = static_cast<uint8_t>(row_class);
  }
  counts_.rows += rows - skipped;
  counts_.unchanged += unchanged;

  scratch.is_new.resize(scratch.new_keys.size());
  new_keys_.insert(scratch.new_keys, scratch.is_new);
  for (size_t i = 0; i < scratch.new_keys.size(); ++i) {
    if (!scratch.is_new[i]) note_duplicate(scratch.new_keys[i]);
    classes[scratch.new_rows[i]] =
        static_cast<uint8_t>(scratch.is_new[i] ? counted(RowClass::added)
                                               : sample(RowClass::duplicate_key, counts_.duplicate_key));
  }
  return success();
}

Result<void> RowProbe::mark_seen(const std::vector<KeyHash>& keys) {
  for (const KeyHash key : keys) {
    const auto found = snapshot_.find(key);
    if (!found.ok()) return found.error();
    if (*found) seen_.mark((*found)->slot);
  }
  return success();
}

// The key has a state, and the payload is not simply the accepted one.
Result<RowClass> RowProbe::classify_known(KeyHash key, std::span<const duck::Vector> arguments, size_t row,
                                          Fingerprint fingerprint, uint64_t slot) {
  const auto found = snapshot_.at(slot);
  if (!found.ok()) return found.error();
  if (found->gone) {
    const auto lost = is_anothers_by_now(key, *found);
    if (!lost.ok()) return lost.error();
    if (*lost) return counted(RowClass::unknown);
  }
  const bool is_accepted = found->accepted && (*found->accepted == fingerprint || options_.keys_only) &&
                           *found->accepted != kUnknownPayload;
  if (is_accepted && !options_.everything) {
    note_returned(*found);
    return keep();
  }
  auto waiting = still_waiting(*found, fingerprint);
  if (!waiting.ok()) return waiting.error();
  if (*waiting) return sample(RowClass::waiting, counts_.waiting);
  if (is_accepted) return counted(RowClass::forced);
  if (!found->accepted) return counted(RowClass::added);
  if (*found->accepted == kUnknownPayload) return counted(RowClass::unknown);
  const MappingArguments* older = older_that_gave(*found->accepted, arguments, row);
  if (options_.everything || older == nullptr || !same_match(*older, arguments, row))
    return counted(RowClass::changed);
  const auto changed = changed_fields(key, arguments, row);
  if (!changed.ok()) return changed.error();
  if (changed->find('1') != changed->npos) return counted(RowClass::remapped);
  migrated_[slot] = fingerprint;
  any_migrated_ = true;
  note_returned(*found);
  return keep();
}

void RowProbe::note_returned(const Found& found) {
  if (!found.gone) return;
  const std::lock_guard lock(mutex_);
  returned_.push_back(found.slot);
}

// Of a key that had left the model: its record may have been written for another one meanwhile.
Result<bool> RowProbe::is_anothers_by_now(KeyHash key, const Found& found) const {
  if (options_.owners == nullptr || options_.keys_only) return false;
  const auto details = snapshot_.details(found.slot);
  if (!details.ok()) return details.error();
  return is_passed_on(*options_.owners, key, details->match);
}

RowClass RowProbe::keep() {
  ++counts_.unchanged;
  return RowClass::dropped;
}

Result<bool> RowProbe::still_waiting(const Found& found, Fingerprint fingerprint) const {
  if (!found.waiting || options_.retry_waiting || options_.everything) return false;
  const auto details = snapshot_.details(found.slot);
  if (!details.ok()) return details.error();
  const Waiting& waiting = *details->waiting;
  // A person must settle these, whatever the row is now.
  if (waiting.kind == Waiting::Kind::in_doubt) return true;
  if (waiting.kind == Waiting::Kind::held) return waiting.fingerprint == fingerprint;
  if (waiting.kind == Waiting::Kind::removal_rejected) return false;
  return waiting.fingerprint == fingerprint && waiting.cause == options_.cause &&
         options_.now < waiting.next_try;
}

const MappingArguments* RowProbe::older_that_gave(Fingerprint accepted,
                                                  std::span<const duck::Vector> arguments, size_t row) const {
  for (const auto& older : arguments_.older)
    if (finish_fingerprint(older.sum(arguments, row)) == accepted) return &older;
  return nullptr;
}

// Whether the record is found by the same values under both mappings; a row that means another record now is
// no longer what was accepted, however little else has changed.
bool RowProbe::same_match(const MappingArguments& older, std::span<const duck::Vector> arguments,
                          size_t row) const {
  const auto& current = arguments_.current.match;
  if (older.match.size() != current.size()) return false;
  const auto contribution = [&](const MappingArguments::One& one) {
    return one.hash.contribution(Values(arguments[one.index], one.type), row);
  };
  for (size_t i = 0; i < current.size(); ++i)
    if (contribution(older.match[i]) != contribution(current[i])) return false;
  return true;
}

Result<std::string> RowProbe::changed_fields(KeyHash key, std::span<const duck::Vector> arguments,
                                             size_t row) const {
  std::string changed(arguments_.current.fields.size(), '1');
  const auto found = snapshot_.find(key);
  if (!found.ok()) return found.error();
  if (!*found || !(*found)->accepted) return changed;
  const MappingArguments* older = older_that_gave(*(*found)->accepted, arguments, row);
  if (older == nullptr) return changed;
  const auto contribution = [&](const MappingArguments& mapping, size_t i) {
    const auto& field = mapping.fields[i];
    return mapping.fingerprinted[i] ? field.hash.contribution(Values(arguments[field.index], field.type), row)
                                    : 0;
  };
  for (size_t i = 0; i < changed.size(); ++i) {
    const auto& field = arguments_.current.fields[i];
    uint64_t before = 0;
    bool is_filled = false;  // it is known that something was written there
    for (size_t k = 0; k < older->names.size(); ++k) {
      if (older->names[k] != arguments_.current.names[i]) continue;
      before = contribution(*older, k);
      const auto& old = older->fields[k];
      is_filled =
          older->fingerprinted[k] && !old.conditional && !Values(arguments[old.index], old.type).is_null(row);
    }
    const bool left_out = field.omits_null && Values(arguments[field.index], field.type).is_null(row);
    // What is written on creation only has no part in what was accepted, and is not sent to a known record; a
    // NULL that is left out is not sent to anyone.
    if (!arguments_.current.fingerprinted[i] || left_out || (field.if_empty && is_filled) ||
        contribution(arguments_.current, i) == before)
      changed[i] = '0';
  }
  return changed;
}

void RowProbe::note_duplicate(KeyHash key) {
  const std::lock_guard lock(mutex_);
  ++duplicates_[key];
}

RowClass RowProbe::sample(RowClass row_class, std::atomic<uint64_t>& count) {
  return count++ < kSamplesMax ? row_class : RowClass::dropped;
}

RowClass RowProbe::counted(RowClass row_class) {
  switch (row_class) {
    case RowClass::added:
      ++counts_.added;
      break;
    case RowClass::changed:
      ++counts_.changed;
      break;
    case RowClass::remapped:
      ++counts_.remapped;
      break;
    case RowClass::unknown:
      ++counts_.unknown;
      break;
    case RowClass::forced:
      ++counts_.forced;
      break;
    default:
      die("a class that is not sent");
  }
  return row_class;
}

ProbeCounts RowProbe::counts() const {
  return {counts_.rows,    counts_.unchanged, counts_.added,   counts_.changed,  counts_.remapped,
          counts_.unknown, counts_.forced,    counts_.waiting, counts_.null_key, counts_.duplicate_key};
}

}  // namespace penstock
