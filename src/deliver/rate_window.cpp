#include "deliver/rate_window.h"

#include <algorithm>
#include <cmath>

namespace penstock {
namespace {

// Requests that leave a window within this part of its length are kept as one: a day's window has a bounded
// memory, and a short one loses nothing that could be measured.
constexpr int64_t kWindowParts = 4096;
// After a refusal; then so much more in each window that passes without one.
constexpr double kSlower = 0.85, kFaster = 0.02, kSlowest = 0.1;
// In a longer window a refusal says nothing of our pace.
constexpr Duration kPacedMax = 10min;
// A response that allows more than so many times what was declared is not believed.
constexpr uint64_t kBelievedTimes = 100;

}  // namespace

uint64_t RateWindow::used(Instant now) {
  while (!past_.empty() && past_.front().last <= now) {
    past_requests_ -= past_.front().requests;
    past_.pop_front();
  }
  return in_flight_ + past_requests_;
}

double RateWindow::pace(Instant now) const {
  if (pace_ >= 1) return 1;
  const double windows = in_seconds(now - refused_at_) / in_seconds(rate_.per);
  return std::min(1.0, pace_ + kFaster * std::floor(windows));
}

uint64_t RateWindow::allowed(Instant now) const {
  const double ours = static_cast<double>(rate_.count) * share_ * pace(now);
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::floor(ours + 1e-9)));
}

std::optional<Instant> RateWindow::next_room(Instant now) {
  (void)used(now);
  std::optional<Instant> next;
  if (!past_.empty()) next = past_.front().last;
  if (others(now) > 0) next = next ? std::min(*next, others_until_) : others_until_;
  return next;
}

void RateWindow::finish(Instant now) {
  --in_flight_;
  remember(1, now);
}

void RateWindow::remember(uint64_t requests, Instant now) {
  const Instant leaves = now + rate_.per;
  past_requests_ += requests;
  if (!past_.empty() && leaves - past_.back().first <= rate_.per / kWindowParts) {
    past_.back().last = std::max(past_.back().last, leaves);
    past_.back().requests += requests;
  } else {
    past_.push_back({leaves, leaves, requests});
  }
}

void RateWindow::learn(const WindowNews& news, Instant now, uint64_t spent) {
  if (news.length && *news.length >= Duration(1ms) && *news.length <= Duration(24h)) rate_.per = *news.length;
  if (news.allowed && *news.allowed > 0 && *news.allowed / kBelievedTimes <= rate_.count)
    rate_.count = *news.allowed;
  // Who allows none at all does not speak of this limit.
  if (news.allowed == 0) return;
  if (!news.remaining || *news.remaining > rate_.count) return;
  const uint64_t taken = rate_.count - *news.remaining;
  const uint64_t ours = std::max(used(now), spent);
  const uint64_t theirs = taken > ours ? taken - ours : 0;
  // Only the share of the window that others press into from our side takes anything from us.
  const uint64_t room = rate_.count - std::min(rate_.count, allowed(now));
  others_ = theirs > room ? theirs - room : 0;
  const bool ends = news.ends_in && *news.ends_in >= Duration(0) && *news.ends_in < rate_.per;
  others_until_ = now + (ends ? *news.ends_in : rate_.per);
}

void RateWindow::refused(Instant now) {
  if (rate_.per > kPacedMax) return;
  // What was under way when the first was refused is refused with it: that counts once.
  if (pace_ < 1 && now - refused_at_ < std::max<Duration>(rate_.per / 2, 1s)) return;
  pace_ = std::max(kSlowest, pace(now) * kSlower);
  refused_at_ = now;
}

}  // namespace penstock
