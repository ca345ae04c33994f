#include "server/plans.h"

#include <fmt/format.h>

#include "run/history.h"

namespace penstock::server {
namespace {

constexpr Duration kPlanHolds = std::chrono::hours(24);

}  // namespace

Plans::Plans(service::Service& service, std::string version)
    : service_(service), version_(std::move(version)) {}

Result<KeptPlanRef> Plans::start(const std::string& sync, bool full, uint64_t samples) {
  forget_old();
  const auto loaded = service_.project();
  if (loaded->project().sync(sync) == nullptr)
    return Error{ErrorKind::config, fmt::format("there is no sync '{}'", sync), ""};
  auto plan = std::make_shared<KeptPlan>();
  plan->id = loaded->workspace->new_run_id();
  plan->sync = sync;
  plan->made = real_clock().now();
  plan->loaded = loaded;
  const std::string directory = join_path(loaded->workspace->paths().root, "plans");
  if (auto made = real_disk().make_directories(directory); !made.ok()) return made.error();
  plan->file = join_path(directory, plan->id + ".parquet");
  RunRequest request;
  request.kind = full ? RunKind::full : RunKind::usual;
  request.samples = samples;
  request.out = plan->file;
  request.version = version_;
  {
    const std::lock_guard lock(mutex_);
    plans_.insert_or_assign(plan->id, plan);
  }
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
      const std::lock_guard lock(plans.mutex_);
      if (const auto found = plans.plans_.find(done->id); found != plans.plans_.end()) found->second = done;
    }(*this, asked, request, std::move(parts), std::move(loaded));
  });
}

KeptPlanRef Plans::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(id);
  return found == plans_.end() ? nullptr : found->second;
}

void Plans::forget_old() {
  const Time now = real_clock().now();
  const std::lock_guard lock(mutex_);
  std::erase_if(plans_, [&](const auto& one) {
    if (now < one.second->made + kPlanHolds) return false;
    (void)real_disk().remove(one.second->file);
    return true;
  });
}

void Plans::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, plan] : plans_) (void)real_disk().remove(plan->file);
  plans_.clear();
}

}  // namespace penstock::server
