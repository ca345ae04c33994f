// What differs between a project as it is and as it was, told sync by sync.
#pragma once

#include <string>
#include <vector>

#include "config/project.h"

namespace penstock::config {

struct SyncDifference {
  enum class Kind { added, changed, removed };
  std::string sync;
  Kind kind = Kind::changed;
  // Of a changed one, in the order of a row's path: "source warehouse", "model customers", "connector acme",
  // "destination crm", then what stands in the sync itself: "fields.tier", "guard".
  std::vector<std::string> what;
};
std::string_view name_of(SyncDifference::Kind kind);

// By what is meant: comments, line breaks and the order of keys make no difference. `before` and `after` show
// the same directory. In order of name. What is wrong with the files is not said: load_project() says it.
std::vector<SyncDifference> sync_differences(Disk& before, Disk& after, const std::string& directory);

}  // namespace penstock::config
