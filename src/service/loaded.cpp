#include "service/loaded.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "run/check_project.h"

namespace penstock::service {
namespace {

namespace fs = std::filesystem;

void add_look(const fs::directory_entry& entry, std::string& look) {
  std::error_code gone;  // while we look: the next look sees it
  const auto size = entry.file_size(gone);
  const auto written = entry.last_write_time(gone).time_since_epoch().count();
  look += fmt::format("{} {} {}\n", entry.path().native(), size, written);
}

// Names, sizes and times of the project's own files; another one when any of them was changed.
std::string look_of_files(const std::string& directory) {
  std::vector<std::string> looks;
  std::error_code failed;
  for (const char* name : {"penstock.yaml", "penstock.yml"})
    if (const fs::directory_entry entry(join_path(directory, name), failed); entry.exists(failed))
      add_look(entry, looks.emplace_back());
  for (const char* kind : {"sources", "models", "destinations", "syncs", "alerts", "connectors", "tests"})
    for (const auto& entry : fs::directory_iterator(join_path(directory, kind), failed))
      add_look(entry, looks.emplace_back());
  std::ranges::sort(looks);
  return fmt::format("{}", fmt::join(looks, ""));
}

}  // namespace

bool Current::load() {
  const std::lock_guard loading(loading_);
  files_ = look_of_files(directory_);
  return read();
}

std::optional<bool> Current::load_if_changed() {
  const std::lock_guard loading(loading_);
  std::string now = look_of_files(directory_);
  if (now == files_) return std::nullopt;
  files_ = std::move(now);
  return read();
}

bool Current::read() {
  declare::Diagnostics diagnostics;
  auto workspace = check_project(disk_, clock_, directory_, {}, diagnostics);
  if (workspace.ok() && diagnostics.ok() && before_effect_)
    if (auto may = before_effect_(**workspace); !may.ok()) diagnostics.error({}, may.error().message);
  const bool usable = workspace.ok() && diagnostics.ok();
  auto loaded = usable ? std::make_shared<Loaded>(Loaded{*std::move(workspace), clock_.now()}) : LoadedRef();
  const std::lock_guard lock(mutex_);
  if (usable) loaded_ = std::move(loaded);
  problems_ = std::move(diagnostics);
  return usable;
}

LoadedRef Current::get() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

declare::Diagnostics Current::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

}  // namespace penstock::service
