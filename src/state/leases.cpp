#include "state/leases.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "state/machine_clock.h"

namespace penstock::state {
namespace {

// So often in the length of a lease it is renewed.
constexpr int kRenewals = 6;

std::string name_of_process() {
  Random random = Random::from_system();
  return fmt::format("{:x}-{:x}", ::getpid(), random.below(uint64_t{1} << 48));
}

}  // namespace

std::optional<Error> Lease::lost() const {
  if (taken_)
    return Error{ErrorKind::locked,
                 fmt::format("the lease of {} was lost: another worker has it", fence_.lease),
                 "nothing more was written; that worker goes on from the ledger"};
  if (machine_us() >= ends_us_ - margin_us_)
    return Error{
        ErrorKind::locked,
        fmt::format("the lease of {} could not be renewed in time: another worker may have it", fence_.lease),
        "see that the shared state can be reached; the next run goes on from the ledger"};
  return std::nullopt;
}

Leases::Leases(LeaseStore& store, Duration length)
    : store_(store), length_(length), process_(name_of_process()) {}

Leases::~Leases() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

Result<std::shared_ptr<Lease>> Leases::take(const std::string& name, const std::string& subject,
                                            const std::string& holder) {
  std::string who;
  {
    const std::lock_guard lock(mutex_);
    who = fmt::format("{}\n{}-{}", holder, process_, ++takings_);
  }
  // Counted from before the question: the store's own count begins later.
  const int64_t asked_us = machine_us();
  auto taken = store_.take(name, who, length_);
  if (!taken.ok()) return taken.error();
  const std::lock_guard lock(mutex_);
  if (!taken->token) {
    standings_[name] = taken->standing;
    return Error{
        ErrorKind::locked,
        fmt::format("sync '{}' is being run by {}", subject,
                    taken->holder.substr(0, taken->holder.find('\n'))),
        "wait until it has finished, or stop that process; if it died, its lease runs out by itself"};
  }
  auto lease = std::make_shared<Lease>(Fence{name, *taken->token}, asked_us + length_.count(), length_ / 2);
  held_[name] = lease;
  standings_.erase(name);
  if (!keeper_.joinable()) keeper_ = std::thread([this] { keep_alive(); });
  changed_.notify_all();
  return lease;
}

void Leases::give_back(const Lease& lease) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find(lease.fence().lease);
    if (found != held_.end() && found->second->fence().token == lease.fence().token) held_.erase(found);
  }
  // When this fails it runs out by itself.
  if (!lease.taken_) (void)store_.give_back(lease.fence());
}

std::shared_ptr<Lease> Leases::held(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(name);
  return found == held_.end() ? nullptr : found->second;
}

std::string Leases::standing(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = standings_.find(name);
  return found == standings_.end() ? "" : found->second;
}

void Leases::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    changed_.wait_for(lock, length_ / kRenewals, [this] { return ending_; });
    if (!ending_ && !held_.empty()) renew_all(lock);
  }
}

void Leases::renew_all(std::unique_lock<std::mutex>& lock) {
  std::vector<std::shared_ptr<Lease>> leases;
  std::vector<Fence> fences;
  for (const auto& [name, lease] : held_) {
    if (lease->taken_) continue;
    leases.push_back(lease);
    fences.push_back(lease->fence());
  }
  lock.unlock();
  const int64_t asked_us = machine_us();
  const auto renewed = store_.renew(fences, length_);
  for (size_t i = 0; renewed.ok() && i < leases.size(); ++i) {
    if ((*renewed)[i])
      leases[i]->ends_us_ = asked_us + length_.count();
    else
      leases[i]->taken_ = true;
  }
  lock.lock();
}

}  // namespace penstock::state
