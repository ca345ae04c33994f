#include "ledger/retention.h"

#include <fmt/format.h>

#include <ctime>

namespace penstock {
namespace {

// Runs are named by when they began: 20261123-141311-x7k2. Names of another form are never too old.
bool began_before(const std::string& file, Time when) {
  std::tm date{};
  const char* rest = ::strptime(file.c_str(), "%Y%m%d-%H%M%S", &date);
  return rest != nullptr && *rest == '-' && Time(Duration(int64_t{::timegm(&date)} * 1'000'000)) < when;
}

}  // namespace

void remove_old_operations(Disk& disk, const StatePaths& paths, const std::string& sync, Duration keep,
                           Time now) {
  if (keep <= Duration(0)) return;
  for (const char* kind : {"operations", "requests"}) {
    const std::string directory = join_path(join_path(paths.root, kind), sync);
    const auto names = disk.list(directory);
    if (!names.ok()) continue;
    for (const auto& name : *names)
      if (began_before(name, now - keep)) (void)disk.remove(join_path(directory, name));
  }
}

}  // namespace penstock
