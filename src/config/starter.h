// `penstock init`: a small project that runs as it stands against `penstock sandbox`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace penstock::config {

struct StarterFile {
  std::string_view path;  // relative to the project's directory
  std::string_view text;
};
// In the order of their paths' importance to a reader.
const std::vector<StarterFile>& starter_files();

// Writes them below `directory`, which is made where it is missing. Where any of them is there already,
// nothing is written: the error (kind config) names all that are. Returns the paths written.
Result<std::vector<std::string>> write_starter(Disk& disk, const std::string& directory);

}  // namespace penstock::config
