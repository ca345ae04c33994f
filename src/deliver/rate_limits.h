// The limits of one account, shared by all deliveries to it: who may send next.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/sync.h"
#include "async/task_group.h"
#include "deliver/breaker.h"
#include "deliver/rate_limit.h"
#include "deliver/spending.h"

namespace penstock {

using RateLimitRef =
    std::shared_ptr<RateLimit>;  // shared: one that is idle is forgotten when nobody holds it
// The limits that one request counts in: it goes when all of them let it.
using LimitSet = std::vector<RateLimitRef>;

class RateLimits;

// One delivery among those that share an account. Its limits must outlive it.
class LimitUser {
 public:
  // At most `concurrency` of its requests are under way. Where several wait it has `weight` turns to the one
  // of a user of weight 1.
  LimitUser(RateLimits& limits, uint64_t concurrency, double weight = 1)
      : limits_(limits), concurrency_(concurrency), turn_length_(1 / weight) {}
  // Nothing more is to be sent: those who wait are told so.
  void stop();

 private:
  friend class RateLimits;
  friend class Permit;
  RateLimits& limits_;
  uint64_t concurrency_;
  double turn_length_;
  uint64_t in_flight_ = 0;
  double last_turn_ = 0;
  bool stopped_ = false;
};

// A request's place in its limits, from the moment it may go. What is not ended was not sent.
class Permit {
 public:
  Permit(LimitUser& user, LimitSet limits, std::vector<SharedWindow> shared, Instant begun)
      : user_(&user), limits_(std::move(limits)), shared_(std::move(shared)), begun_(begun) {}
  Permit(Permit&& other) noexcept
      : user_(std::exchange(other.user_, nullptr)),
        limits_(std::move(other.limits_)),
        shared_(std::move(other.shared_)),
        begun_(other.begun_),
        sent_(other.sent_) {}
  Permit& operator=(Permit&&) = delete;
  ~Permit();
  // From now on it counts as sent, however this ends.
  void sent() { sent_ = true; }
  void end(RequestEnd end);

 private:
  LimitUser* user_;
  LimitSet limits_;
  std::vector<SharedWindow> shared_;
  Instant begun_;
  bool sent_ = false;
};

// A day's allowance is used up.
struct UsedUp {
  declare::Rate rate;
  Instant until{};  // when there is some of it again
};

// How much of a day's allowance is left for us.
struct QuotaLeft {
  declare::Rate rate;
  uint64_t left = 0;
  Time more{};  // when there is more of it
};

// How a limit stands: requests that count in one of its windows now, and how many our share allows.
struct LimitUse {
  std::string limit;  // the connector's name of the group
  Duration window{};
  uint64_t used = 0, allowed = 0;
};

// What came of waiting for a turn. Neither: the delivery was stopped.
struct Turn {
  std::optional<Permit> permit{};
  std::optional<UsedUp> used_up{};
};

// Turns are given round robin among the deliveries that wait, by their weights (stride scheduling), in each
// one first come, first served; who waits for a limit does not hold up those who need others. Loop thread
// only.
class RateLimits {
 public:
  // `share` of each limit is ours; `shared`: other processes spend of it as well.
  RateLimits(Loop& loop, double share, std::unique_ptr<Spending> shared = nullptr);
  ~RateLimits();
  RateLimits(const RateLimits&) = delete;
  RateLimits& operator=(const RateLimits&) = delete;

  // The limit that the target's settings give the group, for this key; made when first asked for.
  RateLimitRef of(const connector::Target& target, std::string_view group, const std::string& key = "");

  Task<Turn> acquire(LimitUser& user, LimitSet limits);
  void pause_until(const LimitSet& limits, Instant until);
  void learn(const LimitSet& limits, const HttpReply& reply);

  // Of the group's windows of a day or longer.
  std::vector<QuotaLeft> quotas(const connector::Target& target, std::string_view group);

  // Of each window of the limits that are not one for each key, as far as they were asked for.
  std::vector<LimitUse> uses();

  Breaker& breaker() { return breaker_; }
  Loop& loop() const { return loop_; }
  // Limits that are remembered now.
  size_t size() const { return limits_.size(); }

 private:
  friend class LimitUser;
  friend class Permit;
  struct Waiting;
  class Place;
  using Queue = std::map<std::pair<double, uint64_t>, Waiting*>;  // by turn, then by number

  bool give(Waiting& waiting, std::optional<Instant>& next);
  bool take_shared(Waiting& waiting, std::span<const SharedWindow> windows, std::optional<Instant>& next);
  std::optional<Instant> give_turns();
  Task<void> keep_giving();
  void changed();
  void forget_idle();

  Loop& loop_;
  double share_;
  std::unique_ptr<Spending> shared_;
  std::vector<uint64_t> refused_groups_;  // by the shared spending, in this pass through the queue
  std::map<std::pair<std::string, std::string>, RateLimitRef> limits_;  // by group and key
  size_t forget_at_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();  // places in it may outlive it
  Breaker breaker_;
  double turn_ = 0;  // of the one who went last
  uint64_t came_ = 0;
  Event changed_;
  bool giving_ = false;
  TaskGroup giver_;
};

}  // namespace penstock
