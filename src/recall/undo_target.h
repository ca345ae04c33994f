// A sync's destination, made ready to get back what a run overwrote. The model's source is not asked.
#pragma once

#include <memory>

#include "recall/undo_plan.h"
#include "run/run.h"

namespace penstock {

struct UndoTarget {
  std::unique_ptr<Access> access;
  std::unique_ptr<connector::Target> target;
  std::unique_ptr<Router> router;
  double rate_share = 1;
};

// `removes`: records that the run made are to go. `looks_only`: nothing is written. Gives the values of
// `overwritten` the style of the destination. Errors of kind config: what the destination cannot do.
Task<Result<UndoTarget>> bind_undo_target(RunParts parts, const config::Sync& sync,
                                          OverwrittenBy& overwritten, bool removes, bool looks_only,
                                          declare::Diagnostics& diagnostics);

}  // namespace penstock
