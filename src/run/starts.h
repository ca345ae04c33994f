// Whose turn it is to begin, where many syncs want to run and only so many may. Those to one destination wait
// for the same limits: so the destination that fewest are writing to comes first, and ten syncs to a slow
// account do not keep a hundred others from accounts that are idle.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/sync.h"
#include "config/project.h"

namespace penstock {

// Loop thread only.
class Starts {
 public:
  Starts(Loop& loop, size_t at_once) : loop_(loop), at_once_(at_once) {}
  // Nobody begins before: the first to ask would all be of one destination.
  void open();
  // Until the sync may begin: by priority, then by destination, then first come, first served.
  Task<void> wait(const config::Sync& sync);
  void ended(const config::Sync& sync);

 private:
  struct Waiting {
    const config::Sync* sync;
    Event* granted;
  };
  void give();

  Loop& loop_;
  size_t at_once_, running_ = 0;
  bool is_open_ = false;
  std::vector<Waiting> waiting_;  // in the order in which they came
  std::map<std::string, size_t> running_to_;
};

}  // namespace penstock
