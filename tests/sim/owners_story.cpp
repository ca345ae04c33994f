#include "sim/owners_story.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/owners_images.h"
#include "sim/owners_machine.h"
#include "sim/owners_others.h"

namespace penstock::sim {
namespace {

using Kind = OwnersTask::Kind;

std::vector<std::string> some_matches(const OwnersSync& sync) {
  std::vector<std::string> matches;
  for (int i = 0; i < 12; ++i)
    matches.push_back(sync.match_field == "email" ? fmt::format("u{}@x.org", i) : fmt::format("Firm {}", i));
  return matches;
}

// Rows that the next run would send, and those that it would not yet.
struct PlannedKeys {
  std::set<std::string> sent, waiting;
};

class OwnersStory {
 public:
  explicit OwnersStory(uint64_t seed)
      : random_(seed),
        sync_(OwnersSync::draw(random_)),
        destination_(sync_.object, 190, random_.next()),
        twin_(sync_, destination_),
        others_(random_.next(), sync_, twin_, [this](const std::string& line) { tell("  " + line); }),
        machine_(
            random_.next(), sync_, destination_, twin_, [this] { others_.act_between(); },
            [this](const std::string& line) { tell(line); }) {
    crashes_ = random_.chance(0.5) ? 0 : 0.4;
    others_.busy = 0.5 * random_.fraction();
    if (random_.chance(0.3)) weather_ = {.lost = 0.03, .unanswered = 0.05, .failed_after = 0.03};
  }

  StoryEnd tell_all() {
    tell(sync_.show());
    std::vector<std::string> matches = make_records();
    model_.emplace(random_, sync_, std::move(matches));
    others_.knows(*model_);
    for (uint64_t steps = 4 + random_.below(6); steps > 0 && is_well(); --steps) step();
    if (is_well()) come_to_rest();
    end_.problems = twin_.problems();
    end_.requests = twin_.requests();
    end_.rows_written = twin_.rows_written();
    end_.lost_in_window = twin_.lost_in_window();
    return std::move(end_);
  }

 private:
  void tell(const std::string& line) { end_.story += machine_.without_place(line) + "\n"; }
  bool is_well() const { return twin_.problems().empty(); }

  // Other people's, from before there was a sync. What rows may be matched on.
  std::vector<std::string> make_records() {
    std::vector<std::string> matches = some_matches(sync_), ids;
    for (const auto& match : matches) {
      if (!random_.chance(sync_.makes_records() ? 0.3 : 0.8)) continue;
      destination_.clock().pass(200ms);
      ids.push_back(others_.create(match));
    }
    if (sync_.match_kind == "id" && ids.empty()) ids.push_back(others_.create(matches[0]));
    return sync_.match_kind == "id" ? ids : matches;
  }

  void step() {
    destination_.clock().pass(Duration(static_cast<int64_t>(random_.below(uint64_t{4} * 3600 * 1'000'000))));
    if (random_.chance(0.75)) model_->change();
    for (uint64_t i = random_.below(4); i > 0; --i) others_.act();
    if (sync_.keeps_before && !twin_.runs().empty() && random_.chance(0.4)) return undo_some_run();
    const RunKind kind = random_.chance(0.1)   ? RunKind::full
                         : random_.chance(0.1) ? RunKind::retry
                                               : RunKind::usual;
    (void)run(kind, weather_, draw_doom());
  }

  OwnersDoom draw_doom() {
    OwnersDoom doom;
    if (random_.chance(crashes_)) {
      if (random_.chance(0.7)) {
        doom.killed_at = 1 + random_.below(12);
        doom.killed_after_effect = random_.chance(0.6);
      } else {
        doom.power_cut_after = random_.below(100);
      }
    } else if (random_.chance(0.07)) {
      doom.interrupted_after = Duration(static_cast<int64_t>(random_.below(2'000'000)));
    }
    return doom;
  }

  // ---- Lives

