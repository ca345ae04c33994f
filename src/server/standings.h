// How syncs stand, kept ready: a page that shows a thousand of them asks for none of their files. Private to
// server/.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "run/sync_status.h"
#include "service/service.h"

namespace penstock::server {

struct SyncStanding {
  SyncStatus status;
  std::vector<RunRow> runs;  // the last twenty, newest first
};

// Thread-safe.
class Standings final : public service::Watcher {
 public:
  static constexpr uint64_t kRuns = 20;
  // Reads what is not known, or may have changed since: after a run, a new project, or when it is older than
  // what other processes may have done (10 seconds, where they share the state).
  Result<SyncStanding> of(const service::LoadedRef& loaded, const config::Sync& sync, RunStore* store);

  void on_begun(const QueuedRun& run) override { forget(run.sync); }
  void on_ended(const QueuedRun& run, const service::LoadedRef&, const config::Sync*,
                const Result<RunReport>&) override {
    forget(run.sync);
  }
  void on_loaded(const service::LoadedRef&) override;
  // After something was changed by another way than a run.
  void forget(const std::string& sync);

 private:
  struct Known {
    SyncStanding standing;
    Instant read{};
  };
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace penstock::server
