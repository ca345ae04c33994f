#include "run/run.h"

#include <fmt/format.h>

#include "ledger/retention.h"
#include "run/approvals.h"
#include "run/logged_runs.h"
#include "run/model_columns.h"
#include "run/plan_stage.h"
#include "run/recover.h"
#include "run/refused.h"
#include "run/resume.h"
#include "run/reviewed_plan.h"
#include "run/row_source.h"
#include "run/warehouse_side.h"

namespace penstock {

std::string_view name_of(RunKind kind) {
  switch (kind) {
    case RunKind::usual:
      return "run";
    case RunKind::full:
      return "full";
    case RunKind::baseline:
      return "baseline";
    case RunKind::retry:
      return "retry";
  }
  die("a RunKind without a name");
}

void Interruption::interrupt() {
  asked_ = true;
  const auto acts = acts_;  // an act may end a run, which forgets its own
  for (const auto& [run, act] : acts)
    if (acts_.contains(run)) act();
}

namespace {

void copy_counts(const PlanCounts& counts, RunRow& run) {
  run.rows = counts.rows;
  run.added = counts.added;
  run.changed = counts.changed;
  run.removed = counts.removed;
  run.unchanged = counts.unchanged;
  run.invalid = counts.invalid;
  run.waiting = counts.waiting;
}

// Turns among the syncs that wait for one account (docs/delivery.md tells people the same).
double weight_of(config::Priority priority) {
  switch (priority) {
    case config::Priority::low:
      return 0.25;
    case config::Priority::normal:
      return 1;
    case config::Priority::high:
      return 4;
  }
  die("a Priority without a weight");
}

// Leave to open a source and make a plan; given back with this.
class PlanPermit {
 public:
  static Task<PlanPermit> take(Semaphore* plans) {
    if (plans != nullptr) co_await plans->acquire();
    co_return PlanPermit(plans);
  }
  PlanPermit(PlanPermit&& other) noexcept : plans_(std::exchange(other.plans_, nullptr)) {}
  ~PlanPermit() { give_back(); }
  void give_back() {
    if (plans_ != nullptr) std::exchange(plans_, nullptr)->release();
  }

 private:
  explicit PlanPermit(Semaphore* plans) : plans_(plans) {}
  Semaphore* plans_;
};

}  // namespace

class RunSync {
 public:
  RunSync(RunParts parts, const config::Sync& sync, RunRequest request, declare::Diagnostics& diagnostics)
      : parts_(parts),
        workspace_(parts.workspace),
        sync_(sync),
        request_(std::move(request)),
        diagnostics_(diagnostics),
        act_(parts.interruption),
        ticker_(parts.loop) {}

  // Lock the sync, run it, and write what came of it where people want to read it.
  Task<Result<RunReport>> run() {
    begin();
    auto lock =
        co_await lock_sync_in_time(parts_.loop, workspace_, sync_.name, report_.run.run, parts_.interruption);
    if (!lock.ok()) co_return lock.error();
    auto report = co_await run_locked();
    if (report.ok() && workspace_.project().sync_log)
      co_await parts_.loop.offload(
          [&] { write_sync_log(workspace_, sync_.name, report->run.run, report->notes); });
    co_return report;
  }