  OwnersEnd live(const OwnersTask& task, const Weather& weather, const OwnersDoom& doom) {
    OwnersEnd end = machine_.live(model_->rows(), task, weather, doom);
    if (end.died) ++end_.crashes;
    if (end.died) tell("  it died");
    if (end.error) tell("  error: " + end.error->message);
    return end;
  }

  // What is written between the two belongs to the run; what it left is recovered afterwards.
  OwnersEnd run(RunKind kind, const Weather& weather, const OwnersDoom& doom) {
    ++end_.runs;
    twin_.begin_run();
    tell(fmt::format("{}: run {} ({}){}\n{}", iso8601(destination_.clock().now()), twin_.runs().size() - 1,
                     name_of(kind), doom.show(), model_->show()));
    OwnersEnd end = live({.kind = Kind::run, .run = kind, .undo = {}}, weather, doom);
    if (end.report) tell_run(end.report->run);
    if (!end.report || end.report->run.in_doubt > 0)
      for (const auto& row : model_->rows()) doubted_.insert(row.key());
    if (!end.died && !end.report) twin_.problem("the run could not begin: " + end.error->message);
    has_ended(end);
    return end;
  }

  void tell_run(const RunRow& run) {
    tell(fmt::format(
        "  {} {}: {} rows, {} added, {} changed, {} removed, {} unchanged, {} waiting; {} "
        "accepted, {} rejected, {} skipped, {} in doubt, {} failed {}",
        run.run, run.status, run.rows, run.added, run.changed, run.removed, run.unchanged, run.waiting,
        run.accepted, run.rejected, run.skipped, run.in_doubt, run.failed, run.error));
  }

  // The history knows the run; after a death the next command brings it to its end.
  void has_ended(const OwnersEnd& end) {
    twin_.heard().died = end.died;
    if (const auto newest = machine_.newest_run(); newest && newest->run != newest_) {
      newest_ = newest->run;
      twin_.heard().id = newest_;
    }
    if (end.died) (void)plan();
    if (!sync_.keeps_before && !twin_.heard().is_undo) return;
    const std::string file = machine_.images(twin_.heard().id);
    const bool kept = !twin_.heard().id.empty() && machine_.has(file);
    for (const auto& wrong : wrong_with_images(kept ? file : "", sync_, twin_))
      twin_.problem(fmt::format("run {}: {}", twin_.runs().size() - 1, wrong));
  }

  PlannedKeys plan() {
    PlannedKeys keys;
    twin_.begin_look();
    others_.rest(true);
    const OwnersEnd end = live({.kind = Kind::plan, .run = RunKind::usual, .undo = {}}, Weather::fair(), {});
    others_.rest(false);
    if (!end.plan) {
      twin_.problem("no plan could be made: " + (end.error ? end.error->message : "it died"));
      return keys;
    }
    for (const auto& row : end.plan->plan.samples) keys.sent.insert(row.key);
    for (const auto& row : end.plan->plan.waiting) keys.waiting.insert(row.key);
    tell(fmt::format("  next: [{}], waiting [{}]", fmt::join(keys.sent, ","), fmt::join(keys.waiting, ",")));
    return keys;
  }

  // ---- Undo

  void undo_some_run() {
    const size_t run = random_.below(twin_.runs().size());
    const bool created = random_.chance(0.5);
    undo(run, created, draw_doom());
    while (is_well() && twin_.heard().died && random_.chance(0.7)) undo(run, created, draw_doom());
  }

  void undo(size_t run, bool created, const OwnersDoom& doom) {
    const HeardRun undone = twin_.runs()[run];
    if (undone.id.empty()) return;
    const PlannedKeys before = plan();
    ++end_.runs;
    twin_.begin_undo(run, created);
    tell(fmt::format("{}: undo of run {} {}{}{} (as run {})", iso8601(destination_.clock().now()), run,
                     undone.id, created ? " --created" : "", doom.show(), twin_.runs().size() - 1));
    OwnersTask task{.kind = Kind::undo, .run = RunKind::usual, .undo = {}};
    task.undo.run = undone.id;
    task.undo.created = created;
    const OwnersEnd end = live(task, weather_, doom);
    if (end.undo) tell_undo(*end.undo);
    if (!end.died && !end.undo) judge_refusal(undone, *end.error);
    has_ended(end);
    if (!end.died && end.undo && is_well()) judge_undo(*end.undo, before);
  }

