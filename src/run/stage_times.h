// Where the time of a run went.
#pragma once

#include <vector>

#include "base/time.h"

namespace penstock {

enum class RunStage { opening, planning, delivering, settling };
const char* name_of(RunStage stage);

struct StageCost {
  RunStage stage = RunStage::opening;
  Duration took{};
  Duration cpu{};  // of the whole process meanwhile: other runs of it are in there, too
};

class StageTimes {
 public:
  // The stage before, if any, ends with it; one that is under way goes on.
  void enter(RunStage stage, Instant now);
  void end(Instant now);
  const std::vector<StageCost>& costs() const { return costs_; }
  // Without the one under way.
  std::vector<StageCost> ended() const;

 private:
  std::vector<StageCost> costs_;  // of those that have ended, and of the one under way
  bool is_under_way_ = false;
  Instant began_{};
  Duration cpu_before_{};
};

}  // namespace penstock
