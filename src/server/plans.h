// Plans that people asked for: made beside the runs, looked at, approved, and run exactly as they are.
// Private to server/.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/event_hub.h"
#include "service/service.h"

namespace penstock::server {

struct KeptPlan {
  enum class State { planning, ready, failed };
  std::string id, sync;
  State state = State::planning;
  Time made{};
  std::string file;  // Parquet, in the state's directory; whoever shares the state can read it
  service::LoadedRef loaded{};
  std::optional<PlannedSync> planned{};
  std::optional<Error> error{};
  declare::Diagnostics diagnostics{};
  std::string run{};  // the last one that was asked for with it
};
using KeptPlanRef = std::shared_ptr<const KeptPlan>;

std::string_view plan_state(KeptPlan::State state);
// Below the directory of the state, whatever that is on a machine.
std::string plan_file_name(const std::string& id);

// Thread-safe. Plans are kept for a day, and not beyond this process: their files are removed with it, but
// for those that a run may still want. Whoever listens to events hears of each change.
class Plans {
 public:
  // All outlive it.
  Plans(service::Service& service, EventHub& events, const Clock& clock, std::string version);
  // Begins one; it is found by the id at once.
  Result<KeptPlanRef> start(const std::string& sync, bool full, uint64_t samples);
  KeptPlanRef find(const std::string& id) const;
  // A run of it was asked for.
  void note_run(const std::string& id, const std::string& run);
  // Somebody approved of it.
  void note_approved(const KeptPlan& plan) { tell(plan); }
  // To be called every now and then.
  void forget_old();
  // Removes the files that nobody wants any more.
  void close();

 private:
  void make(std::shared_ptr<KeptPlan> plan, RunRequest request);
  void complete(std::shared_ptr<KeptPlan> done);
  void tell(const KeptPlan& plan);

  service::Service& service_;
  EventHub& events_;
  const Clock& clock_;
  const std::string version_;
  mutable std::mutex mutex_;
  std::map<std::string, KeptPlanRef> plans_;
};

}  // namespace penstock::server
