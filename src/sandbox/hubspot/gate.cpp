#include "sandbox/hubspot/gate.h"

#include <fmt/format.h>

#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr std::string_view kBearer = "Bearer ";

std::string_view token_of(const ServerRequest& request) {
  const std::string* header = request.header("Authorization");
  if (header == nullptr || !header->starts_with(kBearer)) return {};
  return std::string_view(*header).substr(kBearer.size());
}

Refusal not_logged_in(std::string category, std::string message) {
  return {401, std::move(category), std::move(message), {}};
}

void add(Headers& headers, const char* name, uint64_t value) {
  headers.emplace_back(name, std::to_string(value));
}

}  // namespace

std::optional<Refusal> Gate::check_login(const ServerRequest& request) const {
  const std::string_view token = token_of(request);
  if (token.empty()) {
    return not_logged_in(
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication: send "
        "the header Authorization: Bearer TOKEN");
  }
  switch (state_.token_state(token)) {
    case TokenState::valid:
      return std::nullopt;
    case TokenState::expired:
      return not_logged_in("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call has expired");
    case TokenState::revoked:
      return not_logged_in("INVALID_AUTHENTICATION",
                           "The access token of this call was revoked or is not known");
  }
  return std::nullopt;
}

// Retry-After comes with every second refusal only: HubSpot does not always send it.
ServerReply Gate::throttle(const char* policy, Duration wait, bool with_retry_after) {
  const std::string name = lower_ascii(policy);
  ServerReply reply = reply_of(429);
  reply.body = fmt::format(R"({{"status":"error","message":"You have reached your {} limit.",)"
                           R"("errorType":"RATE_LIMIT","correlationId":"{}","policyName":"{}",)"
                           R"("category":"RATE_LIMITS"}})",
                           name, correlation_id(state_.random), policy);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  if (with_retry_after) reply.headers.emplace_back("Retry-After", std::to_string(seconds));
  return reply;
}

std::optional<ServerReply> Gate::check_search() {
  const Admission admission = state_.limits.admit("search", kSearches, state_.instant);
  if (admission.admitted) return std::nullopt;
  return throttle("SECONDLY", admission.wait, ++throttled_ % 2 == 0);
}

std::optional<ServerReply> Gate::check_limits(const ServerRequest& request, LimitGroup group,
                                              Headers& headers) {
  if (unlimited()) return std::nullopt;
  if (group == LimitGroup::search) return check_search();
  const RateLimit limit = state_.options.limit.value_or(kTenSecondly);
  const uint32_t daily = state_.options.daily_limit == 0 ? kDaily : state_.options.daily_limit;
  const std::string key = fmt::format("token {}", token_of(request));
  const Admission window = state_.limits.admit(key, limit, state_.instant);
  const Admission day = window.admitted ? state_.today.admit(daily, state_.now) : Admission();
  add(headers, "X-HubSpot-RateLimit-Max", limit.requests);
  add(headers, "X-HubSpot-RateLimit-Remaining", window.remaining);
  add(headers, "X-HubSpot-RateLimit-Interval-Milliseconds", static_cast<uint64_t>(limit.per / 1ms));
  add(headers, "X-HubSpot-RateLimit-Daily", daily);
  add(headers, "X-HubSpot-RateLimit-Daily-Remaining",
      window.admitted ? day.remaining : state_.today.remaining(daily));
  if (!window.admitted) return throttle("TEN_SECONDLY_ROLLING", window.wait, ++throttled_ % 2 == 0);
  if (!day.admitted) return throttle("DAILY", day.wait, false);
  return std::nullopt;
}

}  // namespace penstock::sandbox::hubspot
