// Which way a row takes through the operations of its target. Pure decisions: no I/O, no clock.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/project.h"
#include "deliver/row.h"
#include "ledger/last_written.h"
#include "ledger/outcome.h"

namespace penstock {

// What a sync asks for, as far as it decides the way of a row.
struct RouteRules {
  config::Mode mode = config::Mode::upsert;
  bool follow = true;                                        // a changed match value: the record is followed
  config::OnRemoved on_removed = config::OnRemoved::ignore;  // of removed rows; mirror deletes them anyway
  std::vector<WritePolicy> write;                            // of each field
  std::vector<bool> omit_null;                               // of each field
  bool keeps_before = false;                                 // what records held is kept
  bool skips_equal = false;  // what the destination says already is not written
  bool looks_only = false;   // nothing is written: a row ends when its record was read
  // Of an undo: what others changed, removed or made again since is left alone.
  bool spares_changed = false;
  // Nothing is written, and `if_unchanged` fields are compared with what was last written to them.
  bool finds_drift = false;
  std::vector<ValueType> types{};  // by which values are compared; empty: those of the rows
  // What was last written to fields with `if_unchanged`; null: nothing that is known. Outlives the router.
  const LastWritten* last_written = nullptr;
};

// Codes of rows that need no request.
inline constexpr std::string_view kEqual = "EQUAL";      // the destination says already what the row says
inline constexpr std::string_view kLooked = "LOOKED";    // its record was to be read only
inline constexpr std::string_view kChanged = "CHANGED";  // others changed its record, which is left to them

// The end of a row's way.
struct Settle {
  Outcome outcome = Outcome::accepted;
  std::string code, message;
  bool foreign = false;
};
// The record that is followed cannot have its new match value yet: another record has it, which a row of the
// same run may still rename or remove.
struct Blocked {};
using Next = std::variant<Step, Settle, Blocked>;

// The end of a row whose record was to be read only.
Settle looked();
// The end of a row whose record is left to others.
Settle spared(std::string why);

class Router {
 public:
  // `target` must outlive the router. Errors are of kind config: a mode that the object cannot do with this
  // match.
  static Result<Router> make(const connector::Target& target, RouteRules rules);

  // A row that comes from the plan.
  Next start(Row& row) const;
  // What was last written by earlier runs.
  void remember(const LastWritten* last_written) { rules_.last_written = last_written; }
  // The record of the row's id, as it was read; none: there is no such record.
  Next read(Row& row, const std::vector<connector::FoundRecord>& records) const;
  // The look-up found these record ids, and the fields of the first.
  Next found(Row& row, const std::vector<connector::FoundRecord>& records) const;
  // The write was accepted; `created` when the destination made a new record for it.
  Next accepted(Row& row, bool created) const;
  // This step was refused since a record with the row's match value is there already.
  Next exists(Row& row, Step step, const connector::RowReading& reading) const;
  // Nothing is left that could make way: the row is written to the record that has its match value.
  Next stop_following(Row& row) const;
  // The record that the row was to be written to is not there.
  Next missing(Row& row, const connector::RowReading& reading) const;
  // What a look-up found for this reference, of the row's next.
  Next referred(Row& row, size_t reference, const std::vector<connector::FoundRecord>& records) const;
  // What a reply said of the row after this step. Not for Verdict::retry.
  Next after(Step step, Row& row, const connector::RowReading& reading) const;
  // Whether a record gets the new match value of its row.
  bool follows_records() const { return follows_; }
  // Whether a changed match value makes another record, and what had the old one is removed first.
  bool replaces_records() const { return replaces_; }
  // Whether what has the old match value stays there, although nobody asked for that.
  bool leaves_old_records() const;
  // Operations that may write a row in this mode.
  std::vector<const connector::BoundOperation*> writes() const;
  // Whether doing this step twice is the same as doing it once.
  bool repeatable(Step step) const;
  const connector::BoundOperation* operation(Step step) const;

 private:
  Router(const connector::Target& target, RouteRules rules) : target_(&target), rules_(std::move(rules)) {}
  Result<void> check_mode() const;
  Result<void> check_references_of_removed() const;
  Result<void> check_conditions() const;
  Result<void> check_can_read() const;
  bool can_read() const;
  bool must_read(const Row& row) const;
  std::optional<Step> reading_step(const Row& row) const;
  std::optional<Next> weigh(Row& row, const connector::FoundRecord& record) const;
  FieldFate weigh_field(const Row& row, size_t field, const connector::FoundValue& theirs,
                        const std::string& ours) const;
  FieldFate weigh_drift(const Row& row, size_t field, const connector::FoundValue& theirs) const;
  Next write_anew(Row& row) const;
  bool writes_conditionally(const Row& row) const;
  bool can_be_found(const Row& row) const;
  void note_absent(Row& row) const;
  void note_came_between(Row& row, const connector::RowReading& reading) const;
  void note_digest(Row& row, size_t field, const std::string& ours) const;
  std::string own_text(const Row& row, size_t field) const;
  ValueType compared_type(const Row& row, size_t field) const;
  bool holds_what_we_wrote(const Row& row, const connector::FoundRecord& record) const;
  Step write_step(const Row& row) const;
  bool looks_up_before_insert() const;
  bool cannot_find_record(const connector::BoundOperation* operation) const;
  void choose_match_change();
  bool deletes_removed() const;
  Next after_reading(Step step, Row& row, const connector::RowReading& reading) const;
  Next start_removal(Row& row) const;
  Next remove_old(Row& row) const;
  Next old_is_removed(Row& row) const;
  bool follows(const Row& row) const;
  Next refused(const Row& row, const connector::RowReading& reading) const;
  Next write_known(Row& row) const;
  Next write_new(Row& row) const;
  Next create(Row& row) const;
  Next write_unread(Row& row) const;
  void leave_unread(Row& row) const;
  void choose_fields(Row& row, bool creating) const;
  bool has_policy(const Row& row, WritePolicy policy) const;
  bool is_removal(const Row& row) const {
    return row.change == Change::removed || rules_.mode == config::Mode::remove;
  }
  Step removal_step() const {
    const bool clears = rules_.on_removed == config::OnRemoved::clear && rules_.mode != config::Mode::remove;
    return clears ? Step::update : Step::remove;
  }

  const connector::Target* target_;
  RouteRules rules_;
  bool follows_ = false, replaces_ = false;
  std::vector<uint32_t> field_digests_;  // by which fields are known in LastWritten
};

// Text of a value of a row, as the target writes it.
std::string value_text(const Row& row, connector::ValuePlace place, const connector::ValueRules& rules);
// The same of its match value, the first of several.
inline std::string match_text(const Row& row, const connector::ValueRules& rules) {
  return value_text(row, {.is_match = true, .index = 0}, rules);
}

}  // namespace penstock
