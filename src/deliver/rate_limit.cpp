#include "deliver/rate_limit.h"

#include <algorithm>
#include <cmath>

#include "deliver/limit_news.h"

namespace penstock {

RateLimit::RateLimit(const connector::LimitRule& rule, double share, uint64_t group, uint32_t learned)
    : learned_(rule.learn), is_keyed_(rule.per.has_value()), group_(group) {
  for (const auto& rate : rule.rates) windows_.emplace_back(rate, share);
  if (rule.concurrency)
    concurrency_ = std::max<uint64_t>(
        1, static_cast<uint64_t>(std::floor(static_cast<double>(*rule.concurrency) * share + 1e-9)));
  if (rule.adaptive) adaptive_.emplace(learned);
}

RateLimit::Opening RateLimit::opening(Instant now) {
  if (now < paused_until_) return {.next = paused_until_};
  if ((concurrency_ && in_flight_ >= *concurrency_) || (adaptive_ && in_flight_ >= adaptive_->allowed()))
    return {};
  for (auto& window : windows_) {
    if (window.has_room(now)) continue;
    return {.next = window.next_room(now), .used_up = window.rate().per >= kQuotaWindow ? &window : nullptr};
  }
  return {.now = true};
}

void RateLimit::take() {
  ++in_flight_;
  for (auto& window : windows_) window.take();
}

void RateLimit::finish(RequestEnd end, Instant begun, Instant now) {
  if (adaptive_ && end == RequestEnd::answered) adaptive_->answered(begun, now, in_flight_);
  if (adaptive_ && end == RequestEnd::refused) adaptive_->refused(begun, now);
  --in_flight_;
  for (auto& window : windows_) {
    window.finish(now);
    if (end == RequestEnd::refused) window.refused(now);
  }
}

void RateLimit::give_back() {
  --in_flight_;
  for (auto& window : windows_) window.give_back();
}

void RateLimit::learn(const HttpReply& reply, Instant now, Time wall,
                      const std::function<uint64_t(const RateWindow&)>& spent) {
  for (const auto& rule : learned_) {
    const WindowNews news = limit_news(rule, reply, wall);
    const auto window = std::find_if(windows_.begin(), windows_.end(), [&](const RateWindow& one) {
      return !rule.window || one.rate().per == *rule.window;
    });
    if (window != windows_.end()) window->learn(news, now, spent(*window));
  }
}

void RateLimit::add_shared_windows(Instant now, std::vector<SharedWindow>& windows) {
  for (const auto& window : windows_) {
    const uint64_t allowed = window.allowed(now), others = window.others(now);
    windows.push_back({group_, window.rate().per, allowed - std::min(allowed, others)});
  }
  if (concurrency_) windows.push_back({group_, Duration(0), *concurrency_});
}

bool RateLimit::is_idle(Instant now) {
  return in_flight_ == 0 && paused_until_ <= now &&
         std::all_of(windows_.begin(), windows_.end(), [&](auto& window) { return window.is_idle(now); });
}

Duration RateLimit::longest_window() const {
  Duration longest{};
  for (const auto& window : windows_) longest = std::max(longest, window.rate().per);
  return longest;
}

}  // namespace penstock
