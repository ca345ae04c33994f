// When a sync is due. The face of this folder: pure functions of what a schedule says and of what has been.
//
// Times of day are those of clocks on the wall. Where clocks are put forward, what would have been due in the
// hour that is left out is due when it is over; where they are put back, a time that comes twice is due the
// first time. What runs every hour (its expression leaves hours open) goes on by the elapsed time instead:
// nothing is left out, nothing waits an hour longer. (The same rules as in Debian's cron(8).)
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "config/project.h"
#include "schedule/zone.h"

namespace penstock::schedule {

// The first time after `after` at which it fires; nullopt: never.
std::optional<Time> next_firing(const config::Cron& cron, const Zone& zone, Time after);

// What has been of a sync, as far as its schedule asks.
struct Past {
  Time seen{};                       // when the scheduler first knew the sync
  std::optional<Time> mark;          // the last due time that was seen to
  std::optional<Time> last_started;  // of its last run, whoever began it
  // When a sync last came to its end (all accepted, or partly); nullopt: never.
  std::function<std::optional<Time>(const std::string& sync)> ended;
  // When dbt last made the sync's model; nullopt: never, or it failed.
  std::function<std::optional<Time>()> made_by_dbt;
};

// What is due next. `missed`: that this many earlier times passed unseen and are made up for by this one.
struct Due {
  Time at{};
  uint64_t missed = 0;
};

// Nullopt: nothing is known yet (on request only, or what it follows has not come to its end since). A time
// in the past is due now; of several that were missed it is the last. Errors: config for a zone that this
// machine does not know.
Result<std::optional<Due>> next_due(const config::Schedule& schedule, const std::string& sync,
                                    const Past& past, Time now);

// As people say it: "every 15m", "cron 0 7 * * * Europe/Berlin", "after orders, users", "after dbt".
std::string in_words(const config::Schedule& schedule);

}  // namespace penstock::schedule
