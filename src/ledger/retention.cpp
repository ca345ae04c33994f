#include "ledger/retention.h"

#include <fmt/format.h>

#include <ctime>
#include <map>

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

void remove_beyond_size(Disk& disk, const StatePaths& paths, const std::vector<std::string>& syncs,
                        uint64_t bytes_max, const std::string& newest) {
  struct OfRun {
    std::vector<std::string> files;
    uint64_t bytes = 0;
  };
  std::map<std::string, OfRun> runs;  // by name, which begins with when they began
  uint64_t total = 0;
  for (const auto& sync : syncs)
    for (const char* kind : {"operations", "requests"}) {
      const std::string directory = join_path(join_path(paths.root, kind), sync);
      const auto files = disk.sizes(directory);
      if (!files.ok()) continue;  // it has none yet
      for (const auto& file : *files) {
        if (!file.name.ends_with(".parquet")) continue;
        OfRun& run = runs[file.name.substr(0, file.name.size() - std::string_view(".parquet").size())];
        run.files.push_back(join_path(directory, file.name));
        run.bytes += file.size;
        total += file.size;
      }
    }
  for (const auto& [name, run] : runs) {
    if (total <= bytes_max) return;
    if (name == newest) continue;
    for (const auto& file : run.files) (void)disk.remove(file);
    total -= run.bytes;
  }
}

}  // namespace penstock
