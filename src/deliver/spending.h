// What all who write to one account spend together, wherever that is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"

namespace penstock {

// One window that a request counts in.
struct SharedWindow {
  uint64_t group = 0;  // digest of the group's name
  Duration per{};      // 0: no window, only requests at once
  uint64_t allowed = 0;
};

// Of one account. Loop thread only.
class Spending {
 public:
  virtual ~Spending() = default;

  struct Refusal {
    size_t window = 0;         // of those asked for
    std::optional<Time> next;  // when something leaves it; absent: when a request under way is done
    bool asking = false;       // nobody knows yet: the answer is on its way
  };
  // One more request in all of them, or in none; nullopt: it may go, and one of the other two follows.
  virtual std::optional<Refusal> take(std::span<const SharedWindow> windows, Time now) = 0;
  virtual void finish(std::span<const SharedWindow> windows, Time now) = 0;
  virtual void give_back(std::span<const SharedWindow> windows) = 0;

  // Requests that count now, of all processes.
  virtual uint64_t used(const SharedWindow& window, Time now) = 0;
  // How many at once the destination was found to take; 0: not known.
  virtual uint32_t learned_concurrency(uint64_t group) = 0;
  virtual void remember_concurrency(uint64_t group, uint32_t learned) = 0;
};

}  // namespace penstock
