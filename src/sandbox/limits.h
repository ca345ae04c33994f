// Rate limits as vendors count them: so many requests in any stretch of a given length.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace penstock::sandbox {

struct RateLimit {
  uint32_t requests = 0;  // 0: no limit
  Duration per{};
};

// What became of one request under a limit.
struct Admission {
  bool admitted = true;
  uint32_t remaining = 0;  // after this request
  Duration wait{};         // if refused: until the oldest counted request leaves the window
};

// A rolling window; refused requests are not counted. Not thread-safe.
class RollingWindow {
 public:
  Admission admit(RateLimit limit, Instant now);

 private:
  std::vector<Instant> admitted_;  // a ring of the last `requests` admitted ones
  size_t oldest_ = 0;
  size_t count_ = 0;
};

// Requests since midnight UTC. Not thread-safe.
class DailyCount {
 public:
  // `wait` of a refusal is the time to the next midnight.
  Admission admit(uint32_t requests_max, Time now);
  uint32_t remaining(uint32_t requests_max) const {
    return requests_max > count_ ? requests_max - count_ : 0;
  }

 private:
  std::chrono::sys_days day_{};
  uint32_t count_ = 0;
};

// Requests under way: each from when it came until its answer goes. Refused ones are not counted. Not
// thread-safe.
class UnderWay {
 public:
  bool has_room(uint32_t requests_max, Instant now);
  void add(Instant until) { ends_.push(until); }

 private:
  std::priority_queue<Instant, std::vector<Instant>, std::greater<>> ends_;
};

// One window for every key: a token, an account, a channel.
class RateLimits {
 public:
  Admission admit(std::string_view key, RateLimit limit, Instant now);

 private:
  std::map<std::string, RollingWindow, std::less<>> windows_;
};

}  // namespace penstock::sandbox
