#include "store/files/staging.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/disk.h"

namespace penstock::files {

Staging::Staging(std::string directory, std::string name, std::string session)
    : directory_(std::move(directory)),
      prefix_(fmt::format(".penstock-{}.", name)),
      path_(join_path(directory_, prefix_ + session)) {}

Result<void> Staging::begin() const {
  const auto there = real_disk().exists(directory_);
  if (!there.ok()) return there.error();
  if (!*there)
    return Error{ErrorKind::disk, fmt::format("there is no directory {}", directory_), "create it"};
  const auto names = real_disk().list(directory_);
  if (!names.ok()) return names.error();
  for (const auto& name : *names)
    if (name.starts_with(prefix_))
      if (auto removed = real_disk().remove(join_path(directory_, name)); !removed.ok()) return removed;
  if (::mkdir(path_.c_str(), 0700) == 0) return success();
  return Error{ErrorKind::disk, fmt::format("cannot make the directory {}: {}", path_, std::strerror(errno)),
               "make this place writable for the user that runs penstock"};
}

Result<void> Staging::check_there() const {
  const auto there = real_disk().exists(path_);
  if (!there.ok() || *there) return there.ok() ? success() : Result<void>(there.error());
  return Error{ErrorKind::disk, "the parts of this file are not there any more",
               "see that no other sync writes to the same object; then run the same command again"};
}

std::string Staging::part_path(uint64_t part) const {
  return join_path(path_, fmt::format("{:012}.part", part));
}

Result<std::vector<std::string>> Staging::parts() const {
  const auto names = real_disk().list(path_);
  if (!names.ok()) return names.error();
  std::vector<std::string> parts;
  for (const auto& name : *names)
    if (name.ends_with(".part") && !name.starts_with('.')) parts.push_back(join_path(path_, name));
  return parts;
}

std::string Staging::path(std::string_view name) const {
  return join_path(path_, name);
}

void Staging::remove() const {
  (void)real_disk().remove(path_);
}

}  // namespace penstock::files
