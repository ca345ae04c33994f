// When to try again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace penstock {

struct RetryPolicy {
  uint32_t attempts = 6;  // in all, for what fails; being throttled spends none
  Duration first = 500ms;
  Duration longest = 30s;
};

// Exponential with full jitter: uniform in [0, first * 2^(failures-1)], at most `longest`. What the
// destination asked for is a lower bound.
Duration backoff(const RetryPolicy& policy, uint32_t failures, std::optional<Duration> asked, Random& random);

// Retry-After: seconds, or an HTTP date (RFC 9110, section 10.2.3). Bounded to an hour.
std::optional<Duration> parse_retry_after(std::string_view value, Time now);

}  // namespace penstock
