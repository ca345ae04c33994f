// What a change of the project's files changes of the plans: for people, for scripts, and as Markdown for a
// comment on a merge request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "config/differences.h"
#include "run/run.h"

namespace penstock::cli {

// The plan of one sync against the state as it is, or why there is none.
struct PlanSide {
  std::optional<PlannedSync> planned;
  std::string problem;
};

struct AgainstSync {
  config::SyncDifference difference;
  PlanSide before;  // with the files of the revision; empty for a sync that is added
  PlanSide now;     // empty for one that is removed
};

struct Against {
  std::string revision;  // as it was asked for
  std::string commit;    // its id
  std::vector<AgainstSync> syncs;
  std::vector<std::string> notes;
};

std::string against_text(const Against& against, const Terminal& terminal);
// One object a sync, one line each.
std::string against_json(const Against& against);
// No values of rows are in it.
std::string against_markdown(const Against& against);

}  // namespace penstock::cli
