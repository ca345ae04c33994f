// The leases that this process holds, kept alive by a thread of their own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "state/object_store.h"

namespace penstock::state {

// Thread-safe.
class Lease {
 public:
  // `margin`: so much earlier it counts as lost, for what is still on its way by then.
  Lease(Fence fence, int64_t ends_us, Duration margin)
      : fence_(std::move(fence)), margin_us_(margin.count()), ends_us_(ends_us) {}
  const Fence& fence() const { return fence_; }
  // Why nothing may be sent under it any more: it was taken by somebody, or could not be renewed in time, so
  // that somebody may soon have it. Asks this machine's clock only, which also runs while the machine sleeps.
  std::optional<Error> lost() const;

 private:
  friend class Leases;
  Fence fence_;
  const int64_t margin_us_;
  std::atomic<int64_t> ends_us_;
  std::atomic<bool> taken_ = false;
};

// Thread-safe. `store` must outlive this.
class Leases {
 public:
  Leases(LeaseStore& store, Duration length);
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;
  ~Leases();

  // The error (of kind `locked`) names the holder.
  Result<std::shared_ptr<Lease>> take(const std::string& name, const std::string& subject,
                                      const std::string& holder);
  void give_back(const Lease& lease);
  // Null: not ours.
  std::shared_ptr<Lease> held(const std::string& name) const;
  // What the last take() that failed saw of the holder (TakenLease::standing); empty: none failed.
  std::string standing(const std::string& name) const;

 private:
  void keep_alive();
  void renew_all(std::unique_lock<std::mutex>& lock);

  LeaseStore& store_;
  const Duration length_;
  const std::string process_;  // tells this one from all others
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<Lease>> held_;
  std::map<std::string, std::string> standings_;
  uint64_t takings_ = 0;
  bool ending_ = false;
  std::thread keeper_;
};

}  // namespace penstock::state
