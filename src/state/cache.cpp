#include "state/cache.h"

#include <fmt/format.h>
#include <unistd.h>

namespace penstock::state {

Result<Cache> Cache::take(Disk& disk, const std::string& base) {
  constexpr int kPlaces = 256;
  for (int i = 0; i < kPlaces; ++i) {
    const std::string root = join_path(base, fmt::to_string(i));
    if (auto made = disk.make_directories(root); !made.ok())
      return Error{ErrorKind::disk, made.error().message,
                   "make this place writable, or name another directory in PENSTOCK_CACHE"};
    auto lock = SyncLock::acquire(join_path(root, "lock"), "cache", fmt::format("process {}", ::getpid()));
    if (!lock.ok() && lock.error().kind == ErrorKind::locked) continue;
    if (!lock.ok()) return lock.error();
    if (auto kept = disk.keep_private(root); !kept.ok()) return kept.error();
    return Cache{root, *std::move(lock)};
  }
  return Error{ErrorKind::disk, fmt::format("{} processes use the copies in {} already", kPlaces, base),
               "name another directory in PENSTOCK_CACHE"};
}

}  // namespace penstock::state
