// Time that only goes forward on this machine, and that its sleep does not stop.
#pragma once

#include <cstdint>
#include <ctime>

namespace penstock::state {

inline int64_t machine_us() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);  // unlike CLOCK_MONOTONIC it counts suspended time
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace penstock::state
