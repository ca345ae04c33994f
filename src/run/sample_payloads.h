// What a mapping makes of a model's first rows: for who edits it.
#pragma once

#include <string>
#include <vector>

#include "run/workspace.h"
#include "source/source.h"

namespace penstock {

// JSON objects by field, in the rows' order: personal values masked, NULL as null, and what cannot be
// converted as {"invalid": why}. What is wrong with the mapping goes to `diagnostics`; nothing is given then.
// Blocks.
Result<std::vector<std::string>> sample_payloads(const Workspace& workspace, const config::Sync& sync,
                                                 OpenedModel& opened, uint64_t rows,
                                                 declare::Diagnostics& diagnostics);

}  // namespace penstock