 private:
  // Recover what crashed, prepare, plan, hold it to the plan that was reviewed, ask the guards, deliver,
  // settle.
  Task<Result<RunReport>> run_locked() {
    if (auto resumed = co_await resume(); !resumed.ok()) co_return co_await ended_with(resumed.error());
    if (auto recovered = recover(workspace_, sync_.name, report_.notes); !recovered.ok())
      co_return recovered.error();
    PlanPermit permit = co_await PlanPermit::take(parts_.plans);
    auto prepared =
        co_await prepare_sync(parts_.loop, parts_.client, workspace_, sync_, login(), diagnostics_);
    if (!prepared.ok()) co_return co_await ended_with(prepared.error());
    prepared->notes.insert(prepared->notes.begin(), report_.notes.begin(), report_.notes.end());
    report_.notes = prepared->notes;
    if (auto checked = hold_to_columns(*prepared); !checked.ok())
      co_return co_await ended_with(checked.error());
    if (report_.guard) co_return co_await stopped_by_guard();
    if (auto drawn = co_await draw(*prepared); !drawn.ok()) co_return co_await ended_with(drawn.error());
    if (auto held = hold_to_file(*prepared); !held.ok()) co_return co_await ended_with(held.error());
    if (report_.guard) co_return co_await stopped_by_guard();
    auto planned = co_await plan(*prepared);
    if (!planned.ok()) co_return co_await ended_with(planned.error());
    permit.give_back();
    if (auto asked = ask_guards(*prepared, *planned); !asked.ok())
      co_return co_await ended_with(asked.error());
    if (report_.guard) co_return co_await stopped_by_guard();
    if (has_nothing_to_do(*planned)) co_return co_await succeeded(*prepared);
    co_return co_await carry_out(*prepared, *planned);
  }

  // Jobs of a run that did not come to its end go on at the destination: first these.
  Task<Result<void>> resume() {
    auto left = left_jobs(workspace_.disk(), workspace_.paths(), sync_.name);
    if (!left.ok()) co_return left.error();
    if (left->jobs.empty()) co_return success();
    enter(RunStage::delivering);
    const std::string name = name_of(left->jobs[0], left->facts);
    const ResumeParts parts{parts_.loop,
                            parts_.client,
                            workspace_,
                            parts_.random,
                            [this](Delivery* delivery) { watch(delivery); },
                            parts_.accounts};
    resuming_ = true;
    auto resumed = co_await resume_jobs(parts, sync_, *std::move(left));
    resuming_ = false;
    if (!resumed.ok()) co_return std::move(resumed).error().in(fmt::format("{} has not ended", name));
    progress_.stage = RunStage::opening;
    progress_.delivery = {};
    co_return success();
  }

  void watch(Delivery* delivery) {
    delivery_ = delivery;
    if (delivery == nullptr) return act_.is_nothing();
    act_.is([delivery] { delivery->stop(); });
    if (parts_.interruption.asked()) delivery->stop();
  }

  void begin() {
    report_.run.run = request_.id.empty() ? workspace_.new_run_id() : request_.id;
    report_.run.sync = sync_.name;
    report_.run.kind = name_of(request_.kind);
    report_.run.started = workspace_.clock().now();
    report_.run.confirmed = fmt::format("{}", fmt::join(request_.confirmed, ","));
    if (request_.reviewed) report_.run.plan = request_.reviewed->digest;
    progress_.sync = sync_.name;
    progress_.run = report_.run.run;
    progress_.destination = *sync_.destination;
    progress_.started = parts_.loop.now();
    report_.stages.enter(RunStage::opening, parts_.loop.now());
    if (parts_.on_progress) ticker_.spawn(tick());
    if (workspace_.state().patience() > Duration(0)) ticker_.spawn(watch_lease());
  }

  void enter(RunStage stage) {
    progress_.stage = stage;
    report_.stages.enter(stage, parts_.loop.now());
    progress_.stages = report_.stages.ended();
  }

  Login login() const { return request_.kind == RunKind::baseline ? Login::optional : Login::needed; }

  // What the sync reads must mean what it meant when it ran last.
  Result<void> hold_to_columns(const PreparedSync& prepared) {
    // Runs that begin anew do not ask what was, and mend a file that cannot be read.
    const bool asks = request_.kind != RunKind::full && request_.kind != RunKind::baseline;
    auto known = known_columns(workspace_, sync_.name);
    if (!known.ok() && asks) return known.error();
    columns_ = {.known = known.ok() ? *std::move(known) : std::nullopt,
                .now = columns_of(prepared, report_.run.run)};
    if (!asks) return success();
    auto stop = check_columns(workspace_, prepared, columns_, request_.confirmed, report_.notes);
    if (!stop.ok()) return stop.error();
    report_.guard = *std::move(stop);
    return success();
  }

