#include "async/sim_loop.h"

#include <fmt/format.h>

namespace penstock {
namespace {

// Not zero, so that an Instant that was never set does not pass for "now".
constexpr Instant kFirstInstant = Instant(Duration(1h));

}  // namespace

SimClock::SimClock(Time start)
    : instant_(kFirstInstant.time_since_epoch().count()),
      wall_offset_(unix_micros(start) - kFirstInstant.time_since_epoch().count()) {}

void SimClock::advance_to(Instant at) {
  if (at > instant()) instant_ = at.time_since_epoch().count();
}

SimLoop::SimLoop(Time start) : clock_(start) {}

SimLoop::~SimLoop() {
  destroy_tasks();
}

bool SimLoop::wait(std::optional<Instant> until) {
  // A timer at the end of time is a wait without end.
  if (!until || *until == Instant::max()) return false;
  clock_.advance_to(*until);
  return true;
}

void SimLoop::start(std::shared_ptr<Work> work) {
  work->run();
  finish(*work);
}

Error SimLoop::stuck() const {
  return {
      ErrorKind::internal,
      fmt::format("the main task waits for something that can never happen: at {} nothing is ready and no "
                  "timer is set ({} spawned tasks are waiting too)",
                  iso8601(clock_.now()), spawned_running()),
      "look for a channel that is never closed, an event that is never set or a permit that is not released"};
}

}  // namespace penstock
