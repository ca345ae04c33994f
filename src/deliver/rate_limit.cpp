#include "deliver/rate_limit.h"

#include <algorithm>
#include <cmath>

#include "async/interruptible.h"

namespace penstock {

RateLimit::RateLimit(Loop& loop, declare::Rate rate, double share)
    : loop_(loop), rate_(rate), share_(share), turn_(loop, 1), released_(loop) {}

uint64_t RateLimit::allowed() const {
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::floor(static_cast<double>(rate_.count) * share_)));
}

uint64_t RateLimit::used() {
  forget_past();
  return counted();
}

void RateLimit::forget_past() {
  const Instant now = loop_.now();
  for (auto* queue : {&past_, &others_})
    while (!queue->empty() && queue->front() <= now) queue->pop_front();
}

Task<bool> RateLimit::acquire(Event& stop) {
  co_await turn_.acquire();
  co_await wait_for_room(stop);
  if (!stop.is_set()) ++in_flight_;
  turn_.release();
  co_return !stop.is_set();
}

Task<void> RateLimit::wait_for_room(Event& stop) {
  while (!stop.is_set()) {
    forget_past();
    if (loop_.now() < paused_until_) {
      co_await interruptible_sleep(loop_, paused_until_, stop);
    } else if (counted() < allowed()) {
      break;
    } else if (past_.empty() && others_.empty()) {
      released_.reset();
      co_await released_.wait();
    } else {
      const Instant next = past_.empty()     ? others_.front()
                           : others_.empty() ? past_.front()
                                             : std::min(past_.front(), others_.front());
      co_await interruptible_sleep(loop_, next, stop);
    }
  }
}

void RateLimit::release() {
  --in_flight_;
  past_.push_back(loop_.now() + rate_.per);
  released_.set();
}

void RateLimit::pause_until(Instant until) {
  paused_until_ = std::max(paused_until_, until);
}

void RateLimit::learn(std::optional<uint64_t> allowed, std::optional<uint64_t> remaining) {
  if (allowed && *allowed > 0) rate_.count = *allowed;
  if (!remaining) return;
  const uint64_t taken = rate_.count > *remaining ? rate_.count - *remaining : 0;
  const uint64_t ours = in_flight_ + past_.size();
  const uint64_t others = taken > ours ? taken - ours : 0;
  // Only the share of the window that others press into from our side takes anything from us.
  const uint64_t room = rate_.count - std::min(rate_.count, this->allowed());
  const uint64_t pressing = others > room ? others - room : 0;
  others_.assign(pressing, loop_.now() + rate_.per);
}

}  // namespace penstock
