#include "recall/undo.h"

#include <fmt/format.h>

#include "ledger/retention.h"
#include "plan/guards.h"
#include "recall/undo_plan.h"
#include "recall/undo_target.h"
#include "run/look.h"
#include "run/recover.h"
#include "run/refused.h"
#include "run/resume.h"
#include "run/row_source.h"
#include "run/warehouse_side.h"

namespace penstock {
namespace {

constexpr size_t kLeftShown = 100;

class UndoRun {
 public:
  UndoRun(RunParts parts, UndoRequest request, declare::Diagnostics& diagnostics)
      : parts_(std::move(parts)),
        workspace_(parts_.workspace),
        request_(std::move(request)),
        diagnostics_(diagnostics),
        scratch_(workspace_, workspace_.new_run_id()) {}

  // Find the run, lock its sync, plan from what it overwrote, ask the guard, read and write, settle.
  Task<Result<UndoReport>> undo() {
    if (auto found = find_run(); !found.ok()) co_return found.error();
    if (auto here = needs_local_state(*sync_, "undo"); !here.ok()) co_return here.error();
    auto lock =
        co_await lock_sync_in_time(parts_.loop, workspace_, sync_->name, run().run, parts_.interruption);
    if (!lock.ok()) co_return lock.error();
    if (auto ready = recover_before(); !ready.ok()) co_return ready.error();
    auto overwritten =
        co_await parts_.loop.offload([&] { return open_overwritten(workspace_, *sync_, request_.run); });
    if (!overwritten.ok()) co_return overwritten.error();
    auto target = co_await bind_undo_target(parts_, *sync_, run().run, *overwritten, request_.created,
                                            request_.dry_run, diagnostics_);
    if (!target.ok()) co_return target.error();
    if (auto planned = co_await plan(*overwritten, *target); !planned.ok()) co_return planned.error();
    if (counts_.rows() == 0) co_return nothing_to_do();
    if (auto stop = guard(); stop && !request_.dry_run) co_return stopped(*std::move(stop));
    const auto expected = LastWritten::open(workspace_.disk(), scratch_.expected());
    if (!expected.ok()) co_return expected.error();
    target->router->remember(&*expected);
    if (request_.dry_run) co_return co_await look_only(*overwritten, *target);
    co_return co_await carry_out(*overwritten, *target);
  }

 private:
  // Files that go with the undo.
  class Scratch {
   public:
    Scratch(Workspace& workspace, std::string run)
        : workspace_(workspace),
          run_(std::move(run)),
          directory_(join_path(workspace.paths().temporary(), "undo-" + run_)) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { (void)workspace_.disk().remove(directory_); }
    const std::string& run() const { return run_; }
    const std::string& directory() const { return directory_; }
    std::string plan() const { return join_path(directory_, "plan.parquet"); }
    std::string expected() const { return join_path(directory_, "expected"); }

   private:
    Workspace& workspace_;
    std::string run_, directory_;
  };

  RunRow& run() { return report_.report.run; }

  Result<void> find_run() {
    const Error unknown{ErrorKind::config, fmt::format("there is no run '{}'", request_.run),
                        "`penstock runs` lists them"};
    auto store = workspace_.existing_runs();
    if (!store.ok()) return store.error();
    if (!*store) return unknown;
    auto found = (*store)->find(request_.run);
    if (!found.ok()) return found.error();
    if (!*found) return unknown;
    sync_ = workspace_.project().sync((*found)->sync);
    if (sync_ == nullptr)
      return Error{ErrorKind::config,
                   fmt::format("run {} was of the sync '{}', which is not in the project any more",
                               request_.run, (*found)->sync),
                   "bring the sync's file back: it says how the destination is reached"};
    report_.undone = request_.run;
    run().run = scratch_.run();
    run().sync = sync_->name;
    run().kind = "undo";
    run().started = workspace_.clock().now();
    run().confirmed = fmt::format("{}", fmt::join(request_.confirmed, ","));
    return success();
  }

