// Who may come in, and how often: HubSpot's login and its limits.
#pragma once

#include <optional>

#include "sandbox/answer.h"
#include "sandbox/hubspot/reply.h"
#include "sandbox/state.h"

namespace penstock::sandbox::hubspot {

// Requests a 10 s of one app, and a day of the account, by the plan Professional.
inline constexpr RateLimit kTenSecondly{190, 10s};
inline constexpr uint32_t kDaily = 625'000;
// Searches of the account, counted apart.
inline constexpr RateLimit kSearches{5, 1s};

enum class LimitGroup { general, search };

// Checks one request after the other. Not thread-safe.
class Gate {
 public:
  explicit Gate(State& state) : state_(state) {}

  // 401, or none if the login is good.
  std::optional<Refusal> check_login(const ServerRequest& request) const;
  // Counts the request, sets the limit headers that its reply gets, and returns the 429 if it is refused.
  std::optional<ServerReply> check_limits(const ServerRequest& request, LimitGroup group, Headers& headers);

 private:
  std::optional<ServerReply> check_search();
  bool unlimited() const { return state_.options.limit && state_.options.limit->requests == 0; }
  ServerReply throttle(const char* policy, Duration wait, bool with_retry_after);

  State& state_;
  uint64_t throttled_ = 0;
};

}  // namespace penstock::sandbox::hubspot