  void tell_undo(const UndoReport& undo) {
    tell_run(undo.report.run);
    tell(fmt::format("  {} values of {} rows put back, {} removed, {} made again, {} left", undo.values,
                     undo.restored, undo.removed, undo.made_again, undo.left_values));
    for (const auto& left : undo.left)
      tell(fmt::format("  left: {} {} {} '{}' {}", left.key, left.record_id, left.field,
                       left.theirs.value_or("NULL"), left.why));
  }

  void judge_refusal(const HeardRun& undone, const Error& error) {
    if (undone.written > 0) twin_.problem("an undo is refused: " + error.message);
  }

  void judge_undo(const UndoReport& undo, const PlannedKeys& before) {
    const RunRow& run = undo.report.run;
    const bool is_whole = run.status == "succeeded" && run.rejected + run.in_doubt + run.failed == 0;
    if (is_whole) twin_.check_undone();
    const PlannedKeys after = plan();
    for (const auto& key : after.sent)
      // Of an undo that is taken back: the removal that it held is due again.
      if (model_->row(key) != nullptr && !before.sent.contains(key) && !before.waiting.contains(key))
        twin_.problem(fmt::format("after the undo the next plan sends row {}", key));
    judge_ledger();
  }

  // What was put back is not what the ledger says was written: nobody is told that it drifted.
  void judge_ledger() {
    const auto records = twin_.live();
    for (const auto& found : drift().drifted) {
      const auto put = twin_.heard().overwrites.find({found.record_id, found.field});
      const auto record = records.find(found.record_id);
      if (put == twin_.heard().overwrites.end() || record == records.end()) continue;
      if (record->second.field(found.field) == put->second.sent)
        twin_.problem(
            fmt::format("the undo put '{}' back to '{}' of {}, and drift calls it somebody's change",
                        put->second.sent, found.field, found.record_id));
    }
  }

  OwnersEnd drift() {
    twin_.begin_look();
    others_.rest(true);
    OwnersEnd end = live({.kind = Kind::drift, .run = RunKind::usual, .undo = {}}, Weather::fair(), {});
    others_.rest(false);
    if (!end.drift) twin_.problem("no drift is told: " + (end.error ? end.error->message : "it died"));
    for (const auto& found : end.drifted)
      tell(fmt::format("  drift: {} {} {} ours '{}' theirs '{}'{}", found.key, found.record_id, found.field,
                       found.ours.value_or("NULL"), found.theirs.value_or("NULL"),
                       found.is_gone ? " gone" : ""));
    return end;
  }

  // ---- The end

  void come_to_rest() {
    tell("all is calm");
    others_.busy = 0;
    if (!settle_down()) return;
    check_model();
    check_drift();
    if (!is_well()) return;
    for (uint64_t i = random_.below(6); i > 0; --i) others_.act();
    check_drift();
  }

  bool settle_down() {
    constexpr int kRunsMax = 8;
    for (int i = 0; i < kRunsMax; ++i) {
      destination_.clock().pass(25h);
      const OwnersEnd end = run(i == 0   ? RunKind::retry
                                : i == 1 ? RunKind::full
                                         : RunKind::usual,
                                Weather::fair(), {});
      if (!is_well()) return false;
      const RunRow& run = end.report->run;
      if (i > 1 && run.accepted + run.in_doubt + run.failed == 0 &&
          run.added + run.changed + run.removed == run.rejected + run.skipped)
        return true;
    }
    twin_.problem(fmt::format("after {} calm runs there is still something to do", kRunsMax));
    return false;
  }

