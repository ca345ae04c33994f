#include "async/interruptible.h"

namespace penstock {
namespace {

Task<void> wake_at(Loop& loop, Instant until, Event& woken) {
  co_await loop.sleep_until(until);
  woken.set();
}

Task<void> wake_when(Event& interruption, Event& woken) {
  co_await interruption.wait();
  woken.set();
}

}  // namespace

Task<void> interruptible_sleep(Loop& loop, Instant until, Event& interruption) {
  if (interruption.is_set()) co_return;
  Event woken(loop);
  TaskGroup both(loop);
  both.spawn(wake_at(loop, until, woken));
  both.spawn(wake_when(interruption, woken));
  co_await woken.wait();
}

}  // namespace penstock
