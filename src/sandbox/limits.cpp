#include "sandbox/limits.h"

namespace penstock::sandbox {
namespace {

// A client that invents tokens must not fill the memory: past this, new ones share a window.
constexpr size_t kKeysMax = 10'000;

}  // namespace

Admission RollingWindow::admit(RateLimit limit, Instant now) {
  if (limit.requests == 0) return {};
  admitted_.resize(limit.requests);
  while (count_ > 0 && admitted_[oldest_] + limit.per <= now) {
    oldest_ = (oldest_ + 1) % admitted_.size();
    --count_;
  }
  if (count_ == limit.requests) return {false, 0, admitted_[oldest_] + limit.per - now};
  admitted_[(oldest_ + count_) % admitted_.size()] = now;
  ++count_;
  return {true, limit.requests - static_cast<uint32_t>(count_), {}};
}

Admission DailyCount::admit(uint32_t requests_max, Time now) {
  if (requests_max == 0) return {};
  const auto today = std::chrono::floor<std::chrono::days>(now);
  if (today != day_) count_ = 0;
  day_ = today;
  if (count_ == requests_max) return {false, 0, today + std::chrono::days(1) - now};
  ++count_;
  return {true, requests_max - count_, {}};
}

bool UnderWay::has_room(uint32_t requests_max, Instant now) {
  while (!ends_.empty() && ends_.top() <= now) ends_.pop();
  return requests_max == 0 || ends_.size() < requests_max;
}

Admission RateLimits::admit(std::string_view key, RateLimit limit, Instant now) {
  auto window = windows_.find(key);
  if (window == windows_.end()) {
    window = windows_.try_emplace(windows_.size() < kKeysMax ? std::string(key) : std::string()).first;
  }
  return window->second.admit(limit, now);
}

}  // namespace penstock::sandbox
