// What is open of all alerts, in a file of the state directory. Private to this folder.
#pragma once

#include <map>
#include <string>

#include "alert/outages.h"
#include "base/disk.h"

namespace penstock::alert {

// By the alert's name; one for each alert of the project.
using AllOutages = std::map<std::string, Outages>;

// docs/formats.md, "Open alerts". Replaced atomically. Errors are of kind `disk`.
class OpenFile {
 public:
  OpenFile(Disk& disk, const std::string& directory)
      : disk_(disk), directory_(directory), path_(join_path(directory, "open.json")) {}
  // Empty where there is no file. Alerts that the project does not have any more are left out.
  Result<AllOutages> read(const config::Project& project) const;
  Result<void> write(const AllOutages& open);
  std::string lock_path() const { return join_path(directory_, "lock"); }
  Result<void> make_directory() { return disk_.make_directories(directory_); }
  static AllOutages empty(const config::Project& project);

 private:
  Disk& disk_;
  const std::string directory_, path_;
};

}  // namespace penstock::alert
