// Refresh tokens that vendors exchange for newer ones: the destination's file cannot be rewritten, so the
// newest is kept in the state directory, readable by its owner only. docs/formats.md describes the file.
#pragma once

#include <optional>
#include <string>

#include "async/loop.h"
#include "base/disk.h"
#include "ledger/lock.h"

namespace penstock {

// Of one destination. `given` is the token of the destination's file; what is kept belongs to it, and when a
// person puts a new one there, what was kept is forgotten.
class RefreshTokens {
 public:
  // `directory` is made when something must be kept. `disk` and `locks` must outlive
  // this.
  RefreshTokens(Disk& disk, std::string directory, std::string destination, Locks& locks = file_locks());

  // One process at a time exchanges a token: with vendors whose tokens can be used once, two that use the
  // same one would lock each other out. Waits for a minute.
  Task<Result<SyncLock>> lock(Loop& loop);
  // The newest that belongs to `given`; `given` itself when none was kept.
  Result<std::string> newest(const std::string& given) const;
  // Durable when it returns.
  Result<void> keep(const std::string& given, const std::string& newer);

 private:
  std::string file() const;
  Disk* disk_;
  Locks* locks_;
  std::string directory_, destination_;
};

}  // namespace penstock
