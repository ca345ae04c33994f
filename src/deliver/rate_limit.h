// One limit of a destination: of a group of requests, and of one key where the group has a limit for each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connector/connector.h"
#include "deliver/concurrency.h"
#include "deliver/rate_window.h"
#include "deliver/spending.h"
#include "net/http.h"

namespace penstock {

// How a request ended, for the limits that it counts in.
enum class RequestEnd {
  answered,
  refused,  // as too fast, or too many
  failed,   // without an answer, or with one that says nothing of limits
};

// Several windows at once, a number of requests at once, a pause. It says when a request may go; who goes
// first is decided by RateLimits. Not thread-safe.
class RateLimit {
 public:
  // `group`: a digest of its name; `learned`: how many at once were found to go well before.
  RateLimit(const connector::LimitRule& rule, double share, uint64_t group = 0, uint32_t learned = 0);

  // Whether one more request may go now; if not, when that may change (nullopt: when one that is under way is
  // done).
  struct Opening {
    bool now = false;
    std::optional<Instant> next{};
    const RateWindow* used_up = nullptr;  // a day's window, or a longer one: nobody waits for that
  };
  Opening opening(Instant now);

  void take();
  void finish(RequestEnd end, Instant begun, Instant now);
  void give_back();
  // Fewer at once are all that the last refusal asks for: as long as others are answered nobody has to wait.
  bool gives_way() const { return adaptive_ && windows_.empty() && adaptive_->refusals() < kPersistent; }
  // Nothing is sent before `until`, whatever the windows say.
  void pause_until(Instant until) { paused_until_ = std::max(paused_until_, until); }
  // `spent`: what is known of all processes' requests in a window.
  void learn(const HttpReply& reply, Instant now, Time wall,
             const std::function<uint64_t(const RateWindow&)>& spent);
  // What is shared with other processes: all but limits of a key.
  void add_shared_windows(Instant now, std::vector<SharedWindow>& windows);

  // Whether it is one of several, each for a key of its own.
  bool is_keyed() const { return is_keyed_; }
  uint64_t group() const { return group_; }
  // Whether it can be forgotten: a new one would say the same.
  bool is_idle(Instant now);
  Duration longest_window() const;
  const std::vector<RateWindow>& windows() const { return windows_; }
  std::vector<RateWindow>& windows() { return windows_; }
  const std::optional<Concurrency>& concurrency() const { return adaptive_; }

 private:
  static constexpr uint32_t kPersistent = 3;  // refusals in a row

  const std::vector<connector::LearnedLimit> learned_;
  std::vector<RateWindow> windows_;
  bool is_keyed_;
  uint64_t group_;
  std::optional<uint64_t> concurrency_;
  std::optional<Concurrency> adaptive_;
  uint64_t in_flight_ = 0;
  Instant paused_until_{};
};

// The day's windows are spent, not waited for.
inline constexpr Duration kQuotaWindow = 24h;

}  // namespace penstock