  // Of a sync that is planned in the warehouse: what may have changed, in the place of the model.
  Task<Result<void>> draw(PreparedSync& prepared) {
    auto opened = open_warehouse(workspace_, prepared, request_, workspace_.paths().sync(sync_.name));
    if (!opened.ok() || !prepared.warehouse) co_return opened;
    enter(RunStage::planning);
    act_.is([&prepared] { prepared.warehouse->plan->interrupt(); });
    auto drawn = co_await parts_.loop.offload([&] { return draw_stage(workspace_, prepared); });
    act_.is_nothing();
    report_.notes = std::move(prepared.notes);
    if (drawn.ok() && parts_.interruption.asked()) co_return Error{ErrorKind::interrupted, "interrupted", ""};
    co_return drawn;
  }

  // A run of a plan file sends that plan, or nothing.
  Result<void> hold_to_file(const PreparedSync& prepared) {
    if (!request_.reviewed) return success();
    auto moved = moved_before_planning(workspace_, prepared, *request_.reviewed);
    if (!moved.ok()) return moved.error();
    report_.guard = *std::move(moved);
    return success();
  }

  Result<void> ask_guards(PreparedSync& prepared, const PlannedStage& planned) {
    if (report_.guard) return success();  // the plan has moved
    const PlanCounts& counts = planned.plan.counts;
    prepared.target->use_bulk(goes_in_bulk(prepared, counts));
    auto approval = approval_of(workspace_, sync_, request_, counts);
    if (!approval.ok()) return approval.error();
    report_.run.approved_by = approval->by;
    report_.guard = approval->missing;
    if (!report_.guard)
      report_.guard = check_guards(
          sync_.guard, counts,
          guard_facts(prepared, *planned.snapshot, request_, estimate(prepared, counts, nullptr)));
    return success();
  }

  // Into `file`, and held to the plan that was reviewed.
  Result<PlannedStage> make_plan_file(PreparedSync& prepared, const std::string& file) {
    auto stage = plan_stage(workspace_, prepared, request_, file);
    if (!stage.ok() || !request_.reviewed) return stage;
    auto moved = moved_rows(workspace_, prepared, *stage, *request_.reviewed);
    if (!moved.ok()) return moved.error();
    report_.guard = *std::move(moved);
    return stage;
  }

  Task<Result<PlannedStage>> plan(PreparedSync& prepared) {
    enter(RunStage::planning);
    act_.is([&prepared] { prepared.opened.connection->interrupt(); });
    const std::string file = workspace_.paths().plan(sync_.name), unfinished = file + ".new";
    auto stage = co_await parts_.loop.offload([&] { return make_plan_file(prepared, unfinished); });
    act_.is_nothing();
    if (!stage.ok()) co_return stage.error();
    if (parts_.interruption.asked()) co_return Error{ErrorKind::interrupted, "interrupted", ""};
    // From here on a crash finds the plan complete.
    if (auto renamed = workspace_.disk().rename(unfinished, file); !renamed.ok()) co_return renamed.error();
    stage->plan.file = file;
    copy_counts(stage->plan.counts, report_.run);
    report_.invalid = stage->plan.invalid;
    progress_.plan = stage->plan.counts;
    co_return stage;
  }

  // The usual night: nothing has changed, and nothing is written but the run's line.
  bool has_nothing_to_do(const PlannedStage& planned) const {
    return planned.plan.counts.to_send == 0 && planned.plan.silent.empty() && !planned.plan.migration &&
           planned.snapshot->manifest().generation > 0;
  }

  Task<Result<RunReport>> carry_out(PreparedSync& prepared, PlannedStage& planned) {
    auto journal = Journal::create(parts_.loop, workspace_.disk(), workspace_.paths().journal(sync_.name),
                                   facts(prepared));
    if (!journal.ok()) co_return journal.error();
    // A run is known to be running while its journal is there, and no longer: a crash cannot leave it so.
    if (auto noted = note(); !noted.ok()) co_return noted.error();
    enter(RunStage::delivering);
    Result<void> delivered = success();
    if (request_.kind == RunKind::baseline)
      delivered = co_await accept_all(prepared, planned.plan, **journal);
    else
      delivered = co_await deliver(prepared, planned.plan, **journal);
    note_end(delivered, **journal);
    const bool durable = co_await (*journal)->durable();
    if (!durable) co_return co_await ended_with(*(*journal)->failure());
    journal->reset();
    if (jobs_left_ > 0) co_return co_await left_to_jobs();
    co_return co_await settle_run(prepared, planned);
  }

