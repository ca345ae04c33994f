#include "sim/story.h"

#include <fmt/format.h>

#include "sim/machine.h"

namespace penstock::sim {
namespace {

class Story {
 public:
  explicit Story(uint64_t seed)
      : random_(seed),
        scenario_(Scenario::draw(random_)),
        destination_(scenario_.object, scenario_.requests_per_10s, random_.next()),
        auditor_(scenario_, destination_),
        machine_(random_.next(), scenario_, destination_, auditor_,
                 [this](const std::string& line) { tell(line); }),
        world_(random_.next()) {}

  StoryEnd tell_all() {
    tell(scenario_.show());
    make_records();
    if (scenario_.refreshes_login) destination_.let_tokens_expire();
    warehouse_.emplace(random_, scenario_.rules);
    for (uint64_t i = 0; i < scenario_.runs && auditor_.problems().empty(); ++i) {
      if (i > 0) let_time_pass();
      run_once();
    }
    if (auditor_.problems().empty()) come_to_rest();
    end_.problems = auditor_.problems();
    end_.requests = auditor_.requests();
    end_.rows_written = auditor_.rows_written();
    return std::move(end_);
  }

 private:
  void tell(const std::string& line) { end_.story += line + "\n"; }

  // For syncs that cannot make records themselves.
  void make_records() {
    if (!scenario_.needs_records()) return;
    const uint64_t count = 1 + random_.below(3 * scenario_.rules.rows + 5);
    for (uint64_t i = 0; i < count; ++i) {
      destination_.clock().pass(200ms);
      const bool by_id = scenario_.match_kind == "id";
      if (!by_id) auditor_.note_made_by_others(match_text(i));
      const std::string id =
          destination_.create(by_id ? "{\"other\":\"1\"}"
                                    : fmt::format("{{\"{}\":\"{}\"}}", scenario_.match_field, match_text(i)));
      if (!id.empty()) scenario_.rules.ids.push_back(id);
    }
    destination_.clock().pass(1min);
  }

  std::string match_text(uint64_t number) const {
    return scenario_.match_field == "email" ? fmt::format("u{}@x.org", number)
                                            : fmt::format("Deal {}", number);
  }

  void let_time_pass() {
    destination_.clock().pass(Duration(static_cast<int64_t>(
        random_.below(random_.chance(0.5) ? 600'000'000 : uint64_t{30} * 3600 * 1'000'000))));
    if (random_.chance(0.85)) warehouse_->change();
    if (random_.chance(0.2)) warehouse_->change_mapping();
    for (uint64_t i = random_.below(4); i > 0; --i) others_act(true);
  }

  // Another writer does something; `quiet`: nothing of ours is under way.
  void others_act(bool quiet) {
    if (scenario_.others == Others::none || !world_.chance(quiet ? 0.5 : 0.05)) return;
    const auto records = destination_.records();
    const uint64_t what = world_.below(10);
    if (what < 3) return others_create(records, quiet);
    if (records.empty()) return;
    const Record& record = records[world_.below(records.size())];
    if (record.archived) return;
    if (what < 7 || scenario_.others == Others::gentle) {
      tell(fmt::format("  others write to {}", record.id));
      destination_.update(record.id, fmt::format("{{\"other\":\"{}\"}}", world_.below(100)));
    } else if (what < 9) {
      tell(fmt::format("  others change p_name of {}", record.id));
      destination_.update(record.id, "{\"p_name\":\"theirs\"}");
      auditor_.note_rough_hand();
    } else {
      tell(fmt::format("  others delete {}", record.id));
      destination_.archive(record.id);
      auditor_.note_rough_hand();
    }
  }

  // A second record of one match value is nobody's fault but theirs: they look first.
  void others_create(const std::vector<Record>& records, bool quiet) {
    // What was deleted once is not deleted again.
    if (scenario_.mode == "delete" || scenario_.match_kind == "id" ||
        (scenario_.match_kind == "search" && !quiet))
      return;
    const std::string match = warehouse_->some_match();
    for (const auto& record : records)
      if (!record.archived && lowered(record.field(scenario_.match_field)) == lowered(match)) return;
    const std::string id =
        destination_.create(fmt::format("{{\"{}\":\"{}\"}}", scenario_.match_field, match));
    auditor_.note_made_by_others(match);
    tell(fmt::format("  others create {} with {}", id, match));
  }

