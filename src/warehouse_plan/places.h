// Where the drawn part of a sync's state lies: the directory of the sync, or one of its own for a plan that
// is only looked at.
#pragma once

#include <string>

#include "base/disk.h"

namespace penstock {

struct DrawPlaces {
  std::string directory;
  std::string candidates() const { return join_path(directory, "candidates.duckdb"); }
  std::string mark() const { return join_path(directory, "warehouse.json"); }
  std::string snapshot() const { return join_path(directory, "snapshot"); }
  std::string owners() const { return join_path(directory, "owners"); }
  std::string written() const { return join_path(directory, "written"); }
};

}  // namespace penstock
