#include "server/plans.h"

#include <fmt/format.h>

#include "run/history.h"

namespace penstock::server {
namespace {

constexpr Duration kPlanHolds = std::chrono::hours(24);
constexpr std::string_view kDirectory = "plans";

void remove_file(const KeptPlan& plan) {
  (void)plan.loaded->workspace->disk().remove(plan.file);
}

// What processes before this one left: ids begin with the time at which they were given.
void sweep(const Workspace& workspace, Time before) {
  const std::string directory = join_path(workspace.paths().root, kDirectory);
  auto names = workspace.disk().list(directory);
  if (!names.ok()) return;
  std::string limit = iso8601(before).substr(0, 19);
  std::erase_if(limit, [](char each) { return each == '-' || each == ':'; });
  limit[8] = '-';
  for (const auto& name : *names)
    if (name < limit) (void)workspace.disk().remove(join_path(directory, name));
}

}  // namespace

std::string_view plan_state(KeptPlan::State state) {
  switch (state) {
    case KeptPlan::State::planning:
      return "planning";
    case KeptPlan::State::ready:
      return "ready";
    case KeptPlan::State::failed:
      return "failed";
  }
  die("a state of a plan without a name");
}

std::string plan_file_name(const std::string& id) {
  return join_path(kDirectory, id + ".parquet");
}

Plans::Plans(service::Service& service, EventHub& events, const Clock& clock, std::string version)
    : service_(service), events_(events), clock_(clock), version_(std::move(version)) {}

void Plans::tell(const KeptPlan& plan) {
  events_.tell_plan(plan.id, plan.sync, plan_state(plan.state));
}

Result<KeptPlanRef> Plans::start(const std::string& sync, bool full, uint64_t samples) {
  forget_old();
  const auto loaded = service_.project();
  if (loaded->project().sync(sync) == nullptr)
    return Error{ErrorKind::config, fmt::format("there is no sync '{}'", sync), ""};
  auto plan = std::make_shared<KeptPlan>();
  plan->id = loaded->workspace->new_run_id();
  plan->sync = sync;
  plan->made = clock_.now();
  plan->loaded = loaded;
  const std::string& root = loaded->workspace->paths().root;
  if (auto made = loaded->workspace->disk().make_directories(join_path(root, kDirectory)); !made.ok())
    return made.error();
  plan->file = join_path(root, plan_file_name(plan->id));
  sweep(*loaded->workspace, plan->made - kPlanHolds);
  RunRequest request;
  request.kind = full ? RunKind::full : RunKind::usual;
  request.samples = samples;
  request.out = plan->file;
  request.version = version_;
  {
    const std::lock_guard lock(mutex_);
    plans_.insert_or_assign(plan->id, plan);
  }
  tell(*plan);
  make(plan, std::move(request));
  return KeptPlanRef(plan);
}

// What was asked stays as it is; what comes of it takes its place when it is complete.
void Plans::make(std::shared_ptr<KeptPlan> asked, RunRequest request) {
  service_.begin_on_loop([this, asked, request](RunParts parts, service::LoadedRef loaded) -> Task<void> {
    return [](Plans& plans, std::shared_ptr<KeptPlan> one, RunRequest wanted, RunParts given,
              service::LoadedRef project) -> Task<void> {
      auto done = std::make_shared<KeptPlan>(*one);
      done->loaded = project;
      const config::Sync* sync = project->project().sync(one->sync);
      auto planned = sync == nullptr
                         ? Result<PlannedSync>(Error{ErrorKind::config, "the sync is gone", ""})
                         : co_await plan_sync(std::move(given), *sync, std::move(wanted), done->diagnostics);
      if (planned.ok()) {
        add_values_before(*project->workspace, sync->name, planned->plan.samples);
        done->planned = *std::move(planned);
        done->state = KeptPlan::State::ready;
      } else {
        done->error = planned.error();
        done->state = KeptPlan::State::failed;
      }
      plans.complete(std::move(done));
    }(*this, asked, request, std::move(parts), std::move(loaded));
  });
}

void Plans::complete(std::shared_ptr<KeptPlan> done) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = plans_.find(done->id);
    if (found == plans_.end()) return;
    found->second = done;
  }
  tell(*done);
}

void Plans::note_run(const std::string& id, const std::string& run) {
  std::string sync;
  {
    const std::lock_guard lock(mutex_);
    const auto found = plans_.find(id);
    if (found == plans_.end()) return;
    auto noted = std::make_shared<KeptPlan>(*found->second);
    noted->run = run;
    sync = noted->sync;
    found->second = std::move(noted);
  }
  events_.tell_plan(id, sync, "run", run);
}

KeptPlanRef Plans::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(id);
  return found == plans_.end() ? nullptr : found->second;
}

void Plans::forget_old() {
  const Time now = clock_.now();
  std::vector<KeptPlanRef> old;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(plans_, [&](const auto& one) {
      if (now < one.second->made + kPlanHolds) return false;
      old.push_back(one.second);
      return true;
    });
  }
  for (const auto& plan : old) {
    remove_file(*plan);
    events_.tell_plan(plan->id, plan->sync, "expired");
  }
}

void Plans::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, plan] : plans_)
    if (plan->run.empty()) remove_file(*plan);
  plans_.clear();
}

}  // namespace penstock::server
