// Of the Router: what is read of records before they are written, and what follows from it.
#include <fmt/format.h>

#include <algorithm>

#include "connector/same_value.h"
#include "connector/values.h"
#include "deliver/route.h"

namespace penstock {

using config::Mode;
using connector::FoundRecord;
using connector::FoundValue;

namespace {

bool is_conditional(WritePolicy policy) {
  return policy == WritePolicy::if_empty || policy == WritePolicy::if_unchanged;
}

}  // namespace

Settle looked() {
  return {.outcome = Outcome::skipped, .code = std::string(kLooked), .message = "", .foreign = false};
}

Settle spared(std::string why) {
  return {.outcome = Outcome::skipped,
          .code = std::string(kChanged),
          .message = std::move(why),
          .foreign = false};
}

bool Router::can_read() const {
  const auto* find = target_->find();
  return target_->read() != nullptr || (find != nullptr && !find->operation->find->fields.empty());
}

// A look-up that tells no fields cannot say what a record holds.
Result<void> Router::check_can_read() const {
  if (can_read() || rules_.mode == Mode::insert || rules_.mode == Mode::append) return success();
  std::string wanted;
  if (rules_.keeps_before) wanted = "before: keep";
  if (rules_.skips_equal) wanted = "skip_equal: true";
  for (const auto policy : rules_.write)
    if (is_conditional(policy)) wanted = fmt::format("write: {}", name_of(policy));
  if (wanted.empty() && !rules_.looks_only) return success();
  return Error{ErrorKind::config,
               fmt::format("{} cannot tell what a record of {} holds{}",
                           target_->connector().declaration().title, target_->facts().object,
                           wanted.empty() ? "" : fmt::format(", so that `{}` cannot be kept", wanted)),
               wanted.starts_with("write") ? "write the field always, or on_create"
               : wanted.empty()            ? "its connector has no `read`"
                                           : fmt::format("leave out `{}`", wanted)};
}

// Whether the row's way depends on what its record holds.
bool Router::must_read(const Row& row) const {
  if (rules_.keeps_before || rules_.looks_only || rules_.skips_equal) return true;
  if (is_removal(row) && !row.clear) return rules_.spares_changed;
  if (is_removal(row)) return has_policy(row, WritePolicy::if_unchanged);
  return has_policy(row, WritePolicy::if_empty) || has_policy(row, WritePolicy::if_unchanged);
}

// By its id, which is exact, or else by what it is matched on.
std::optional<Step> Router::reading_step(const Row& row) const {
  if (target_->read() != nullptr && !row.record_id.empty()) return Step::read;
  if (target_->find() == nullptr || row.chunk->match().empty()) return std::nullopt;
  return Step::find;
}

Next Router::read(Row& row, const std::vector<FoundRecord>& records) const {
  if (records.empty()) return missing(row, {});
  if (!is_removal(row)) choose_fields(row, false);
  if (auto ended = weigh(row, records[0])) return *ended;
  return is_removal(row) ? removal_step() : write_step(row);
}

// How a record that is there is written.
Step Router::write_step(const Row& row) const {
  const auto* update = target_->update();
  const bool updates = update != nullptr && (!update->needs_record || !row.record_id.empty());
  return updates || target_->upsert() == nullptr ? Step::update : Step::upsert;
}

std::string Router::own_text(const Row& row, size_t field) const {
  std::string text;
  if (!row.clear)
    connector::append_value_text(text, row.chunk->fields()[field], row.index, target_->values());
  return text;
}

ValueType Router::compared_type(const Row& row, size_t field) const {
  return field < rules_.types.size() ? rules_.types[field] : row.chunk->fields()[field].type();
}

FieldFate Router::weigh_field(const Row& row, size_t field, const FoundValue& theirs,
                              const std::string& ours) const {
  const WritePolicy policy = rules_.write[field];
  if (rules_.finds_drift && policy == WritePolicy::if_unchanged) return weigh_drift(row, field, theirs);
  const ValueType type = compared_type(row, field);
  const auto& rules = target_->values();
  const auto form = [&](std::string_view text) { return connector::comparable(text, type, rules); };
  const bool is_json = row.chunk->fields()[field].type().type == PayloadType::json;
  if (form(theirs.text) == form(ours) || (is_json && theirs.json == ours)) return FieldFate::equal;
  if (!is_conditional(policy)) return FieldFate::other;
  // A value that others emptied is nobody's any more; but an undo puts nothing in its place.
  if (theirs.text.empty() && !rules_.spares_changed) return FieldFate::other;
  // Removing clears what is there, but for what is somebody else's.
  if (is_removal(row) && policy != WritePolicy::if_unchanged) return FieldFate::other;
  if (policy == WritePolicy::if_empty) return FieldFate::kept;
  if (rules_.last_written == nullptr) return FieldFate::kept;
  const auto ours_still = rules_.last_written->is_last(row.chunk->key_hash(row.index), field_digests_[field],
                                                       connector::value_digest(theirs.text, type, rules));
  return ours_still.value_or(false) ? FieldFate::other : FieldFate::kept;
}

// The model may say something else by now: what was left to others was never written.
FieldFate Router::weigh_drift(const Row& row, size_t field, const FoundValue& theirs) const {
  if (rules_.last_written == nullptr) return FieldFate::unsent;
  const ValueType type = compared_type(row, field);
  const auto ours_still =
      rules_.last_written->is_last(row.chunk->key_hash(row.index), field_digests_[field],
                                   connector::value_digest(theirs.text, type, target_->values()));
  if (!ours_still) return FieldFate::unsent;
  return *ours_still ? FieldFate::equal : FieldFate::kept;
}

// What is written, or stands there already, is ours from now on.
void Router::note_digest(Row& row, size_t field, const std::string& ours) const {
  if (rules_.write[field] != WritePolicy::if_unchanged) return;
  const ValueType type = compared_type(row, field);
  row.image->digests.emplace_back(field_digests_[field],
                                  connector::value_digest(ours, type, target_->values()));
}

// Of a record that is there. An end, where nothing is to be written.
std::optional<Next> Router::weigh(Row& row, const FoundRecord& record) const {
  row.image = std::make_shared<BeforeImage>();
  row.image_noted = false;
  BeforeImage& image = *row.image;
  image.row = row.ordinal();
  image.existed = true;
  image.record_id = record.record_id;
  bool all_equal = true;
  const bool deletes = is_removal(row) && removal_step() == Step::remove;
  for (size_t i = 0; i < rules_.write.size(); ++i) {
    static const FoundValue kNothing;
    const FoundValue& theirs = i < record.fields.size() ? record.fields[i] : kNothing;
    image.values.push_back(theirs.json);
    FieldFate fate = FieldFate::unsent;
    if (row.send[i] && !deletes) {
      const std::string ours = own_text(row, i);
      fate = weigh_field(row, i, theirs, ours);
      // What an undo need not put back is not touched.
      if (fate == FieldFate::kept || (rules_.spares_changed && fate == FieldFate::equal)) row.send.reset(i);
      if (fate != FieldFate::kept) note_digest(row, i, ours);
      all_equal = all_equal && fate == FieldFate::equal;
    }
    image.fates += static_cast<char>(fate);
  }
  if (is_removal(row) && rules_.spares_changed && !holds_what_we_wrote(row, record))
    return spared("somebody changed it since");
  if (rules_.spares_changed && row.change == Change::added && !all_equal) {
    std::fill(image.fates.begin(), image.fates.end(), static_cast<char>(FieldFate::unsent));
    return spared("somebody made it again");
  }
  if (rules_.looks_only) return looked();
  if (deletes || row.write_match) return std::nullopt;
  if (row.send.none()) return Settle{};  // every field is somebody else's by now
  if (rules_.skips_equal && all_equal)
    return Settle{.outcome = Outcome::accepted, .code = std::string(kEqual), .message = "", .foreign = false};
  return std::nullopt;
}

bool Router::holds_what_we_wrote(const Row& row, const FoundRecord& record) const {
  if (rules_.last_written == nullptr) return false;
  for (size_t i = 0; i < rules_.write.size(); ++i) {
    const uint64_t theirs =
        connector::value_digest(record.fields[i].text, compared_type(row, i), target_->values());
    // A field that we did not write had no value when we made the record.
    if (!rules_.last_written->is_last(row.chunk->key_hash(row.index), field_digests_[i], theirs)
             .value_or(theirs == 0))
      return false;
  }
  return true;
}

// There is no record: all that is written is ours.
void Router::note_absent(Row& row) const {
  const bool depends = std::any_of(rules_.write.begin(), rules_.write.end(), is_conditional);
  if (!rules_.keeps_before && !rules_.looks_only && !depends) return;
  row.image = std::make_shared<BeforeImage>();
  row.image_noted = false;
  row.image->row = row.ordinal();
  for (size_t i = 0; i < rules_.write.size(); ++i) {
    const bool left_out = rules_.omit_null[i] && row.chunk->fields()[i].is_null(row.index);
    const bool travels = !is_removal(row) && !left_out;
    row.image->fates += static_cast<char>(travels ? FieldFate::other : FieldFate::unsent);
    if (travels) note_digest(row, i, own_text(row, i));
  }
}

// We found no record, and our upsert says that it made none: somebody's came in between. What it held is not
// known; that we did not make it is.
void Router::note_came_between(Row& row, const connector::RowReading& reading) const {
  if (row.image == nullptr || row.image->existed) return;
  auto image = std::make_shared<BeforeImage>(*row.image);
  image->existed = true;
  image->record_id = reading.record_id;
  image->fates.assign(image->fates.size(), static_cast<char>(FieldFate::unsent));
  row.image = std::move(image);
  row.image_noted = false;
}

}  // namespace penstock
