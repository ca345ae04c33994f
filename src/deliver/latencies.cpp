#include "deliver/latencies.h"

#include <algorithm>
#include <chrono>

namespace penstock {

void LatencyWindow::add(Duration latency) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  micros_[next_] = static_cast<uint32_t>(std::clamp<int64_t>(micros, 0, UINT32_MAX));
  next_ = (next_ + 1) % kRequests;
  held_ = std::min(held_ + 1, kRequests);
}

std::optional<Latencies> LatencyWindow::latencies() const {
  if (held_ == 0) return std::nullopt;
  auto sorted = micros_;
  const auto end = sorted.begin() + static_cast<ptrdiff_t>(held_);
  std::sort(sorted.begin(), end);
  // The smallest that so many of a hundred do not exceed.
  const auto at = [&](size_t percent) {
    const size_t rank = (held_ * percent + 99) / 100;
    return Duration(std::chrono::microseconds(sorted[std::max<size_t>(rank, 1) - 1]));
  };
  return Latencies{at(50), at(90), at(99)};
}

}  // namespace penstock