  RunFacts facts(const PreparedSync& prepared) const {
    RunFacts facts;
    facts.run = report_.run.run;
    facts.sync = sync_.name;
    facts.started = report_.run.started;
    facts.mapping = prepared.mapped.mapping.description();
    for (const auto& field : prepared.mapped.mapping.fields)
      if (field.personal) facts.personal.push_back(field.name);
    facts.cause = prepared.cause;
    // Where the destination itself refuses a second record, sending again is harmless.
    const bool guarded = prepared.target->facts().match_kind != connector::MatchKind::search &&
                         *sync_.mode != config::Mode::append;
    facts.hold_doubt = !guarded && sync_.in_doubt == config::InDoubt::hold &&
                       (*sync_.mode == config::Mode::append || *sync_.mode == config::Mode::insert);
    facts.on_removed = config::name_of(sync_.on_removed);
    return facts;
  }

  Task<Result<void>> deliver(PreparedSync& prepared, const Plan& plan, Journal& journal) {
    auto reader = PlanReader::open(*prepared.opened.connection, plan, prepared.mapped);
    if (!reader.ok()) co_return reader.error();
    PlanRows rows(parts_.loop, *std::move(reader));
    const auto limits =
        limits_of(parts_.loop, parts_.accounts, *prepared.target, prepared.destination->rate_share.fraction);
    DeliveryOptions options;
    options.run = report_.run.run;
    if (sync_.batch.rows) options.batch_rows = static_cast<uint64_t>(*sync_.batch.rows);
    options.weight = weight_of(sync_.priority);
    if (sync_.batch.concurrency) options.concurrency = static_cast<uint64_t>(*sync_.batch.concurrency);
    if (parts_.on_request)
      options.on_sent = [this](const SentRequest& sent) { parts_.on_request(sync_, sent); };
    const auto last_written = LastWritten::open(workspace_.disk(), workspace_.paths().written(sync_.name));
    if (!last_written.ok()) co_return last_written.error();
    prepared.router->remember(&*last_written);
    Delivery delivery({parts_.loop, parts_.client, *prepared.access, *prepared.target, *prepared.router,
                       *limits, journal, parts_.random, options});
    watch(&delivery);
    limits_ = limits.get();
    auto delivered = co_await delivery.run(rows);
    progress_.delivery = delivery.progress();
    watch(nullptr);
    limits_ = nullptr;
    progress_.limits.clear();
    prepared.router->remember(nullptr);
    jobs_left_ = delivery.jobs_left();
    report_.run.requests = progress_.delivery.requests;
    report_.run.throttled = progress_.delivery.throttled;
    if (lost_ && delivered.ok()) delivered = *lost_;
    report_.equal = progress_.delivery.equal;
    report_.kept_fields = progress_.delivery.kept_fields;
    co_return delivered;
  }

  // --baseline: the destination is said to hold all of it already.
  Task<Result<void>> accept_all(PreparedSync& prepared, const Plan& plan, Journal& journal) {
    auto reader = PlanReader::open(*prepared.opened.connection, plan.file, prepared.mapped);
    if (!reader.ok()) co_return reader.error();
    PlanRows rows(parts_.loop, *std::move(reader));
    constexpr uint64_t kBaselineGroup = 1 << 17;
    uint64_t pending = 0;
    for (;;) {
      auto chunk = co_await rows.next();
      if (!chunk.ok()) co_return chunk.error();
      if (*chunk == nullptr || parts_.interruption.asked()) co_return success();
      for (size_t row = 0; row < (*chunk)->rows(); ++row) {
        RowOutcome outcome;
        outcome.ordinal = (*chunk)->ordinal(row);
        outcome.operation = "baseline";
        outcome.at = workspace_.clock().now();
        journal.add(outcome);
      }
      // Nothing has left the house, so it need not be safe at once; but what is in memory is bounded.
      pending += (*chunk)->rows();
      if (pending < kBaselineGroup) continue;
      pending = 0;
      if (!co_await journal.durable()) co_return *journal.failure();
    }
  }