  Doom draw_doom() {
    Doom doom;
    if (random_.chance(scenario_.crashes)) {
      if (random_.chance(0.55)) {
        doom.killed_after =
            Duration(static_cast<int64_t>(random_.below(uint64_t{10'000} << random_.below(14))));
      } else {
        doom.disk_fault = random_.chance(0.75)  ? FaultyDisk::Fault::power_cut
                          : random_.chance(0.5) ? FaultyDisk::Fault::full
                                                : FaultyDisk::Fault::read_only;
        doom.disk_fault_after = random_.below(120);
      }
    } else if (random_.chance(0.07)) {
      doom.interrupted_after =
          Duration(static_cast<int64_t>(random_.below(uint64_t{10'000} << random_.below(12))));
    }
    return doom;
  }

  void run_once() {
    const RunKind kind = random_.chance(0.08)   ? RunKind::full
                         : random_.chance(0.08) ? RunKind::retry
                                                : RunKind::usual;
    const Doom doom = draw_doom();
    live(kind, scenario_.weather, doom);
  }

  LifeEnd live(RunKind kind, const Weather& weather, const Doom& doom) {
    ++end_.runs;
    tell(fmt::format("{}: {}{}\n{}", iso8601(destination_.clock().now()), name_of(kind), doom.show(),
                     warehouse_->edition().show()));
    LifeEnd end = machine_.live(warehouse_->edition(), kind, weather, doom, [this] { others_act(false); });
    if (end.died) ++end_.crashes;
    tell_end(end);
    if (!end.died && !end.disk_failed) judge_end(end);
    return end;
  }

  void tell_end(const LifeEnd& end) {
    if (end.died) tell("  it died");
    if (end.disk_failed) tell("  the disk failed");
    if (end.error) tell("  error: " + machine_.without_place(end.error->message));
    if (!end.report) return;
    const RunRow& run = end.report->run;
    tell(fmt::format(
        "  {}: {} rows, {} added, {} changed, {} removed, {} unchanged, {} invalid, {} waiting; {} "
        "accepted, {} rejected, {} skipped, {} in doubt, {} failed; {}",
        run.status, run.rows, run.added, run.changed, run.removed, run.unchanged, run.invalid, run.waiting,
        run.accepted, run.rejected, run.skipped, run.in_doubt, run.failed,
        machine_.without_place(run.error)));
    for (const auto& note : end.report->notes) tell("  note: " + note);
    for (const auto& row : end.report->invalid) tell(fmt::format("  invalid: {}: {}", row.key, row.reason));
    for (const auto& group : end.report->refused)
      tell(fmt::format("  refused: {} {} ({})", group.code, group.message, group.rows));
  }

  // A whole life without a fault of ours has an orderly end.
  void judge_end(const LifeEnd& end) {
    if (!end.report)
      return auditor_.problem("the run could not begin: " + (end.error ? end.error->message : ""));
    const RunRow& run = end.report->run;
    if (run.rows != run.added + run.changed + run.unchanged + run.invalid + run.waiting)
      auditor_.problem("the counts of the plan do not add up");
    if (run.sent != run.accepted + run.rejected + run.skipped + run.in_doubt)
      auditor_.problem("the counts of the outcomes do not add up");
    auditor_.check_recorded(machine_.disk(), machine_.snapshot());
    const std::string wrong = wrong_with_neighbours(scenario_.neighbours, machine_.lives(), destination_);
    const bool all_well = std::all_of(end.neighbours.begin(), end.neighbours.end(),
                                      [](const auto& status) { return status == "succeeded"; });
    if (all_well && !wrong.empty()) auditor_.problem(wrong);
  }

  // The model is put right, nothing fails any more, nobody else writes.
  void come_to_rest() {
    scenario_.others = Others::none;
    warehouse_->heal();
    tell("all is calm");
    if (!settle_down(RunKind::usual)) return;
    if (was_rough() && !settle_down(RunKind::full)) return;
    auditor_.check_end();
  }

  bool was_rough() const { return auditor_.was_roughly_handled(); }

  // Runs until nothing is left to do. The first run is of this kind.
  bool settle_down(RunKind kind) {
    constexpr int kRunsMax = 6;
    for (int i = 0; i < kRunsMax; ++i) {
      destination_.clock().pass(25h);
      const LifeEnd end = live(i == 0 ? kind : RunKind::usual, Weather::fair(), {});
      if (!auditor_.problems().empty()) return false;
      const RunRow& run = end.report->run;
      for (const auto& status : end.neighbours)
        if (status != "succeeded") auditor_.problem("a neighbour ends as " + status);
      const bool is_quiet = run.accepted + run.rejected + run.in_doubt + run.failed == 0;
      if (is_quiet && run.status == "succeeded" && i > 0) return true;
    }
    auditor_.problem(fmt::format("after {} calm runs there is still something to do", kRunsMax));
    return false;
  }

  StoryEnd end_;
  Random random_;
  Scenario scenario_;
  Destination destination_;
  Auditor auditor_;
  Machine machine_;
  Random world_;  // of the other writers
  std::optional<Warehouse> warehouse_;
};

}  // namespace

StoryEnd tell_story(uint64_t seed) {
  return Story(seed).tell_all();
}

}  // namespace penstock::sim
