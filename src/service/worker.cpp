#include "service/worker.h"

#include <fmt/format.h>

#include "async/interruptible.h"
#include "service/options.h"
#include "service/report.h"

namespace penstock::service {
namespace {

// How long a queue that cannot be reached is left alone.
constexpr Duration kTroublePause = 2s;
// A run that is over is remembered so long, for the same Idempotency-Key and for who asked for it.
constexpr Duration kRemember = std::chrono::hours(24 * 30);
constexpr Duration kForgetEvery = 1h;

}  // namespace

Worker::Worker(WorkerParts parts, WorkerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      plans_(parts.loop, options_.plans_at_once),
      looked_for_(parts.loop),
      stopping_(parts.loop),
      runs_(parts.loop),
      beside_(parts.loop) {}

Worker::~Worker() = default;

Task<void> Worker::run() {
  beside_.spawn(beat());
  beside_.spawn(replace_lost_runs());
  while (!stopping_.is_set()) {
    co_await take_runs();
    co_await interruptible_sleep(parts_.loop, parts_.loop.now() + options_.look_every, looked_for_);
    looked_for_.reset();
  }
  co_await runs_.join();
  beside_.cancel();
}

void Worker::stop() {
  stopping_.set();
  looked_for_.set();
  for (const auto& [id, running] : running_) running->interruption.interrupt();
}

bool Worker::cancel(const std::string& run) {
  const auto found = running_.find(run);
  if (found == running_.end()) return false;
  found->second->is_cancelled = true;
  found->second->interruption.interrupt();
  return true;
}

std::string Worker::next_claim() {
  return fmt::format("{} {}", options_.name, ++claims_);
}

Task<void> Worker::take_runs() {
  while (!stopping_.is_set() && running_.size() < options_.runs_at_once) {
    const std::string claim = next_claim();
    auto taken = co_await parts_.loop.offload(
        [&] { return parts_.queue.take(options_.name, claim, parts_.loop.clock().now()); });
    if (!taken.ok()) {
      parts_.watcher.on_trouble("the queue of runs", taken.error());
      co_await parts_.loop.sleep_for(kTroublePause);
      co_return;
    }
    if (!*taken) co_return;
    if (stopping_.is_set()) {
      (void)co_await parts_.loop.offload([&] { return parts_.queue.give_back((*taken)->run); });
      co_return;
    }
    auto running = std::make_shared<Running>();
    running->run = **taken;
    running_.emplace(running->run.run, running);
    runs_.spawn(carry(running->run));
  }
}

Task<void> Worker::carry(QueuedRun run) {
  const auto running = running_.at(run.run);
  parts_.watcher.on_begun(run);
  auto result = co_await carry_out(running);
  co_await end(running, std::move(result));
  running_.erase(run.run);
  looked_for_.set();
}

Task<Result<RunReport>> Worker::carry_out(std::shared_ptr<Running> running) {
  running->loaded = parts_.current.get();
  Workspace& workspace = *running->loaded->workspace;
  const config::Sync* sync = workspace.project().sync(running->run.sync);
  if (sync == nullptr)
    co_return Error{ErrorKind::config, fmt::format("there is no sync '{}' any more", running->run.sync), ""};
  auto request = request_of(running->run, workspace);
  if (!request.ok()) co_return request.error();
  declare::Diagnostics diagnostics;
  RunParts parts{
      parts_.loop,
      parts_.client,
      workspace,
      parts_.random,
      running->interruption,
      [this, running](const RunProgress& progress) { parts_.watcher.on_progress(running->run, progress); },
      &plans_,
      &parts_.accounts,
      [this](const config::Sync& one, const SentRequest& sent) { parts_.watcher.on_request(one, sent); }};
  auto report = co_await run_sync(std::move(parts), *sync, *std::move(request), diagnostics);
  if (!report.ok() && !diagnostics.ok())
    co_return Error{ErrorKind::config, as_text(diagnostics), "mend the files and try again"};
  co_return report;
}

// The report first, then the run is over in the queue: whoever hears of its end finds all of it.
Task<void> Worker::end(std::shared_ptr<Running> running, Result<RunReport> result) {
  if (!result.ok() && !running->is_lost) co_await record_failure(*running, result.error());
  const bool was_interrupted =
      result.ok() ? result->run.status == "interrupted" : result.error().kind == ErrorKind::interrupted;
  const std::string report = report_text(running->run, result);
  if (!running->is_lost) {
    for (;;) {
      const bool again = was_interrupted && stopping_.is_set() && !running->is_cancelled;
      auto ended = co_await parts_.loop.offload([&]() -> Result<void> {
        if (again)
          if (auto put = parts_.queue.put(instead_of(running->run, running->loaded->workspace->new_run_id()));
              !put.ok())
            return put.error();
        return parts_.queue.end(running->run.run, report, parts_.loop.clock().now());
      });
      if (ended.ok() || stopping_.is_set()) break;
      co_await parts_.loop.sleep_for(kTroublePause);
    }
  }
  const config::Sync* sync = running->loaded->project().sync(running->run.sync);
  parts_.watcher.on_ended(running->run, running->loaded, sync, result);
}

// What never came to a report is a run that failed all the same: people look for it among the runs.
Task<void> Worker::record_failure(const Running& running, const Error& error) {
  RunRow row;
  row.run = running.run.run;
  row.sync = running.run.sync;
  row.kind = running.run.kind;
  row.status = error.kind == ErrorKind::interrupted ? "interrupted" : "failed";
  row.started = running.run.asked;
  row.finished = parts_.loop.clock().now();
  row.error = error.message;
  (void)co_await parts_.loop.offload([&]() -> Result<void> {
    auto store = running.loaded->workspace->runs();
    if (!store.ok()) return store.error();
    auto known = store->find(row.run);
    if (!known.ok() || *known) return success();  // the run wrote its own line before it failed
    return store->put(row);
  });
}

Task<void> Worker::beat() {
  for (;;) {
    co_await parts_.loop.sleep_for(options_.beat_every);
    std::vector<std::string> held;
    for (const auto& [id, running] : running_) held.push_back(id);
    if (held.empty()) continue;
    auto to_end = co_await parts_.loop.offload(
        [&] { return parts_.queue.beat(options_.name, held, parts_.loop.clock().now()); });
    if (!to_end.ok()) continue;  // the lease of the sync decides whether we may go on
    for (const auto& id : *to_end) {
      const auto found = running_.find(id);
      if (found == running_.end() || found->second->is_cancelled) continue;
      auto now = co_await parts_.loop.offload([&] { return parts_.queue.find(id); });
      found->second->is_lost = now.ok() && *now && (*now)->worker != options_.name;
      cancel(id);
    }
  }
}

Task<void> Worker::replace_lost_runs() {
  Time forgot{};
  for (;;) {
    co_await parts_.loop.sleep_for(options_.silent_after / 4);
    const Time now = parts_.loop.clock().now();
    const auto loaded = parts_.current.get();
    auto replaced = co_await parts_.loop.offload([&]() -> Result<void> {
      auto lost = parts_.queue.silent(now - options_.silent_after);
      if (!lost.ok()) return lost.error();
      for (const auto& run : *lost) {
        if (run.worker == options_.name) continue;  // a moment of trouble of our own
        if (!run.cancelled)
          if (auto put = parts_.queue.put(instead_of(run, loaded->workspace->new_run_id())); !put.ok())
            return put.error();
        if (auto ended = parts_.queue.end(run.run, lost_report_text(run), now); !ended.ok()) return ended;
      }
      return success();
    });
    if (!replaced.ok()) continue;
    looked_for_.set();
    if (now < forgot + kForgetEvery) continue;
    forgot = now;
    (void)co_await parts_.loop.offload([&] { return parts_.queue.forget(now - kRemember); });
  }
}

}  // namespace penstock::service