  void note_end(const Result<void>& delivered, Journal& journal) {
    RunEnd end{"succeeded", ""};
    if (!delivered.ok() && delivered.error().kind == ErrorKind::quota) {
      // An orderly end: the rows that are left are in the next plan.
      report_.notes.push_back(fmt::format("{} ({} of {} rows are left for a later run)",
                                          delivered.error().message, left_rows(), progress_.plan.to_send));
      end = {"partial", delivered.error().message};
    } else if (!delivered.ok()) {
      report_.error = delivered.error();
      end = {"failed", delivered.error().message};
    } else if (parts_.interruption.asked()) {
      end = {"interrupted", "interrupted by a signal"};
    } else if (report_.guard) {
      end = {"stopped", report_.guard->message};
    }
    report_.run.status = end.status;
    report_.run.error = end.error;
    journal.add(end);
  }

  uint64_t left_rows() const {
    return progress_.plan.to_send - std::min(progress_.plan.to_send, progress_.delivery.outcomes.sent());
  }

  // Journal and plan stay: the next run finds the jobs again, and records this run as a whole.
  Task<Result<RunReport>> left_to_jobs() {
    copy_outcomes(progress_.delivery.outcomes, report_.run);
    if (report_.run.status == "succeeded") report_.run.status = "interrupted";
    for (const auto& [number, job] : progress_.delivery.jobs)
      report_.notes.push_back(
          fmt::format("job {} with {} rows goes on at the destination: the next run asks what "
                      "became of it",
                      job.id, job.rows));
    co_return co_await finished();
  }

  Task<Result<RunReport>> settle_run(PreparedSync& prepared, PlannedStage& planned) {
    enter(RunStage::settling);
    SettleExtras extras{.plan = &planned.plan};
    extras.note = [this](const Settled& settled) {
      take_settled(settled);
      return note();
    };
    auto settled = co_await parts_.loop.offload([&] {
      return settle(workspace_.disk(), workspace_.paths(), sync_.name, workspace_.clock().now(), extras);
    });
    if (!settled.ok()) co_return co_await ended_with(settled.error());
    planned.snapshot.reset();
    if (auto pushed = co_await push(prepared); !pushed.ok()) co_return co_await ended_with(pushed.error());
    if (prepared.warehouse) {  // what went back there took its time, too
      report_.run.finished = workspace_.clock().now();
      if (auto noted = note(); !noted.ok()) co_return co_await ended_with(noted.error());
    }
    if (auto kept = remember_columns(workspace_, sync_.name, columns_); !kept.ok())
      report_.notes.push_back(kept.error().message);
    remove_old_operations(workspace_.disk(), workspace_.paths(), sync_.name,
                          {workspace_.project().keep_operations, workspace_.project().keep_before},
                          workspace_.clock().now());
    keep_to_size();
    if (report_.run.rejected + report_.run.in_doubt + report_.run.failed > 0)
      report_.refused = refused_groups(workspace_.paths().operations(sync_.name, report_.run.run));
    report_.stages.end(parts_.loop.now());
    ticker_.cancel();
    count_standing();
    co_return std::move(report_);
  }

  // Operation logs of all syncs together.
  void keep_to_size() {
    const auto& project = workspace_.project();
    if (!project.max_size) return;
    std::vector<std::string> syncs;
    for (const auto& sync : project.syncs) syncs.push_back(sync.name);
    remove_beyond_size(workspace_.disk(), workspace_.paths(), syncs, *project.max_size, report_.run.run);
  }

  void count_standing() {
    if (auto counts = state_counts(workspace_, sync_.name); counts.ok()) report_.standing = *counts;
  }

  Task<Result<void>> push(PreparedSync& prepared) {
    if (!prepared.warehouse) co_return success();
    co_return co_await parts_.loop.offload([&] { return push_stage(prepared); });
  }

