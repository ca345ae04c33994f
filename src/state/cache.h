// A directory for one process's copies of the shared state.
#pragma once

#include <optional>
#include <string>

#include "base/disk.h"
#include "ledger/lock.h"

namespace penstock::state {

// The first of `base`/0, `base`/1, ... that no other process uses: commands that follow each other find what
// is there already. Given up with the object.
struct Cache {
  std::string root;
  SyncLock lock;
  static Result<Cache> take(Disk& disk, const std::string& base);
};

}  // namespace penstock::state
