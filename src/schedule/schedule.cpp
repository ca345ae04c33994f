#include "schedule/schedule.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "declare/units.h"

namespace penstock::schedule {
namespace {

using config::Cron;
using config::LocalMinutes;
using std::chrono::minutes;

// A schedule that fires rarer than that is none; also what bounds the search.
constexpr int kChangesMax = 2 * 12;
constexpr uint32_t kAllHours = (1u << 24) - 1;
// How many missed times are counted for the message.
constexpr uint64_t kMissedMax = 1000;

LocalMinutes local_at(Time at, minutes offset) {
  return LocalMinutes(std::chrono::floor<minutes>(at.time_since_epoch()) + offset);
}

Time utc_of(LocalMinutes local, minutes offset) {
  return Time(local.time_since_epoch() - offset);
}

// Between two changes of the clocks the cron expression alone decides.
class Firing {
 public:
  Firing(const Cron& cron, const Zone& zone)
      : cron_(cron), zone_(zone), open_hours_(cron.hours == kAllHours) {}

  std::optional<Time> after(Time after) const {
    Time from = after;
    minutes offset = zone_.offset(from);
    LocalMinutes past = local_at(from, offset);  // the last minute on the wall that has been seen to
    if (!open_hours_) past = std::max(past, latest_on_the_wall(from, offset));
    for (int changes = 0; changes < kChangesMax; ++changes) {
      const auto local = cron_.next(past);
      if (!local) return std::nullopt;
      const auto change = zone_.next_change(from);
      const Time at = utc_of(*local, offset);
      if (!change || at < *change) return at;
      const minutes then = zone_.offset(*change);
      const LocalMinutes first = local_at(*change, then);
      // What falls into the hour that is left out is due when it is over.
      if (!open_hours_ && *local < first) return *change;
      past = first - minutes(1);
      if (!open_hours_) past = std::max(past, local_at(*change, offset) - minutes(1));
      from = *change;
      offset = then;
    }
    return std::nullopt;
  }

 private:
  // In the hour that comes twice, the second time: what the clocks have shown already.
  LocalMinutes latest_on_the_wall(Time at, minutes offset) const {
    constexpr auto kLongestChange = std::chrono::hours(3);
    const auto change = zone_.next_change(at - kLongestChange);
    if (!change || *change > at) return LocalMinutes::min();
    const minutes before = zone_.offset(*change - 1ms);
    return before > offset ? local_at(*change, before) - minutes(1) : LocalMinutes::min();
  }

  const Cron& cron_;
  const Zone& zone_;
  const bool open_hours_;
};

// The same for a sync each time, and another for each sync: runs do not all begin at once, and a plan of the
// day still holds.
Duration jitter_of(const config::Schedule& schedule, const std::string& sync) {
  if (schedule.jitter <= Duration(0)) return Duration(0);
  const auto hash = XXH3_64bits(sync.data(), sync.size());
  return Duration(static_cast<int64_t>(hash % static_cast<uint64_t>(schedule.jitter.count())));
}

Due due_by_interval(Duration every, const Past& past, Duration jitter, Time now) {
  // By the due time, not by the start that came a moment later: the times stay where they are in the hour.
  const std::optional<Time> last = past.mark ? past.mark : past.last_started;
  if (!last) return {past.seen + jitter, 0};
  const Time next = *last + every;
  if (next > now) return {next, 0};
  const auto missed = (now - next) / every;
  return {next + missed * every, static_cast<uint64_t>(missed)};
}

std::optional<Due> due_by_cron(const Cron& cron, const Zone& zone, const Past& past, Duration jitter,
                               Time now) {
  Time from = past.mark ? *past.mark : past.last_started.value_or(past.seen);
  from = std::max(from, now - std::chrono::hours(24 * 366));
  const auto first = next_firing(cron, zone, from - (past.mark ? jitter : Duration(0)));
  if (!first) return std::nullopt;
  Due due{*first + jitter, 0};
  // Of the times that passed while nobody looked, one is made up for: the last.
  while (due.at <= now && due.missed < kMissedMax) {
    const auto next = next_firing(cron, zone, due.at - jitter);
    if (!next || *next + jitter > now) break;
    due = {*next + jitter, due.missed + 1};
  }
  return due;
}

std::optional<Due> due_after(const config::Schedule& schedule, const Past& past) {
  std::optional<Time> at;
  for (const auto& name : schedule.after) {
    const auto ended = past.ended(*name);
    if (!ended || *ended <= past.mark.value_or(past.seen)) return std::nullopt;
    at = std::max(at.value_or(*ended), *ended);
  }
  return at ? std::optional(Due{*at, 0}) : std::nullopt;
}

std::optional<Due> due_after_dbt(const Past& past) {
  const auto made = past.made_by_dbt();
  if (!made || *made <= past.mark.value_or(past.seen)) return std::nullopt;
  return Due{*made, 0};
}

}  // namespace

std::optional<Time> next_firing(const Cron& cron, const Zone& zone, Time after) {
  return Firing(cron, zone).after(after);
}

Result<std::optional<Due>> next_due(const config::Schedule& schedule, const std::string& sync,
                                    const Past& past, Time now) {
  const Duration jitter = jitter_of(schedule, sync);
  if (schedule.every) return std::optional(due_by_interval(*schedule.every, past, jitter, now));
  if (schedule.after_dbt) return due_after_dbt(past);
  if (!schedule.cron) return due_after(schedule, past);
  auto zone = Zone::open(schedule.timezone->empty() ? "UTC" : *schedule.timezone);
  if (!zone.ok()) return zone.error();
  return due_by_cron(*schedule.cron, *zone, past, jitter, now);
}

std::string in_words(const config::Schedule& schedule) {
  if (schedule.every) return "every " + declare::show(*schedule.every);
  if (schedule.after_dbt) return "after dbt";
  if (schedule.cron)
    return fmt::format("cron {}{}{}", schedule.cron->text, schedule.timezone->empty() ? "" : " ",
                       *schedule.timezone);
  std::string text;
  for (const auto& name : schedule.after) text += (text.empty() ? "after " : ", ") + *name;
  return text;
}

}  // namespace penstock::schedule