  void take_settled(const Settled& settled) {
    copy_outcomes(settled.outcomes, report_.run);
    if (request_.kind == RunKind::baseline) {
      // Nothing went anywhere: these rows are not "sent".
      report_.run.sent = report_.run.accepted = 0;
    }
    if (report_.run.status == "succeeded" && (report_.run.rejected > 0 || report_.run.in_doubt > 0 ||
                                              report_.run.failed > 0 || report_.run.invalid > 0))
      report_.run.status = "partial";
    report_.run.finished = workspace_.clock().now();
  }

  Task<Result<RunReport>> succeeded(PreparedSync& prepared) {
    if (auto kept = remember_columns(workspace_, sync_.name, columns_); !kept.ok())
      co_return co_await ended_with(kept.error());
    if (auto pushed = co_await push(prepared); !pushed.ok()) co_return co_await ended_with(pushed.error());
    (void)workspace_.disk().remove(workspace_.paths().plan(sync_.name));
    report_.run.status = report_.run.invalid > 0 ? "partial" : "succeeded";
    co_return co_await finished();
  }

  Task<Result<RunReport>> stopped_by_guard() {
    (void)workspace_.disk().remove(workspace_.paths().plan(sync_.name));
    report_.run.status = "stopped";
    report_.run.error = report_.guard->message;
    return finished();
  }

  // The source or our own disk failed: what was recorded stays for the next run.
  Task<Result<RunReport>> ended_with(Error error) {
    if (error.kind == ErrorKind::config) co_return error;
    report_.run.status = error.kind == ErrorKind::interrupted ? "interrupted" : "failed";
    report_.run.error = error.message;
    report_.error = std::move(error);
    co_return co_await finished();
  }

  // The run's line in the history.
  Result<void> note() {
    auto store = workspace_.runs();
    if (!store.ok()) return store.error();
    return store->put(report_.run);
  }

  Task<Result<RunReport>> finished() {
    ticker_.cancel();
    report_.run.finished = workspace_.clock().now();
    if (auto noted = note(); !noted.ok() && !report_.error) report_.error = noted.error();
    count_standing();
    co_return std::move(report_);
  }

  // Who waits for a limit or for a reply does not ask whether the lease still holds.
  Task<void> watch_lease() {
    while (!lost_) {
      co_await parts_.loop.sleep_for(250ms);
      if (delivery_ == nullptr) continue;
      lost_ = workspace_.state().lost(workspace_.paths().lock(sync_.name));
      if (lost_) delivery_->stop();
    }
  }

  Task<void> tick() {
    for (;;) {
      co_await parts_.loop.sleep_for(200ms);
      if (delivery_ != nullptr) {
        progress_.delivery = delivery_->progress();
        if (limits_ != nullptr) progress_.limits = limits_->uses();
        watch_rejections();
      }
      parts_.on_progress(progress_);
    }
  }

  void watch_rejections() {
    if (report_.guard || resuming_) return;
    if (is_confirmed(request_.confirmed, "max_rejected")) return;
    const OutcomeCounts& outcomes = progress_.delivery.outcomes;
    report_.guard = check_rejected(sync_.guard, outcomes.sent(), outcomes.rejected);
    if (report_.guard) delivery_->stop();
  }

  RunParts parts_;
  Workspace& workspace_;
  const config::Sync& sync_;
  RunRequest request_;
  declare::Diagnostics& diagnostics_;
  Interruption::Act act_;
  RunReport report_;
  RunProgress progress_;
  Delivery* delivery_ = nullptr;  // while it runs
  RateLimits* limits_ = nullptr;  // while it delivers
  uint64_t jobs_left_ = 0;        // at the destination
  bool resuming_ = false;         // jobs of an earlier run
  SeenColumns columns_;           // of the model as it was read
  std::optional<Error> lost_;     // why the lease does not hold any more
  TaskGroup ticker_;
};

Task<Result<RunReport>> run_sync(RunParts parts, const config::Sync& sync, RunRequest request,
                                 declare::Diagnostics& diagnostics) {
  RunSync run(std::move(parts), sync, std::move(request), diagnostics);
  co_return co_await run.run();
}

}  // namespace penstock
