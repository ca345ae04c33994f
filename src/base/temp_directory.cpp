#include "base/temp_directory.h"

#include <cstdlib>

#include "base/disk.h"
#include "base/result.h"

namespace penstock {

TempDirectory::TempDirectory() {
  const char* base = std::getenv("TMPDIR");
  path_ = join_path(base && *base ? base : "/tmp", "penstock-XXXXXX");
  check(::mkdtemp(path_.data()) != nullptr, "no temporary directory can be made");
}

TempDirectory::~TempDirectory() {
  // What cannot be removed is left to the system's own cleaning.
  if (auto removed = real_disk().remove(path_); !removed.ok()) return;
}

std::string TempDirectory::path(std::string_view name) const {
  return join_path(path_, name);
}

}  // namespace penstock
