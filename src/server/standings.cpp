#include "server/standings.h"

#include <algorithm>

namespace penstock::server {
namespace {

// Commands of people change what is here without telling us.
constexpr Duration kStandingHolds = 10s;

}  // namespace

Result<SyncStanding> Standings::of(const service::LoadedRef& loaded, const config::Sync& sync,
                                   RunStore* store) {
  const Instant now = real_clock().instant();
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(sync.name);
    if (found != known_.end() && now < found->second.read + kStandingHolds) return found->second.standing;
  }
  auto runs = store == nullptr ? Result<std::vector<RunRow>>(std::vector<RunRow>())
                               : store->list(sync.name, kRunsOfStatus);
  if (!runs.ok()) return runs.error();
  auto status = sync_status(*loaded->workspace, sync, *runs);
  if (!status.ok()) return status.error();
  runs->resize(std::min<size_t>(runs->size(), kRuns));
  SyncStanding standing{*std::move(status), *std::move(runs)};
  const std::lock_guard lock(mutex_);
  known_[sync.name] = {standing, now};
  return standing;
}

void Standings::forget(const std::string& sync) {
  const std::lock_guard lock(mutex_);
  known_.erase(sync);
}

void Standings::on_loaded(const service::LoadedRef&) {
  const std::lock_guard lock(mutex_);
  known_.clear();
}

}  // namespace penstock::server
