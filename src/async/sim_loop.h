// A loop in virtual time: when nothing is ready it jumps to the next timer. With a seeded Random for all that
// is random, a whole run of the engine is repeated exactly, and hours pass in milliseconds.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "async/loop.h"

namespace penstock {

// Not zero, so that an Instant that was never set does not pass for "now".
inline constexpr Instant kFirstInstant = Instant(Duration(1h));

// Thread-safe; moved forward by its loop only.
class SimClock final : public Clock {
 public:
  explicit SimClock(Time start, Instant first = kFirstInstant);
  Time now() const override { return Time(Duration(instant_.load() + wall_offset_.load())); }
  Instant instant() const override { return Instant(Duration(instant_.load())); }

  // The wall clock is set forwards or backwards; instants are not touched.
  void jump_wall(Duration by) { wall_offset_ += by.count(); }
  void advance_to(Instant at);

 private:
  std::atomic<int64_t> instant_;
  std::atomic<int64_t> wall_offset_;
};

// offload() does its work on the loop's thread, at once unless told otherwise.
class SimLoop final : public Loop {
 public:
  // The wall clock starts at 2026-11-02T09:00:00Z unless told otherwise. A loop that goes on where another
  // one was destroyed is given both of its times.
  explicit SimLoop(Time start = from_unix_micros(1'793'610'000'000'000), Instant first = kFirstInstant);
  ~SimLoop() override;

  // Offloaded work begins after a time that `draw` gives, and is known to be done after another. A task that
  // goes meanwhile takes its work along if it has not begun: so a crash finds it done or not.
  void set_offload_time(std::function<Duration()> draw) { draw_offload_time_ = std::move(draw); }

  const Clock& clock() const override { return clock_; }
  SimClock& sim_clock() { return clock_; }

  // Like run(), but when the task waits for what can never happen (nothing is ready, no timer is set) it is
  // destroyed and an error says so, where run() ends the process.
  template <class T>
  Result<T> try_run(Task<T> task);

 private:
  bool wait(std::optional<Instant> until) override;
  void wake() override {}
  void start(std::shared_ptr<Work> work) override;
  void abandon(const Work&) override {}  // carry_out() looks whether it is awaited
  Task<void> carry_out(std::shared_ptr<Work> work);
  Error stuck() const;

  SimClock clock_;
  std::function<Duration()> draw_offload_time_;
};

template <class T>
Result<T> SimLoop::try_run(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    if (!drive(std::move(task))) return stuck();
    return {};
  } else {
    std::optional<T> value;
    if (!drive(keep_value(std::move(task), &value))) return stuck();
    return Result<T>(*std::move(value));
  }
}

}  // namespace penstock