  Result<void> recover_before() {
    auto left = left_jobs(workspace_.disk(), workspace_.paths(), sync_->name);
    if (!left.ok()) return left.error();
    if (!left->jobs.empty())
      return Error{ErrorKind::config,
                   fmt::format("{} is still at the destination", name_of(left->jobs[0], left->facts)),
                   fmt::format("`penstock run {}` asks what became of it", sync_->name)};
    return recover(workspace_, sync_->name, report_.report.notes);
  }

  Task<Result<void>> plan(OverwrittenBy& overwritten, const UndoTarget& target) {
    std::optional<KeyHash> only;
    if (request_.key) {
      auto key = parse_key(*request_.key, workspace_.project().model(*sync_->model)->primary_key.size());
      if (!key.ok()) co_return key.error();
      only = *key;
    }
    if (auto made = workspace_.disk().make_directories(scratch_.directory()); !made.ok()) co_return made;
    if (auto kept = workspace_.disk().keep_private(scratch_.directory()); !kept.ok()) co_return kept;
    const auto& rules = target.target->values();
    auto counts = co_await parts_.loop.offload(
        [&] { return write_undo_plan(overwritten, rules, only, request_.created, scratch_.plan()); });
    if (!counts.ok()) co_return counts.error();
    counts_ = *counts;
    run().changed = counts_.restored;
    run().added = counts_.made_again;
    run().removed = counts_.removed;
    run().rows = counts_.restored + counts_.made_again;
    report_.created = counts_.created - counts_.removed;
    co_return co_await parts_.loop.offload(
        [&] { return write_expected(overwritten, workspace_.disk(), rules, scratch_.expected()); });
  }

  // Removing what a run made is removing, whatever for.
  std::optional<GuardStop> guard() {
    const auto manifest = read_manifest(workspace_.disk(), workspace_.paths().snapshot(sync_->name));
    PlanCounts counts;
    counts.rows = counts_.rows();
    counts.removed = counts_.removed;
    GuardFacts facts;
    facts.known = manifest.ok() ? manifest->counts.current : 0;
    facts.on_removed = OnRemoved::remove;
    facts.asked_for_all = true;
    facts.confirmed = request_.confirmed;
    return check_guards(sync_->guard, counts, facts);
  }

  Result<UndoReport> nothing_to_do() {
    run().status = "succeeded";
    run().finished = workspace_.clock().now();
    return std::move(report_);
  }

  Result<UndoReport> stopped(GuardStop stop) {
    run().status = "stopped";
    run().error = stop.message;
    run().finished = workspace_.clock().now();
    report_.report.guard = std::move(stop);
    if (auto noted = note(); !noted.ok()) return noted.error();
    return std::move(report_);
  }

  RunFacts facts(const OverwrittenBy& overwritten, const UndoTarget& target) {
    RunFacts facts;
    facts.run = run().run;
    facts.sync = sync_->name;
    facts.started = run().started;
    facts.mapping = overwritten.model.mapping.description();
    for (const auto& field : overwritten.model.mapping.fields)
      if (field.personal) facts.personal.push_back(field.name);
    facts.cause = target.target->connector().digest();
    facts.on_removed = config::name_of(sync_->on_removed);
    facts.is_undo = true;
    facts.undoes = request_.run;
    return facts;
  }

  Task<Result<UndoReport>> look_only(OverwrittenBy& overwritten, UndoTarget& target) {
    auto looked = co_await look({parts_, *target.access, *target.target, *target.router, overwritten.model,
                                 overwritten.connection, target.rate_share},
                                scratch_.plan(), facts(overwritten, target));
    if (!looked.ok()) co_return looked.error();
    run().requests = looked->requests;
    if (auto told = tell(overwritten, looked->images(), true); !told.ok()) co_return told.error();
    run().status = "succeeded";
    co_return std::move(report_);
  }

  Task<Result<UndoReport>> carry_out(OverwrittenBy& overwritten, UndoTarget& target) {
    if (auto placed = workspace_.disk().rename(scratch_.plan(), workspace_.paths().plan(sync_->name));
        !placed.ok())
      co_return placed.error();
    auto journal = Journal::create(parts_.loop, workspace_.disk(), workspace_.paths().journal(sync_->name),
                                   facts(overwritten, target));
    if (!journal.ok()) co_return journal.error();
    if (auto noted = note(); !noted.ok()) co_return noted.error();
    auto delivered = co_await deliver(overwritten, target, **journal);
    note_end(delivered, **journal);
    if (!co_await (*journal)->durable()) co_return *(*journal)->failure();
    journal->reset();
    if (auto settled = co_await settle_run(); !settled.ok()) co_return settled.error();
    const std::string images = workspace_.paths().before(sync_->name, run().run);
    if (auto told = tell(overwritten, images, false); !told.ok()) co_return told.error();
    co_return std::move(report_);
  }

