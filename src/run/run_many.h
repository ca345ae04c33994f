// Several syncs in one run: side by side, each after those that it follows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/run.h"

namespace penstock {

struct ManyOptions {
  // A plan takes the source's memory and all cores; two of them keep both busy.
  size_t plans_at_once = 2;
  // Runs under way: each holds its source open and a plan in a file, some ten megabytes.
  size_t runs_at_once = 32;
};

// What became of a sync. Called on the loop's thread, in the order in which they end.
struct EndedSync {
  const config::Sync& sync;
  // Empty: it was not begun, because of the sync in `because` (which failed), or because a person stopped.
  std::optional<Result<RunReport>> report;
  declare::Diagnostics diagnostics;  // with a report that is an error of kind `config`
  std::string because;
};
using OnEnded = std::function<void(const EndedSync&)>;

// `syncs` are in an order in which each stands after those that it follows; what it follows and is not among
// them counts as done. A sync whose forerunner did not come to its end (it failed, was stopped by a guard or
// interrupted) is not begun: it would carry rows that stand on data which is not there. Rejected rows do not
// hold up the others.
Task<void> run_many(RunParts parts, std::vector<const config::Sync*> syncs, RunRequest request,
                    OnEnded on_ended, ManyOptions options = {});

}  // namespace penstock
