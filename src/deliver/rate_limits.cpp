#include "deliver/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "async/interruptible.h"

namespace penstock {
namespace {

// Limits of keys are looked through for idle ones when there are so many, then at twice of what is left.
constexpr size_t kForgetAt = 1024;
// How often it is looked again whether other processes have let go.
constexpr Duration kLookAgain = 20ms;

void put_earlier(std::optional<Instant>& next, Instant at) {
  next = next ? std::min(*next, at) : at;
}

}  // namespace

struct RateLimits::Waiting {
  LimitUser& user;
  LimitSet limits;
  Event told;
  Turn turn{};
};

// A place in the queue, left when it goes.
class RateLimits::Place {
 public:
  Place(std::shared_ptr<Queue> queue, std::pair<double, uint64_t> key, Waiting& waiting)
      : queue_(std::move(queue)), key_(key) {
    queue_->emplace(key_, &waiting);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { queue_->erase(key_); }

 private:
  std::shared_ptr<Queue> queue_;
  std::pair<double, uint64_t> key_;
};

void LimitUser::stop() {
  stopped_ = true;
  limits_.changed();
}

Permit::~Permit() {
  if (user_ == nullptr) return;
  if (sent_) {
    end(RequestEnd::failed);
    return;
  }
  for (const auto& limit : limits_) limit->give_back();
  if (!shared_.empty()) user_->limits_.shared_->give_back(shared_);
  --user_->in_flight_;
  user_->limits_.changed();
}

void Permit::end(RequestEnd end) {
  const Instant now = user_->limits_.loop().now();
  for (const auto& limit : limits_) limit->finish(end, begun_, now);
  LimitUser& user = *std::exchange(user_, nullptr);
  if (!shared_.empty()) user.limits_.shared_->finish(shared_, user.limits_.loop().clock().now());
  --user.in_flight_;
  user.limits_.changed();
}

RateLimits::RateLimits(Loop& loop, double share, std::unique_ptr<Spending> shared)
    : loop_(loop),
      share_(share),
      shared_(std::move(shared)),
      forget_at_(kForgetAt),
      changed_(loop),
      giver_(loop) {}

RateLimits::~RateLimits() {
  if (!shared_) return;
  for (const auto& [name, limit] : limits_)
    if (const auto& found = limit->concurrency(); found && found->learned() > 0 && !limit->is_keyed())
      shared_->remember_concurrency(limit->group(), found->learned());
}

RateLimitRef RateLimits::of(const connector::Target& target, std::string_view group, const std::string& key) {
  if (limits_.size() >= forget_at_) forget_idle();
  auto& limit = limits_[{std::string(group), key}];
  if (limit) return limit;
  const connector::LimitRule& rule = target.limit(group);
  const std::string name = key.empty() ? std::string(group) : fmt::format("{}\n{}", group, key);
  const uint64_t digest = XXH3_64bits(name.data(), name.size());
  const uint32_t learned = shared_ && rule.adaptive && !rule.per ? shared_->learned_concurrency(digest) : 0;
  limit = std::make_shared<RateLimit>(rule, share_, digest, learned);
  return limit;
}

void RateLimits::forget_idle() {
  const Instant now = loop_.now();
  std::erase_if(limits_, [&](const auto& entry) {
    return !entry.first.second.empty() && entry.second.use_count() == 1 && entry.second->is_idle(now);
  });
  forget_at_ = std::max(kForgetAt, 2 * limits_.size());
}

Task<Turn> RateLimits::acquire(LimitUser& user, LimitSet limits) {
  Waiting waiting{user, std::move(limits), Event(loop_)};
  if (user.stopped_) co_return Turn{};
  // Each delivery has its turns in every round; one that did not wait lately does not make up for it.
  user.last_turn_ = std::max(user.last_turn_ + user.turn_length_, turn_);
  const std::pair<double, uint64_t> key{user.last_turn_, ++came_};
  std::optional<Instant> next;
  if (queue_->empty()) refused_groups_.clear();
  if (queue_->empty() && give(waiting, next)) {
    turn_ = key.first;
    co_return std::move(waiting.turn);
  }
  const Place place(queue_, key, waiting);
  changed();
  co_await waiting.told.wait();
  co_return std::move(waiting.turn);
}

// Whether there is an answer for the one who waits.
bool RateLimits::give(Waiting& waiting, std::optional<Instant>& next) {
  if (waiting.user.stopped_) return true;
  if (waiting.user.in_flight_ >= waiting.user.concurrency_) return false;
  const Instant now = loop_.now();
  for (const auto& limit : waiting.limits) {
    const RateLimit::Opening opening = limit->opening(now);
    if (opening.now) continue;
    if (opening.used_up != nullptr) {
      waiting.turn.used_up = UsedUp{opening.used_up->rate(), opening.next.value_or(now + kQuotaWindow)};
      return true;
    }
    if (opening.next) put_earlier(next, *opening.next);
    return false;
  }
  std::vector<SharedWindow> windows;
  if (shared_)
    for (const auto& limit : waiting.limits) limit->add_shared_windows(now, windows);
  if (!windows.empty() && !take_shared(waiting, windows, next)) return waiting.turn.used_up.has_value();
  for (const auto& limit : waiting.limits) limit->take();
  ++waiting.user.in_flight_;
  waiting.turn.permit.emplace(waiting.user, waiting.limits, std::move(windows), now);
  return true;
}

// Whether what all processes spend leaves room for one more.
bool RateLimits::take_shared(Waiting& waiting, std::span<const SharedWindow> windows,
                             std::optional<Instant>& next) {
  // Who comes later is not let past one that was refused, and the file is not asked for each.
  for (const auto& window : windows)
    if (std::find(refused_groups_.begin(), refused_groups_.end(), window.group) != refused_groups_.end())
      return false;
  const Time wall = loop_.clock().now();
  const auto refusal = shared_->take(windows, wall);
  if (!refusal) return true;
  const SharedWindow& full = windows[refusal->window];
  refused_groups_.push_back(full.group);
  const Duration wait = refusal->next ? std::max<Duration>(*refusal->next - wall, 1ms) : kLookAgain;
  if (full.per >= kQuotaWindow && !refusal->asking)
    waiting.turn.used_up = UsedUp{{full.allowed, full.per}, loop_.now() + wait};
  else
    put_earlier(next, loop_.now() + wait);
  return false;
}

std::vector<LimitUse> RateLimits::uses() {
  std::vector<LimitUse> uses;
  for (const auto& [name, limit] : limits_) {
    if (limit->is_keyed()) continue;
    for (RateWindow& window : limit->windows())
      uses.push_back({.limit = name.first,
                      .window = window.rate().per,
                      .used = window.used(loop_.now()),
                      .allowed = window.allowed(loop_.now())});
  }
  return uses;
}

std::vector<QuotaLeft> RateLimits::quotas(const connector::Target& target, std::string_view group) {
  std::vector<QuotaLeft> quotas;
  const RateLimitRef limit = of(target, group);
  const Instant now = loop_.now();
  const Time wall = loop_.clock().now();
  for (auto& window : limit->windows()) {
    if (window.rate().per < kQuotaWindow) continue;
    uint64_t used = window.used(now);
    if (shared_) used = std::max(used, shared_->used({limit->group(), window.rate().per, 0}, wall));
    const uint64_t allowed = window.allowed(now);
    const auto room = window.next_room(now);
    quotas.push_back({{allowed, window.rate().per},
                      allowed - std::min(allowed, used),
                      room ? wall + (*room - now) : wall + window.rate().per});
  }
  return quotas;
}

// The time when it is worth to look again, if nothing changes before.
std::optional<Instant> RateLimits::give_turns() {
  std::optional<Instant> next;
  refused_groups_.clear();
  for (auto place = queue_->begin(); place != queue_->end();) {
    Waiting& waiting = *place->second;
    if (!give(waiting, next)) {
      ++place;
      continue;
    }
    if (waiting.turn.permit) turn_ = std::max(turn_, place->first.first);
    place = queue_->erase(place);
    waiting.told.set();
  }
  return next;
}

void RateLimits::changed() {
  changed_.set();
  if (giving_ || queue_->empty()) return;
  giving_ = true;
  giver_.spawn(keep_giving());
}

Task<void> RateLimits::keep_giving() {
  while (!queue_->empty()) {
    changed_.reset();
    const auto next = give_turns();
    if (queue_->empty()) break;
    if (next)
      co_await interruptible_sleep(loop_, *next, changed_);
    else
      co_await changed_.wait();
  }
  giving_ = false;
}

void RateLimits::pause_until(const LimitSet& limits, Instant until) {
  for (const auto& limit : limits) limit->pause_until(until);
  changed();
}

void RateLimits::learn(const LimitSet& limits, const HttpReply& reply) {
  const Time wall = loop_.clock().now();
  for (const auto& limit : limits) {
    const auto spent = [&](const RateWindow& window) -> uint64_t {
      if (!shared_ || limit->is_keyed()) return 0;
      return shared_->used({limit->group(), window.rate().per, 0}, wall);
    };
    limit->learn(reply, loop_.now(), wall, spent);
  }
}

}  // namespace penstock
