// Plans that people asked for: made beside the runs, looked at, approved, and run exactly as they are.
// Private to server/.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "service/service.h"

namespace penstock::server {

struct KeptPlan {
  enum class State { planning, ready, failed };
  std::string id, sync;
  State state = State::planning;
  Time made{};
  std::string file;  // Parquet, in the state's directory
  service::LoadedRef loaded{};
  std::optional<PlannedSync> planned{};
  std::optional<Error> error{};
  declare::Diagnostics diagnostics{};
};
using KeptPlanRef = std::shared_ptr<const KeptPlan>;

// Thread-safe. Plans are kept for a day, and not beyond this process: their files are removed with it.
class Plans {
 public:
  // `service` outlives it.
  explicit Plans(service::Service& service, std::string version);
  // Begins one; it is found by the id at once.
  Result<KeptPlanRef> start(const std::string& sync, bool full, uint64_t samples);
  KeptPlanRef find(const std::string& id) const;
  void forget_old();
  // Removes all files.
  void close();

 private:
  void make(std::shared_ptr<KeptPlan> plan, RunRequest request);
  service::Service& service_;
  const std::string version_;
  mutable std::mutex mutex_;
  std::map<std::string, KeptPlanRef> plans_;
};

}  // namespace penstock::server
