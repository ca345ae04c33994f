// The accounts that this process writes to, each with its limits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "deliver/rate_limits.h"

namespace penstock {

// Syncs to one account (the same type, address and login) share its limits, whatever the destination is
// called. Loop thread only.
class Accounts {
 public:
  // Where an account's spending is shared; null: nowhere, and this process keeps to the limits by itself. The
  // name is made of digests; `many`: some of its limits are one for each key.
  using OpenSpending = std::function<std::unique_ptr<Spending>(const std::string& name, bool many)>;
  Accounts(Loop& loop, OpenSpending open) : loop_(loop), open_(std::move(open)) {}
  // `directory`: where processes on this machine share what they spend; empty: they do not.
  Accounts(Loop& loop, std::string directory);
  // `share` of each limit is ours; of several destinations with one account the first decides.
  std::shared_ptr<RateLimits> of(const connector::Target& target, double share);

 private:
  Loop& loop_;
  OpenSpending open_;
  std::map<std::string, std::shared_ptr<RateLimits>> accounts_;  // shared with the runs that use them
};

// In a file of this directory; null where there can be none.
std::unique_ptr<Spending> open_spending_file(const std::string& directory, const std::string& name,
                                             bool many);

// The target's limits among those of all accounts, or, without these, limits of its own.
std::shared_ptr<RateLimits> limits_of(Loop& loop, Accounts* accounts, const connector::Target& target,
                                      double share);

}  // namespace penstock
