// One window of a limit: so many requests in any stretch of so long.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "declare/units.h"

namespace penstock {

// What a response says of a window. Absent: it does not say.
struct WindowNews {
  std::optional<uint64_t> allowed{}, remaining{};  // requests in the whole window, and left in it
  std::optional<Duration> ends_in{};               // until the window begins anew
  std::optional<Duration> length{};
};

// A sliding window over our own requests. A request counts from the moment it may be sent until `per` after
// its reply came: the server counted it some time in between, so its window has certainly rolled past it by
// then. Requests of others are known only as far as responses tell of them. Not thread-safe.
class RateWindow {
 public:
  // `share` of the rate is ours, the rest is left to others.
  RateWindow(declare::Rate rate, double share) : rate_(rate), share_(share) {}

  const declare::Rate& rate() const { return rate_; }
  // Requests of ours that count now, and how many may.
  uint64_t used(Instant now);
  uint64_t allowed(Instant now) const;
  // Requests of others that press into our share.
  uint64_t others(Instant now) const { return now < others_until_ ? others_ : 0; }
  bool is_idle(Instant now) { return used(now) == 0 && others(now) == 0 && pace(now) >= 1; }
  bool has_room(Instant now) { return used(now) + others(now) < allowed(now); }
  // When something leaves the window; nullopt: only when a request that is under way is done.
  std::optional<Instant> next_room(Instant now);

  // A request may be sent; then one of these two follows.
  void take() { ++in_flight_; }
  void finish(Instant now);
  void give_back() { --in_flight_; }  // it was not sent
  // So many requests were sent by earlier processes, the last of them then.
  void remember(uint64_t requests, Instant now);

  // News that cannot be true are passed over: they do no more harm than none.
  // `spent`: requests that are known to be ours, where that is more than this process's.
  void learn(const WindowNews& news, Instant now, uint64_t spent = 0);
  // A request was refused as too fast though the window had room: somebody else presses. We go slower, and
  // come back little by little.
  void refused(Instant now);

 private:
  // Requests that leave the window at about the same time.
  struct Past {
    Instant first, last;
    uint64_t requests = 0;
  };
  double pace(Instant now) const;

  declare::Rate rate_;
  double share_;
  uint64_t in_flight_ = 0, past_requests_ = 0;
  std::deque<Past> past_;
  uint64_t others_ = 0;  // requests of others that press into our share
  Instant others_until_{};
  double pace_ = 1;  // part of our share that we take, since the last refusal
  Instant refused_at_{};
};

}  // namespace penstock
