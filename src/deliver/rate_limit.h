// One limit of a destination: so many requests in any window of so long.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "async/loop.h"
#include "async/sync.h"
#include "declare/units.h"

namespace penstock {

// A sliding window over our own requests. A request counts from the moment it may be sent until `per` after
// its reply came: the server counted it some time in between, so its window has certainly rolled past it by
// then. First come, first served. Loop thread only.
class RateLimit {
 public:
  // `share` of the rate is ours, the rest is left to others.
  RateLimit(Loop& loop, declare::Rate rate, double share = 1.0);

  // Waits until one more request fits: true, and one release() must follow. False as soon as `stop` is set:
  // nothing may be sent any more.
  Task<bool> acquire(Event& stop);
  // The reply came, or never will.
  void release();
  // Nothing is sent before `until`, whatever the window says.
  void pause_until(Instant until);
  // What a response says of the limit: the window allows so many requests, so many are left in it. Requests
  // of others are seen as what is missing beyond our own.
  void learn(std::optional<uint64_t> allowed, std::optional<uint64_t> remaining);

  const declare::Rate& rate() const { return rate_; }
  // Requests of ours that count in the present window, and how many may.
  uint64_t used();
  uint64_t allowed() const;

 private:
  void forget_past();
  Task<void> wait_for_room(Event& stop);
  uint64_t counted() const { return in_flight_ + past_.size() + others_.size(); }

  Loop& loop_;
  declare::Rate rate_;
  double share_;
  Semaphore turn_;  // one waits at the front, the others behind it
  Event released_;
  uint64_t in_flight_ = 0;
  std::deque<Instant> past_;    // when each finished request stops to count
  std::deque<Instant> others_;  // the same for requests of others that we learned of
  Instant paused_until_{};
};

}  // namespace penstock
