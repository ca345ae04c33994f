#include "run/stage_times.h"

#include <ctime>

namespace penstock {
namespace {

Duration cpu_of_process() {
  timespec time{};
  (void)::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return Duration(time.tv_sec * 1'000'000 + time.tv_nsec / 1000);
}

}  // namespace

const char* name_of(RunStage stage) {
  static constexpr const char* kNames[] = {"opening", "planning", "delivering", "settling"};
  return kNames[static_cast<size_t>(stage)];
}

void StageTimes::enter(RunStage stage, Instant now) {
  if (is_under_way_ && costs_.back().stage == stage) return;
  end(now);
  costs_.push_back({.stage = stage});
  is_under_way_ = true;
  began_ = now;
  cpu_before_ = cpu_of_process();
}

std::vector<StageCost> StageTimes::ended() const {
  return {costs_.begin(), costs_.end() - (is_under_way_ ? 1 : 0)};
}

void StageTimes::end(Instant now) {
  if (!is_under_way_) return;
  is_under_way_ = false;
  costs_.back().took = now - began_;
  costs_.back().cpu = cpu_of_process() - cpu_before_;
}

}  // namespace penstock
