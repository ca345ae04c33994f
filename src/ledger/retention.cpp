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

void remove_old_operations(Disk& disk, const StatePaths& paths, const std::string& sync, Retention keep,
                           Time now) {
  const std::pair<const char*, Duration> kinds[] = {
      {"operations", keep.operations}, {"requests", keep.operations}, {"before", keep.before}};
  for (const auto& [kind, age] : kinds) {
    if (age <= Duration(0)) continue;
    const std::string directory = join_path(join_path(paths.root, kind), sync);
    const auto names = disk.list(directory);
    if (!names.ok()) continue;
    for (const auto& name : *names)
      if (began_before(name, now - age)) (void)disk.remove(join_path(directory, name));
  }
}

}  // namespace penstock