  Task<Result<void>> deliver(OverwrittenBy& overwritten, UndoTarget& target, Journal& journal) {
    auto reader =
        PlanReader::open(overwritten.connection, workspace_.paths().plan(sync_->name), overwritten.model);
    if (!reader.ok()) co_return reader.error();
    PlanRows rows(parts_.loop, *std::move(reader));
    const auto limits = limits_of(parts_.loop, parts_.accounts, *target.target, target.rate_share);
    DeliveryOptions options;
    options.run = run().run;
    if (sync_->batch.rows) options.batch_rows = static_cast<uint64_t>(*sync_->batch.rows);
    if (sync_->batch.concurrency) options.concurrency = static_cast<uint64_t>(*sync_->batch.concurrency);
    Delivery delivery({parts_.loop, parts_.client, *target.access, *target.target, *target.router, *limits,
                       journal, parts_.random, options});
    Interruption::Act act(parts_.interruption);
    act.is([&delivery] { delivery.stop(); });
    if (parts_.interruption.asked()) delivery.stop();
    auto delivered = co_await delivery.run(rows);
    act.is_nothing();
    run().requests = delivery.progress().requests;
    run().throttled = delivery.progress().throttled;
    co_return delivered;
  }

  void note_end(const Result<void>& delivered, Journal& journal) {
    RunEnd end{"succeeded", ""};
    if (!delivered.ok()) {
      report_.report.error = delivered.error();
      end = {"failed", delivered.error().message};
    } else if (parts_.interruption.asked()) {
      end = {"interrupted", "interrupted by a signal"};
    }
    run().status = end.status;
    run().error = end.error;
    journal.add(end);
  }

  Task<Result<void>> settle_run() {
    SettleExtras extras;
    extras.note = [this](const Settled& settled) {
      copy_outcomes(settled.outcomes, run());
      if (run().status == "succeeded" && run().rejected + run().in_doubt + run().failed > 0)
        run().status = "partial";
      run().finished = workspace_.clock().now();
      return note();
    };
    auto settled = co_await parts_.loop.offload([&] {
      return settle(workspace_.disk(), workspace_.paths(), sync_->name, workspace_.clock().now(), extras);
    });
    if (!settled.ok()) co_return settled.error();
    if (run().rejected + run().in_doubt + run().failed > 0)
      report_.report.refused = refused_groups(workspace_.paths().operations(sync_->name, run().run));
    co_return success();
  }

  // What was done, and what was left alone, from what was read and what became of it.
  Result<void> tell(OverwrittenBy& overwritten, const std::string& images, bool would) {
    const auto there = workspace_.disk().exists(images);
    if (!there.ok()) return there.error();
    if (!*there) return success();
    auto told = tell_undone(overwritten, images, would, kLeftShown);
    if (!told.ok()) return told.error();
    report_.values = told->values;
    report_.restored = told->restored;
    report_.removed = told->removed;
    report_.made_again = told->made_again;
    report_.left_values = told->left_values;
    report_.left = std::move(told->left);
    return success();
  }

  Result<void> note() {
    auto store = workspace_.runs();
    if (!store.ok()) return store.error();
    return store->put(run());
  }

  RunParts parts_;
  Workspace& workspace_;
  UndoRequest request_;
  declare::Diagnostics& diagnostics_;
  Scratch scratch_;
  const config::Sync* sync_ = nullptr;
  UndoCounts counts_;
  UndoReport report_;
};

}  // namespace

Task<Result<UndoReport>> undo_run(RunParts parts, UndoRequest request, declare::Diagnostics& diagnostics) {
  UndoRun undo(std::move(parts), std::move(request), diagnostics);
  co_return co_await undo.undo();
}

}  // namespace penstock
