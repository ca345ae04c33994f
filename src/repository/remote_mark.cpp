#include "repository/remote_mark.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>

namespace penstock::repository {
namespace {

constexpr std::string_view kMark = "remote-";

// Nullopt: the name is none of a mark.
std::optional<pid_t> process_in(std::string_view name) {
  if (!name.starts_with(kMark)) return std::nullopt;
  name.remove_prefix(kMark.size());
  pid_t process = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), process);
  if (problem != std::errc() || end == name.data() || process <= 0) return std::nullopt;
  return process;
}

bool is_alive(pid_t process) {
  return ::kill(process, 0) == 0 || errno != ESRCH;
}

void remove_locks(const std::string& directory) {
  std::error_code failed;  // a lock that cannot be removed is told by whoever meets it
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, failed))
    if (entry.path().extension() == ".lock") std::filesystem::remove(entry.path(), failed);
}

}  // namespace

Result<RemoteMark> RemoteMark::set(Disk& disk, const Checkout& checkout) {
  if (auto made = disk.make_directories(checkout.git_directory + "penstock"); !made.ok()) return made.error();
  std::string path = checkout.own(fmt::format("{}{}", kMark, ::getpid()));
  if (auto written = disk.replace(path, ""); !written.ok()) return written.error();
  return RemoteMark(disk, std::move(path));
}

RemoteMark::~RemoteMark() {
  if (!path_.empty()) (void)disk_.remove(path_);
}

Result<void> clear_after_the_dead(Disk& disk, const Checkout& checkout) {
  const auto names = disk.list(checkout.git_directory + "penstock");
  if (!names.ok()) return success();  // nothing was ever done here
  for (const std::string& name : *names) {
    const std::string_view whole(name);
    const bool is_unfinished = whole.ends_with(".new");
    const auto process = process_in(is_unfinished ? whole.substr(0, whole.size() - 4) : whole);
    if (!process || is_alive(*process)) continue;
    if (!is_unfinished) remove_locks(checkout.git_directory + "refs/remotes");
    if (auto removed = disk.remove(checkout.own(name)); !removed.ok()) return removed;
  }
  return success();
}

void remove_own_locks(const Checkout& checkout) {
  remove_locks(checkout.git_directory + "refs/penstock");
}

}  // namespace penstock::repository