  // Its record, where it is known which one that is.
  const Record* record_of(const OwnedRow& row, const std::map<std::string, Record>& records) const {
    const Record* found = nullptr;
    for (const auto& [id, record] : records) {
      if (!twin_.has_match(record, row.match)) continue;
      if (found != nullptr) return nullptr;
      found = &record;
    }
    return found != nullptr && found->field(kOwnedKey) == row.key() ? found : nullptr;
  }

  void check_model() {
    const auto records = twin_.live();
    for (const auto& row : model_->rows()) {
      const auto count = std::count_if(records.begin(), records.end(), [&](const auto& each) {
        return twin_.has_match(each.second, row.match);
      });
      const Record* record = record_of(row, records);
      if (record == nullptr) {
        // Of several nobody knows which is meant.
        if (count == 1 || (count == 0 && sync_.makes_records()))
          twin_.problem(fmt::format("at the end there is no record for row {}", row.key()));
        continue;
      }
      for (const auto& field : sync_.fields)
        if (const Value value = sync_.written(row, field);
            field.write == "always" && value && record->field(field.name) != *value)
          twin_.problem(fmt::format("at the end '{}' of {} (row {}) is '{}', and should be '{}'", field.name,
                                    record->id, row.key(), record->field(field.name), *value));
    }
  }

  // What the field held when we wrote it last, for the row; nullopt: never, or that is not known.
  Value written_to(const Record& record, const OwnedRow& row, const OwnedField& field) const {
    const Value value = sync_.written(row, field);
    if (!value || (field.write != "always" && field.write != "if_unchanged")) return std::nullopt;
    if (field.write == "always") return value;
    const std::string* ours = twin_.last_ours(record.id, field.name, row.key());
    return ours == nullptr ? std::nullopt : Value(*ours);
  }

  // "key field value"
  bool is_unchanged_only(const std::string& line) const {
    const size_t first = line.find(' ') + 1;
    return sync_.field(line.substr(first, line.find(' ', first) - first))->write == "if_unchanged";
  }

  void check_drift() {
    const auto records = twin_.live();
    std::set<std::string> told, expected;
    std::set<std::string> known;  // records that rows have
    for (const auto& row : model_->rows()) {
      const Record* record = record_of(row, records);
      if (record == nullptr) continue;
      known.insert(record->id);
      for (const auto& field : sync_.fields)
        if (const Value ours = written_to(*record, row, field); ours && record->field(field.name) != *ours)
          expected.insert(fmt::format("{} {} {}", row.key(), field.name, record->field(field.name)));
    }
    for (const auto& found : drift().drifted)
      if (known.contains(found.record_id))
        told.insert(fmt::format("{} {} {}", found.key, found.field, found.theirs.value_or("")));
    // What was perhaps written, and perhaps never stood there, may be told as well; so may what stood there
    // already, and was taken for written.
    std::erase_if(told, [&](const std::string& line) {
      const bool is_doubtful = sync_.skips_equal || doubted_.contains(line.substr(0, line.find(' ')));
      return !expected.contains(line) && is_doubtful && is_unchanged_only(line);
    });
    if (told != expected)
      twin_.problem(
          fmt::format("drift tells [{}], and it is [{}]", fmt::join(told, "; "), fmt::join(expected, "; ")));
  }

  StoryEnd end_;
  Random random_;
  OwnersSync sync_;
  Destination destination_;
  OwnersTwin twin_;
  OwnersOthers others_;
  OwnersMachine machine_;
  std::optional<OwnersModel> model_;
  Weather weather_;
  double crashes_ = 0;
  std::set<std::string> doubted_;  // keys of rows that a run may have written, which nobody knows
  std::string newest_;
};

}  // namespace

StoryEnd tell_owners_story(uint64_t seed) {
  return OwnersStory(seed).tell_all();
}

}  // namespace penstock::sim
