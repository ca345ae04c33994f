// How long the last requests took. Private to deliver/, but for Latencies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace penstock {

// So many of a hundred requests took no longer.
struct Latencies {
  Duration p50{}, p90{}, p99{};
};

// The last requests, as many as it holds: what was before does not hide what is. Not thread-safe.
class LatencyWindow {
 public:
  static constexpr size_t kRequests = 512;
  void add(Duration latency);
  // Sorts what it holds: for several times a second, not for each request. Nullopt: nothing was added.
  std::optional<Latencies> latencies() const;

 private:
  std::array<uint32_t, kRequests> micros_{};  // a ring; an hour fits
  size_t next_ = 0, held_ = 0;
};

}  // namespace penstock
