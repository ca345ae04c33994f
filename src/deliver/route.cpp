#include "deliver/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "connector/values.h"

namespace penstock {

using config::Mode;
using connector::FoundRecord;
using connector::MatchKind;
using connector::RowReading;

std::string value_text(const Row& row, connector::ValuePlace place, const connector::ValueRules& rules) {
  std::string text;
  const Values& values = (place.is_match ? row.chunk->match() : row.chunk->fields())[place.index];
  if (place.is_match && !row.old_match.empty())
    connector::append_old_value_text(text, values.type(), row.old_match[place.index], rules);
  else
    connector::append_value_text(text, values, row.index, rules);
  return text;
}

Result<Router> Router::make(const connector::Target& target, RouteRules rules) {
  Router router(target, std::move(rules));
  if (auto checked = router.check_mode(); !checked.ok()) return checked.error();
  if (auto checked = router.check_conditions(); !checked.ok()) return checked.error();
  if (auto checked = router.check_can_read(); !checked.ok()) return checked.error();
  router.choose_match_change();
  for (const auto& field : target.facts().fields) router.field_digests_.push_back(field_digest(field));
  return router;
}

bool Router::deletes_removed() const {
  if (rules_.mode == Mode::replace) return false;  // what is written anew has no place for it
  return rules_.mode == Mode::mirror || rules_.on_removed == config::OnRemoved::remove;
}

// A record is followed by its id. Where that cannot be, its match value is all there is of it: then it goes,
// if it is a member of a list, or if the sync removes records anyway, and another one takes its place.
void Router::choose_match_change() {
  const auto* update = target_->update();
  const auto* removal = target_->remove();
  const bool by_id = target_->facts().match_kind == MatchKind::id;
  follows_ = rules_.follow && update != nullptr && update->needs_record && !by_id;
  const bool writes_anew = (rules_.mode == Mode::upsert || rules_.mode == Mode::mirror) &&
                           target_->upsert() != nullptr && !target_->facts().match_fields.empty();
  const bool removes_by_match = removal != nullptr && (by_id || !removal->needs_record);
  replaces_ = rules_.follow && !follows_ && writes_anew && removes_by_match &&
              (target_->object().members || deletes_removed());
}

bool Router::leaves_old_records() const {
  const bool makes = rules_.mode == Mode::upsert || rules_.mode == Mode::mirror;
  return rules_.follow && makes && !follows_ && !replaces_ && !target_->facts().match_fields.empty();
}

std::vector<const connector::BoundOperation*> Router::writes() const {
  std::vector<const connector::BoundOperation*> all;
  const auto add = [&](std::initializer_list<const connector::BoundOperation*> operations) {
    for (const auto* operation : operations)
      if (operation != nullptr) all.push_back(operation);
  };
  switch (rules_.mode) {
    case Mode::insert:
      add({target_->create()});
      break;
    case Mode::append:
      add({target_->create() != nullptr ? target_->create() : target_->update()});
      break;
    case Mode::update:
      add({target_->update()});
      break;
    case Mode::upsert:
    case Mode::mirror:
      add({target_->upsert(), target_->create(), target_->update()});
      break;
    case Mode::replace:
      add({operation(Step::replace)});
      break;
    case Mode::remove:
      break;
  }
  return all;
}

// Of a row that left the model nothing is known but its match values.
Result<void> Router::check_references_of_removed() const {
  for (const auto& reference : target_->references()) {
    if (target_->remove()->takes.takes_by_name(reference.name) && !reference.value.is_match)
      return Error{
          ErrorKind::config,
          fmt::format("of a row that left the model '{}' is not known, and {} cannot delete {} without it",
                      reference.name, target_->connector().declaration().title, target_->facts().object),
          fmt::format("match on '{}' as well", reference.name)};
  }
  return success();
}

Result<void> Router::check_conditions() const {
  const bool partial = std::any_of(rules_.write.begin(), rules_.write.end(),
                                   [](WritePolicy write) { return write != WritePolicy::always; });
  const bool changes =
      rules_.mode == Mode::upsert || rules_.mode == Mode::mirror || rules_.mode == Mode::update;
  if (partial && changes && target_->writes_whole())
    return Error{
        ErrorKind::config,
        fmt::format("{} replaces whole records of {}: a field that is not written always would be lost",
                    target_->connector().declaration().title, target_->facts().object),
        "remove 'write', so that the field is always written"};
  return success();
}

Result<void> Router::check_mode() const {
  const auto needs = [&](const connector::BoundOperation* operation, std::string_view word,
                         const char* remedy =
                             "choose another mode, or match on another field") -> Result<void> {
    if (operation != nullptr) return success();
    return Error{ErrorKind::config,
                 fmt::format("{} cannot {} {} {}", target_->connector().declaration().title, word,
                             target_->facts().object,
                             target_->facts().match_fields.empty()
                                 ? "without a match"
                                 : fmt::format("that are matched on '{}'", target_->facts().match_field())),
                 remedy};
  };
  if (deletes_removed()) {
    const bool mirrors = rules_.mode == Mode::mirror;
    auto can = needs(target_->remove(), "delete",
                     mirrors ? "mode mirror deletes what left the model: use mode upsert"
                             : "say 'on_removed: ignore', or match on another field");
    if (!can.ok()) return can;
    if (auto known = check_references_of_removed(); !known.ok()) return known;
  }
  if (rules_.on_removed == config::OnRemoved::clear)
    if (auto can = needs(target_->update(), "clear", "say 'on_removed: ignore', or match on another field");
        !can.ok())
      return can;
  switch (rules_.mode) {
    case Mode::append:
      // To records that are found; without a match there is nothing to look for.
      if (target_->create() == nullptr && target_->find() != nullptr &&
          !target_->facts().match_fields.empty())
        return needs(target_->update(), "append to");
      return needs(target_->create(), "append");
    case Mode::insert:
      if (looks_up_before_insert() && target_->find() == nullptr) return needs(nullptr, "look up");
      return needs(target_->create(), "insert");
    case Mode::update:
      if (cannot_find_record(target_->update())) return needs(nullptr, "look up");
      return needs(target_->update(), "update");
    case Mode::remove:
      if (cannot_find_record(target_->remove())) return needs(nullptr, "look up");
      return needs(target_->remove(), "delete");
    case Mode::upsert:
    case Mode::mirror:
      if (rules_.mode == Mode::mirror && target_->remove() == nullptr) return needs(nullptr, "delete");
      if (target_->upsert() != nullptr) return success();
      if (target_->find() == nullptr || target_->update() == nullptr) return needs(nullptr, "upsert");
      return needs(target_->create(), "upsert");
    case Mode::replace:
      if (target_->replace() != nullptr) return success();
      return Error{ErrorKind::config,
                   fmt::format("{} cannot take all {} at once", target_->connector().declaration().title,
                               target_->facts().object),
                   "use mode mirror, which writes what changed and deletes what is gone"};
  }
  return success();
}

const connector::BoundOperation* Router::operation(Step step) const {
  switch (step) {
    case Step::find:
      return target_->find();
    case Step::read:
      return target_->read();
    case Step::create:
      return target_->create();
    case Step::update:
      return target_->update();
    case Step::upsert:
      return target_->upsert();
    case Step::remove:
      return target_->remove();
    case Step::replace:
      return rules_.mode == Mode::replace ? target_->replace() : nullptr;
    case Step::refer:
    case Step::refer_second: {
      const auto& references = target_->references();
      const size_t index = reference_of(step);
      return index < references.size() && references[index].find ? &*references[index].find : nullptr;
    }
  }
  return nullptr;
}

bool Router::repeatable(Step step) const {
  return operation(step)->operation->repeatable;
}

Next Router::start(Row& row) const {
  row.change = row.chunk->change(row.index);
  if (rules_.mode == Mode::replace) {
    choose_fields(row, true);
    return Step::replace;
  }
  row.record_id = row.chunk->record_id(row.index);
  const bool by_id = target_->facts().match_kind == MatchKind::id;
  // Of a key that left the model the record that was written last is meant, should a write in doubt have been
  // to another one than the last that is known to be accepted.
  if (by_id && (row.change != Change::removed || row.record_id.empty())) {
    row.record_id = match_text(row, target_->values());
    row.learned = row.change == Change::changed && row.record_id != row.chunk->record_id(row.index);
  }
  if (is_removal(row)) return start_removal(row);
  choose_fields(row, row.change == Change::added);
  switch (rules_.mode) {
    case Mode::append:
      // Where there is nothing to create, something is done to a record that is looked up: a message is sent
      // to the user with this address.
      return target_->create() == nullptr ? Next(Step::find) : create(row);
    case Mode::insert:
      return looks_up_before_insert() ? Next(Step::find) : create(row);
    case Mode::update:
      if (!row.record_id.empty() || !target_->update()->needs_record) return write_known(row);
      return Step::find;
    default:
      return row.change == Change::added ? write_new(row) : write_known(row);
  }
}

// Where nothing there refuses a second record with one match value.
bool Router::looks_up_before_insert() const {
  return target_->facts().match_kind == MatchKind::search && !target_->facts().match_fields.empty();
}

// It writes by a record's id, which nobody can tell.
bool Router::cannot_find_record(const connector::BoundOperation* operation) const {
  return operation != nullptr && operation->needs_record && target_->find() == nullptr &&
         target_->facts().match_kind != MatchKind::id;
}

Next Router::start_removal(Row& row) const {
  row.send.set();
  row.clear = removal_step() == Step::update;
  // A model that lists what is to go means the record that matches now, not the one that went before.
  const bool lists_another = rules_.mode == Mode::remove && !row.chunk->match_before(row.index).empty();
  if (lists_another && target_->facts().match_kind != MatchKind::id) row.record_id.clear();
  const connector::BoundOperation* removal = operation(removal_step());
  const std::span<const Values> match = row.chunk->match();
  const bool has_match =
      std::any_of(match.begin(), match.end(), [&](const Values& value) { return !value.is_null(row.index); });
  const bool by_match = removal != nullptr && !removal->needs_record && has_match;
  if (removal != nullptr && must_read(row) && (!row.record_id.empty() || has_match))
    if (const auto reading = reading_step(row)) return *reading;
  if (removal != nullptr && (!row.record_id.empty() || by_match)) return removal_step();
  if (removal == nullptr)
    return Settle{.outcome = Outcome::rejected,
                  .code = "NO_REMOVAL",
                  .message = "records of this kind cannot be removed there",
                  .foreign = false};
  if (!has_match || target_->find() == nullptr)
    return Settle{.outcome = Outcome::rejected,
                  .code = "NO_RECORD_ID",
                  .message = "the record to remove is not known",
                  .foreign = false};
  return Step::find;
}

// Whether the row's match value is another than its record has, which is to get it.
bool Router::follows(const Row& row) const {
  return follows_ && !row.chunk->match_before(row.index).empty();
}

// What the row was written to has its old match values, and nothing else by which it could be found.
Next Router::remove_old(Row& row) const {
  row.old_match = old_match_of(*row.chunk, row.index);
  if (row.old_match.empty())
    return Settle{.outcome = Outcome::rejected,
                  .code = "NO_OLD_MATCH",
                  .message = "the match value that it was written with is not known",
                  .foreign = false};
  row.replaces = true;
  row.record_id.clear();
  row.references.clear();
  if (target_->facts().match_kind == MatchKind::id) row.record_id = match_text(row, target_->values());
  return Step::remove;
}

// The row is not settled yet, and the destination no longer holds what was accepted before.
Next Router::old_is_removed(Row& row) const {
  row.replaces = false;
  row.old_is_gone = row.learned = true;
  row.effect_unknown = true;
  row.old_match.clear();
  row.record_id.clear();
  row.references.clear();
  if (target_->facts().match_kind == MatchKind::id) row.record_id = match_text(row, target_->values());
  choose_fields(row, true);
  return Step::upsert;
}

// The destination accepted this row before.
Next Router::write_known(Row& row) const {
  const std::string_view before = row.chunk->match_before(row.index);
  if (!before.empty() && replaces_) return remove_old(row);
  if (!before.empty() && !rules_.follow && target_->facts().match_kind != MatchKind::id) {
    // With another match value it is another record, as if the row were new.
    row.record_id.clear();
    if (rules_.mode == Mode::update) return Step::find;
    row.old_is_gone = row.learned = true;
    choose_fields(row, true);
    return write_new(row);
  }
  if (follows(row)) {
    row.write_match = true;
    const bool reads = must_read(row);
    if (reads && !row.record_id.empty() && target_->read() != nullptr) return Step::read;
    if (!row.record_id.empty() && (!reads || target_->find() == nullptr)) return Step::update;
    if (target_->find() != nullptr) {
      row.old_match = old_match_of(*row.chunk, row.index);
      return Step::find;
    }
  }
  if (must_read(row))
    if (const auto reading = reading_step(row)) return *reading;
  if (target_->upsert() != nullptr && rules_.mode != Mode::update) return Step::upsert;
  if (target_->update() != nullptr && (!row.record_id.empty() || !target_->update()->needs_record))
    return Step::update;
  return Step::find;
}

// The destination may or may not have a record for it.
Next Router::write_new(Row& row) const {
  if (target_->upsert() == nullptr) return Step::find;
  if (rules_.keeps_before || rules_.looks_only || rules_.skips_equal)
    if (const auto reading = reading_step(row)) return *reading;
  if (writes_conditionally(row) && target_->create() != nullptr) return create(row);
  const bool depends = has_policy(row, WritePolicy::if_empty) || has_policy(row, WritePolicy::if_unchanged);
  return depends && target_->find() != nullptr ? Step::find : Step::upsert;
}

// An upsert writes the same fields whether it creates or not; where that matters, creating is tried first.
bool Router::writes_conditionally(const Row& row) const {
  return has_policy(row, WritePolicy::on_create) || has_policy(row, WritePolicy::if_empty) ||
         has_policy(row, WritePolicy::if_unchanged);
}

// There is no record that we know of.
Next Router::write_anew(Row& row) const {
  choose_fields(row, true);
  if (target_->upsert() == nullptr) return row.was_found ? create(row) : Next(Step::find);
  // A record of somebody else's may have its match value: it is read before it is written.
  if (must_read(row) && !row.is_absent && can_be_found(row)) return Step::find;
  return writes_conditionally(row) && target_->create() != nullptr ? create(row) : Next(Step::upsert);
}

Next Router::create(Row& row) const {
  choose_fields(row, true);
  row.write_match = true;
  if (rules_.mode != Mode::append) note_absent(row);
  return Step::create;
}

Next Router::found(Row& row, const std::vector<FoundRecord>& records) const {
  row.was_found = true;
  // Of several the row's own is meant, where that is known.
  if (records.size() > 1 && !row.record_id.empty())
    for (const auto& record : records)
      if (record.record_id == row.record_id) return found(row, {record});
  if (records.size() > 1) {
    std::string ids;
    for (const auto& record : records) ids += (ids.empty() ? "" : ", ") + record.record_id;
    return Settle{.outcome = Outcome::rejected,
                  .code = "SEVERAL_MATCH",
                  .message = fmt::format("several records match: {}", ids),
                  .foreign = false};
  }
  if (records.empty()) {
    // The record that was followed is gone: the row is looked for as what it is now.
    if (!std::exchange(row.old_match, {}).empty()) {
      if (!row.record_id.empty()) return write_unread(row);
      row.old_is_gone = row.learned = row.is_elsewhere = true;
      row.write_match = false;
      // What has the new match values is somebody else's, and read like everything that is written.
      const bool upserts = target_->upsert() != nullptr && rules_.mode != Mode::update && !must_read(row);
      return upserts ? Step::upsert : Step::find;
    }
    row.is_absent = true;
    return missing(row, {});
  }
  // It is about to lose the match value by which it was found.
  const bool lasts = target_->find()->find->lasting;
  row.learned = row.learned || (lasts && !row.old_match.empty() && row.record_id != records[0].record_id);
  if (!row.record_id.empty() && row.record_id != records[0].record_id) row.is_elsewhere = true;
  row.record_id = records[0].record_id;
  row.old_match.clear();
  if (rules_.mode == Mode::insert)
    return Settle{
        .outcome = Outcome::skipped, .code = "EXISTS", .message = "the record exists", .foreign = true};
  if (!is_removal(row)) choose_fields(row, false);
  if (must_read(row)) {
    if (target_->find()->find->fields.empty() && target_->read() != nullptr) return Step::read;
    if (auto ended = weigh(row, records[0])) return *ended;
  }
  return is_removal(row) ? removal_step() : write_step(row);
}

Next Router::referred(Row& row, size_t reference, const std::vector<FoundRecord>& records) const {
  if (records.size() == 1) {
    row.references.push_back(records[0].record_id);
    return row.then;
  }
  // What named a record that is gone is gone as well.
  if (records.empty() && (is_removal(row) || row.replaces)) {
    RowReading gone;
    gone.verdict = connector::Verdict::missing;
    return after_reading(row.then, row, gone);
  }
  const connector::BoundReference& named = target_->references()[reference];
  const std::string value = target_->is_personal(named.value)
                                ? std::string(kMask)
                                : value_text(row, named.value, target_->values());
  const bool none = records.empty();
  return Settle{
      .outcome = Outcome::rejected,
      .code = none ? "NO_REFERENCE" : "SEVERAL_REFERENCES",
      .message = fmt::format("{} what '{}' names: {}", none ? "there is no record of" : "several records are",
                             named.name, value),
      .foreign = false};
}

// We know the record's id, but could not read what it holds: fields that depend on that are left alone.
Next Router::write_unread(Row& row) const {
  leave_unread(row);
  if (row.send.none() && !row.write_match) return Settle{};
  return Step::update;
}

void Router::leave_unread(Row& row) const {
  for (size_t i = 0; i < rules_.write.size(); ++i)
    if (rules_.write[i] == WritePolicy::if_empty || rules_.write[i] == WritePolicy::if_unchanged)
      row.send.reset(i);
}

// A record that had been there was deleted by somebody, and our upsert of a few fields made it anew, or went
// to another one that has its match value by now: it gets the rest as well.
Next Router::accepted(Row& row, bool created) const {
  if ((!created && !row.is_elsewhere) || row.change != Change::changed || row.went_missing ||
      row.record_id.empty() || row.clear || target_->update() == nullptr || is_removal(row))
    return Settle{};
  const connector::FieldMask sent = row.send;
  choose_fields(row, created);
  if (!created) leave_unread(row);
  if ((row.send & ~sent).none()) return Settle{};
  row.went_missing = true;
  // Should the rest not arrive, the record is neither what was accepted before nor what the row is now.
  row.effect_unknown = true;
  return Step::update;
}

Next Router::exists(Row& row, Step step, const RowReading& reading) const {
  if (rules_.mode == Mode::insert)
    return Settle{
        .outcome = Outcome::skipped, .code = "EXISTS", .message = "the record exists", .foreign = true};
  row.conflict_code = reading.code;
  row.conflict_message = reading.message;
  if (row.conflicted || rules_.mode == Mode::append) return refused(row, reading);
  if (step == Step::update && row.write_match && follows(row)) return Blocked{};
  return stop_following(row);
}

Next Router::stop_following(Row& row) const {
  row.conflicted = true;
  if (target_->find() == nullptr) return refused(row, {});
  return Step::find;
}

// A conflict is the reason, where there was one and nothing else is said.
Next Router::refused(const Row& row, const RowReading& reading) const {
  const bool silent = reading.code.empty() && reading.message.empty();
  return Settle{.outcome = Outcome::rejected,
                .code = silent ? row.conflict_code : reading.code,
                .message = silent ? row.conflict_message : reading.message,
                .foreign = false};
}

Next Router::missing(Row& row, const RowReading& reading) const {
  note_absent(row);
  if (rules_.spares_changed && row.change == Change::changed) return spared("somebody removed its record");
  if (rules_.looks_only) return looked();
  if (is_removal(row)) return Settle{};  // what is to be gone is gone
  // A record that disappears again and again is not chased.
  const bool is_over = row.conflicted || (!row.record_id.empty() && std::exchange(row.went_missing, true));
  const bool updates = rules_.mode == Mode::update;
  // Another one may have the match value by now.
  const bool may_find = !is_over && can_be_found(row);
  if (updates && (row.record_id.empty() || !may_find))
    return Settle{
        .outcome = Outcome::skipped, .code = "NO_RECORD", .message = "no record matches", .foreign = false};
  if (is_over) return refused(row, reading);
  if (!updates && target_->create() == nullptr && target_->upsert() == nullptr)
    return Settle{
        .outcome = Outcome::rejected, .code = "NO_RECORD", .message = "no record matches", .foreign = false};
  // A write of which nobody knows what became may have made another record, by the old match value.
  if (!row.record_id.empty() && follows(row) && target_->find() != nullptr &&
      !row.chunk->is_old_match_anothers(row.index)) {
    row.is_elsewhere = true;
    row.record_id.clear();
    row.old_match = old_match_of(*row.chunk, row.index);
    if (!row.old_match.empty()) return Step::find;
  }
  if (!row.record_id.empty()) row.old_is_gone = row.learned = row.is_elsewhere = true;
  row.record_id.clear();
  row.write_match = false;
  return updates ? Next(Step::find) : write_anew(row);
}

bool Router::can_be_found(const Row& row) const {
  return target_->find() != nullptr && !row.chunk->match().empty() &&
         target_->facts().match_kind != MatchKind::id;
}

Next Router::after(Step step, Row& row, const RowReading& reading) const {
  Next next = after_reading(step, row, reading);
  const auto* further = std::get_if<Step>(&next);
  if (further == nullptr) return next;
  // A look-up needs something to look for, and a step its operation: else what was said is the end of it.
  const bool blind = *further == Step::find && row.chunk->match().empty();
  return blind || operation(*further) == nullptr ? refused(row, reading) : next;
}

Next Router::after_reading(Step step, Row& row, const RowReading& reading) const {
  using connector::Verdict;
  // What is to be gone is gone, whether or not it was there.
  if (row.replaces && (reading.verdict == Verdict::accepted || reading.verdict == Verdict::missing))
    return old_is_removed(row);
  switch (reading.verdict) {
    case Verdict::accepted:
      if (!reading.record_id.empty()) {
        row.is_elsewhere =
            step == Step::upsert && !row.record_id.empty() && row.record_id != reading.record_id;
        row.record_id = reading.record_id;
      }
      row.created = row.created || step == Step::create || reading.created.value_or(false);
      if (step == Step::upsert && reading.created == false) note_came_between(row, reading);
      return accepted(row, reading.created.value_or(false) && step == Step::upsert);
    case Verdict::exists:
      return exists(row, step, reading);
    case Verdict::missing:
      // An upsert that knows no record cannot miss it; to repeat it would go on for ever.
      return step == Step::upsert && row.record_id.empty() ? refused(row, reading) : missing(row, reading);
    default:
      return Settle{
          .outcome = Outcome::rejected, .code = reading.code, .message = reading.message, .foreign = false};
  }
}

void Router::choose_fields(Row& row, bool creating) const {
  const std::string_view send = row.chunk->send(row.index);
  row.send.reset();
  for (size_t i = 0; i < rules_.write.size(); ++i) {
    if (i < send.size() && send[i] == '0' && !creating && !row.is_elsewhere) continue;
    if (rules_.write[i] == WritePolicy::on_create && !creating) continue;
    if (rules_.omit_null[i] && row.chunk->fields()[i].is_null(row.index)) continue;
    row.send.set(i);
  }
}

bool Router::has_policy(const Row& row, WritePolicy policy) const {
  for (size_t i = 0; i < rules_.write.size(); ++i)
    if (row.send[i] && rules_.write[i] == policy) return true;
  return false;
}

}  // namespace penstock
