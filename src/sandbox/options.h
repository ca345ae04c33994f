// How a sandbox behaves: the flags of `penstock sandbox`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/limits.h"

namespace penstock {

struct SandboxOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  std::string vendor = "hubspot";
  std::string dialect;                      // a Lua file that takes the place of the vendor; "": none
  std::optional<sandbox::RateLimit> limit;  // none given: the vendor's own; 0 requests: no limits at all
  uint32_t daily_limit = 0;                 // requests a day; 0: the vendor's own
  uint32_t at_once = 0;                     // requests under way, over all tokens; 0: as many as come
  Duration latency{};                       // of every answer
  Duration search_lag{};                    // until a search sees what was written
  Duration job_time = 200ms;                // of a vendor's job: half of it queued, half of it working
  double fail_rows = 0;                     // share of rows refused for good: the same ones for the same seed
  double fail_requests = 0;                 // share of requests answered with 503 and not carried out
  uint64_t seed = 1;                        // of everything random
  bool strict = false;                      // refuse unknown properties and objects instead of adding them
  bool history = false;                     // keep every write for GET /_sandbox/history/OBJECT
  size_t threads = 1;                       // of the HTTP server; requests are carried out one at a time
};

namespace sandbox {

// "190/10s", "5/s", "100/1m" (units ms, s, m, h) or "none". Errors are of kind config.
Result<RateLimit> parse_rate_limit(std::string_view text);
// "1%", "0.5%" or "0.01", from 0 to 1. Errors are of kind config.
Result<double> parse_share(std::string_view text);

}  // namespace sandbox
}  // namespace penstock
