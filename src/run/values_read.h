// What a run read of a record before it wrote to it (`before: keep`).
#pragma once

#include <optional>
#include <string>

#include "run/workspace.h"

namespace penstock {

// Of one row, as one JSON object: the values of the mapped fields, personal ones masked; an empty one where
// there was no record. Nullopt: nothing was read, or it is not kept any more.
Result<std::optional<std::string>> values_read(const Workspace& workspace, const std::string& sync,
                                               const std::string& run, KeyHash key);

}  // namespace penstock
