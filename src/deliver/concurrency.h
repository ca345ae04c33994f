// How many requests at once a destination takes, found out by trying.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace penstock {

// Additive increase, multiplicative decrease: more at once while requests are answered well, fewer when one
// is refused as too many, or when answers take longer than they must. Near the number that was refused last
// it climbs slowly, so that it stays there most of the time. Not thread-safe.
class Concurrency {
 public:
  // What was learned before; 0: nothing.
  explicit Concurrency(uint32_t learned = 0);
  uint64_t allowed() const { return static_cast<uint64_t>(cap_); }
  // A request that was begun then was answered now, when so many were under way.
  void answered(Instant begun, Instant now, uint64_t in_flight);
  void refused(Instant begun, Instant now);
  // Times that it was decreased for a refusal, with no good answer in between.
  uint32_t refusals() const { return refusals_; }
  // Worth to be remembered for the next run; 0: too little is known.
  uint32_t learned() const { return settled_ ? static_cast<uint32_t>(cap_) : 0; }

 private:
  void decrease(double factor, Instant now);

  double cap_;
  double ceiling_ = 0;    // where it was refused last; 0: never
  bool settled_ = false;  // it was refused, or was slow, at least once
  uint32_t refusals_ = 0;
  Instant decreased_{};
  Duration fastest_{};  // answer, lately
  Duration usual_{};    // answers, lately
  Instant fastest_since_{};
};

}  // namespace penstock
