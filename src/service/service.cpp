#include "service/service.h"

#include <fmt/format.h>

#include "net/address_guard.h"
#include "service/entered_addresses.h"

namespace penstock::service {
namespace {

// Plans and previews that people ask for, at once.
constexpr size_t kLooksAtOnce = 2;

}  // namespace

Service::Service(ServiceParts parts, ServiceOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      current_(parts_.disk, parts_.loop.clock(), options_.directory),
      looks_(parts_.loop, kLooksAtOnce),
      stopping_(parts_.loop),
      tasks_(parts_.loop) {}

Service::~Service() {
  install_address_guard(nullptr);
}

Result<std::unique_ptr<Service>> Service::open(ServiceParts parts, ServiceOptions options,
                                               declare::Diagnostics& problems) {
  std::unique_ptr<Service> service(new Service(std::move(parts), std::move(options)));
  if (!service->current_.load()) {
    problems = service->current_.problems();
    return Error{ErrorKind::config, fmt::format("the project in {} cannot be used", service->directory()),
                 "mend its files: `penstock check` says what is wrong"};
  }
  service->state_of_ = service->current_.get();
  state::State& state = service->state_of_->workspace->state();
  auto queue = state.queue();
  if (!queue.ok()) return queue.error();
  service->queue_ = *std::move(queue);
  if (auto guarded = service->guard_addresses(*service->state_of_->workspace); !guarded.ok())
    return guarded.error();
  service->current_.set_before_effect(
      [raw = service.get()](const Workspace& workspace) { return raw->guard_addresses(workspace); });
  service->timetable_ = std::make_unique<Timetable>(*service->queue_, service->parts_.loop.clock());
  service->accounts_ = std::make_unique<Accounts>(
      service->parts_.loop,
      [&state](const std::string& account, bool many) { return state.spending(account, many); });
  service->worker_ = std::make_unique<Worker>(
      WorkerParts{service->parts_.loop, service->parts_.client, service->parts_.random, *service->accounts_,
                  *service->queue_, service->current_, *service},
      service->options_.worker);
  return service;
}

// The guard of the whole process; it goes with the service, whose connections it is for.
Result<void> Service::guard_addresses(const Workspace& workspace) {
  auto entered = queue_->entered();
  if (!entered.ok()) return entered.error();
  install_address_guard(make_address_guard(parts_.disk, workspace, *entered, options_.addresses));
  return success();
}

Task<void> Service::run() {
  if (options_.schedules)
    tasks_.spawn(follow_timetable());
  else if (options_.tells_queue)
    tasks_.spawn(follow_queue());
  tasks_.spawn(follow_files());
  co_await worker_->run();
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  co_await parts_.loop.yield();  // what was posted before is spawned by now: nobody waits for it in vain
  tasks_.cancel();
}

void Service::stop() {
  stopping_.set();
  looking_.interrupt();
  worker_->stop();
}

Task<void> Service::follow_timetable() {
  while (!stopping_.is_set()) {
    const LoadedRef loaded = current_.get();
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(look_again_, false)) timetable_->look_again();
    }
    auto put = co_await parts_.loop.offload([&] { return timetable_->put_due(loaded); });
    if (put.ok()) {
      for (const auto& one : *put) {
        this->put(one.run);
        const config::Sync* sync = loaded->project().sync(one.run.sync);
        if (one.missed > 0 && sync != nullptr)
          for (auto* watcher : watchers_) watcher->on_missed(*sync, one.missed);
      }
      note_dues(loaded);
      for (auto* watcher : watchers_) watcher->on_queue(timetable_->waiting());
    } else {
      on_trouble("the schedules", put.error());
    }
    co_await parts_.loop.sleep_for(options_.look_every);
  }
}

Task<void> Service::follow_queue() {
  while (!stopping_.is_set()) {
    const auto open = co_await parts_.loop.offload([&] { return queue_->open_runs(); });
    if (open.ok())
      for (auto* watcher : watchers_) watcher->on_queue(waiting_in(*open));
    co_await parts_.loop.sleep_for(options_.look_every);
  }
}

// What is late is told to whoever listens; all of it is kept for who asks.
void Service::note_dues(const LoadedRef& loaded) {
  const auto& open = timetable_->open_runs();
  for (const auto& [name, due] : timetable_->dues()) {
    const config::Sync* sync = loaded->project().sync(name);
    if (!due.late_since || sync == nullptr) continue;
    const auto running = open.find(name);
    const bool goes_on = running != open.end() && running->second.state == QueuedRun::State::taken;
    for (auto* watcher : watchers_)
      watcher->on_late(*sync, *due.late_since, goes_on ? running->second.run : "");
  }
  const std::lock_guard lock(mutex_);
  dues_ = timetable_->dues();
  open_ = open;
}

Task<void> Service::follow_files() {
  while (!stopping_.is_set()) {
    co_await parts_.loop.sleep_for(options_.files_every);
    const auto loaded = co_await parts_.loop.offload([&] { return current_.load_if_changed(); });
    if (loaded) have_loaded(*loaded);
  }
}

