#include "deliver/retry.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace penstock {

Duration backoff(const RetryPolicy& policy, uint32_t failures, std::optional<Duration> asked,
                 Random& random) {
  const uint32_t doublings = std::min<uint32_t>(failures > 0 ? failures - 1 : 0, 20);
  const Duration ceiling = std::min(policy.longest, policy.first * (int64_t{1} << doublings));
  const Duration drawn(static_cast<int64_t>(random.below(static_cast<uint64_t>(ceiling.count()) + 1)));
  return asked ? std::max(*asked, drawn) : drawn;
}

std::optional<Duration> parse_retry_after(std::string_view value, Time now) {
  constexpr Duration kLongest = 1h;
  int64_t seconds = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (parsed.ec == std::errc() && parsed.ptr == value.data() + value.size() && seconds >= 0)
    return std::min<Duration>(kLongest, Duration(std::min<int64_t>(seconds, 1'000'000) * 1'000'000));
  std::tm date{};
  if (::strptime(std::string(value).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr)
    return std::nullopt;
  const Time at = Time(Duration(int64_t{::timegm(&date)} * 1'000'000));
  return std::clamp<Duration>(at - now, Duration(0), kLongest);
}

}  // namespace penstock
