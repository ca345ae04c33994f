// Timers in order of their time; those of one time in order of their setting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace penstock {

class TimerHeap;

// One thing to happen at one time. Owned by who sets it; leaves its heap when destroyed. Loop thread only.
class Timer {
 public:
  // `fire` is called on the loop's thread, with the timer no longer set.
  explicit Timer(void (*fire)(Timer&)) : fire_(fire) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  bool is_set() const { return heap_ != nullptr; }
  void cancel();

 private:
  friend class TimerHeap;
  void (*fire_)(Timer&);
  TimerHeap* heap_ = nullptr;
  size_t position_ = 0;
};

// A binary heap of timers that know their position, so that cancelling costs O(log n).
class TimerHeap {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  ~TimerHeap();

  // Sets the timer, or sets it anew.
  void set(Timer& timer, Instant at);
  void remove(Timer& timer);
  bool empty() const { return entries_.empty(); }
  std::optional<Instant> next() const;
  // Fires all timers that are due at `now`. One that is set by a firing timer waits for the next call.
  void fire_due(Instant now);

 private:
  struct Entry {
    Instant at;
    uint64_t order;
    Timer* timer;
    bool before(const Entry& other) const { return at != other.at ? at < other.at : order < other.order; }
  };
  void place(size_t position, Entry entry);
  void sift_up(size_t position, Entry entry);
  void sift_down(size_t position, Entry entry);

  std::vector<Entry> entries_;
  uint64_t settings_ = 0;
};

}  // namespace penstock