void Service::have_loaded(bool usable) {
  if (!usable) {
    on_trouble("the project's files",
               {ErrorKind::config, current_.problems().summary(),
                "the project before stays in effect: `penstock check` says what is wrong"});
    return;
  }
  const LoadedRef loaded = current_.get();
  for (auto* watcher : watchers_) watcher->on_loaded(loaded);
  worker_->look();
}

bool Service::reload() {
  const bool usable = current_.load();
  parts_.loop.post([this, usable] { have_loaded(usable); });
  return usable;
}

bool Service::begin_on_loop(LoopWork work) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  parts_.loop.post([this, work = std::move(work)] {
    const LoadedRef loaded = current_.get();
    RunParts parts{parts_.loop, parts_.client, *loaded->workspace, parts_.random, looking_,
                   nullptr,     &looks_,       accounts_.get()};
    tasks_.spawn(work(std::move(parts), loaded));
  });
  return true;
}

void Service::put(const QueuedRun& run) {
  {
    const std::lock_guard lock(mutex_);
    open_.emplace(run.sync, run);
  }
  for (auto* watcher : watchers_) watcher->on_queued(run);
  worker_->look();
}

Result<PutRun> Service::ask(const std::string& sync, const RunAsk& ask, const std::string& by,
                            const std::string& once) {
  const LoadedRef loaded = current_.get();
  const config::Sync* known = loaded->project().sync(sync);
  if (known == nullptr)
    return Error{ErrorKind::config, fmt::format("there is no sync '{}'", sync),
                 "`penstock status` lists them"};
  QueuedRun run = queued_run(*known, loaded->workspace->new_run_id(), "request", parts_.loop.clock().now());
  run.kind = name_of(ask.kind);
  run.options = options_json(ask);
  run.by = by;
  run.once = once;
  auto put = queue_->put(run);
  if (!put.ok() || !put->added) return put;
  parts_.loop.post([this, run] { this->put(run); });
  return put;
}

Result<bool> Service::cancel(const std::string& run) {
  auto told = queue_->cancel(run, parts_.loop.clock().now());
  if (!told.ok() || !*told) return told;
  parts_.loop.post([this, run] {
    if (worker_->cancel(run)) return;
    const std::lock_guard lock(mutex_);
    std::erase_if(open_, [&](const auto& one) { return one.second.run == run; });
  });
  return told;
}

Result<void> Service::pause(const std::string& sync, const std::optional<std::string>& by) {
  const LoadedRef loaded = current_.get();
  if (loaded->project().sync(sync) == nullptr)
    return Error{ErrorKind::config, fmt::format("there is no sync '{}'", sync),
                 "`penstock status` lists them"};
  const Time now = parts_.loop.clock().now();
  if (auto done = queue_->set_paused(sync, by, now); !done.ok()) return done;
  const std::lock_guard lock(mutex_);
  look_again_ = true;
  Due& due = dues_[sync];
  due.paused = by ? std::optional(now) : std::nullopt;
  due.paused_by = by.value_or("");
  if (by) due.next.reset();
  return success();
}

Standing Service::standing(const std::string& sync) const {
  const std::lock_guard lock(mutex_);
  Standing standing;
  if (const auto due = dues_.find(sync); due != dues_.end()) standing.due = due->second;
  if (const auto open = open_.find(sync); open != open_.end()) standing.open = open->second;
  return standing;
}

std::optional<RunProgress> Service::progress(const std::string& run) const {
  const std::lock_guard lock(mutex_);
  const auto found = progress_.find(run);
  return found == progress_.end() ? std::nullopt : std::optional(found->second);
}

void Service::on_begun(const QueuedRun& run) {
  {
    const std::lock_guard lock(mutex_);
    open_.insert_or_assign(run.sync, run);
  }
  for (auto* watcher : watchers_) watcher->on_begun(run);
}

void Service::on_request(const config::Sync& sync, const SentRequest& request) {
  for (auto* watcher : watchers_) watcher->on_request(sync, request);
}

void Service::on_progress(const QueuedRun& run, const RunProgress& progress) {
  {
    const std::lock_guard lock(mutex_);
    progress_.insert_or_assign(run.run, progress);
  }
  for (auto* watcher : watchers_) watcher->on_progress(run, progress);
}

void Service::on_ended(const QueuedRun& run, const LoadedRef& loaded, const config::Sync* sync,
                       const Result<RunReport>& result) {
  {
    const std::lock_guard lock(mutex_);
    progress_.erase(run.run);
    std::erase_if(open_, [&](const auto& one) { return one.second.run == run.run; });
  }
  for (auto* watcher : watchers_) watcher->on_ended(run, loaded, sync, result);
}

void Service::on_trouble(const std::string& what, const Error& error) {
  for (auto* watcher : watchers_) watcher->on_trouble(what, error);
}

}  // namespace penstock::service
