// The accounts that this process writes to, each with its limits.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "deliver/rate_limits.h"

namespace penstock {

// Syncs to one account (the same type, address and login) share its limits, whatever the destination is
// called. Loop thread only.
class Accounts {
 public:
  // `directory`: where processes on this machine share what they spend; empty: they do not.
  Accounts(Loop& loop, std::string directory) : loop_(loop), directory_(std::move(directory)) {}
  // `share` of each limit is ours; of several destinations with one account the first decides.
  std::shared_ptr<RateLimits> of(const connector::Target& target, double share);

 private:
  Loop& loop_;
  std::string directory_;
  std::map<std::string, std::shared_ptr<RateLimits>> accounts_;  // shared with the runs that use them
};

// The target's limits among those of all accounts, or, without these, limits of its own.
std::shared_ptr<RateLimits> limits_of(Loop& loop, Accounts* accounts, const connector::Target& target,
                                      double share);

}  // namespace penstock
