#include "async/sim_loop.h"

#include <fmt/format.h>

namespace penstock {

SimClock::SimClock(Time start, Instant first)
    : instant_(first.time_since_epoch().count()),
      wall_offset_(unix_micros(start) - first.time_since_epoch().count()) {}

void SimClock::advance_to(Instant at) {
  if (at > instant()) instant_ = at.time_since_epoch().count();
}

SimLoop::SimLoop(Time start, Instant first) : clock_(start, first) {}

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
  if (draw_offload_time_) return spawn(carry_out(std::move(work)));
  work->run();
  finish(*work);
}

Task<void> SimLoop::carry_out(std::shared_ptr<Work> work) {
  co_await sleep_for(draw_offload_time_());
  if (is_awaited(*work)) work->run();
  co_await sleep_for(draw_offload_time_());
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
