// A sleep that an event ends early.
#pragma once

#include "async/sync.h"

namespace penstock {

// Goes on at `until`, or as soon as `interruption` is set. Both must outlive the sleep.
Task<void> interruptible_sleep(Loop& loop, Instant until, Event& interruption);

}  // namespace penstock
