#include "plan/guards.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock {
namespace {

constexpr uint64_t kShareFrom = 100;

bool is_over(const config::ShareOrCount& limit, uint64_t count, uint64_t of) {
  if (limit.count) return count > *limit.count;
  return static_cast<double>(count) > limit.share->fraction * static_cast<double>(of);
}

std::string shown(const config::ShareOrCount& limit) {
  return limit.count ? fmt::format("{} rows", *limit.count) : declare::show(*limit.share);
}

std::optional<GuardStop> check_share(std::string_view guard, std::string_view what,
                                     const std::optional<declare::Placed<config::ShareOrCount>>& limit,
                                     uint64_t count, uint64_t of) {
  if (!limit || count == 0 || !is_over(**limit, count, of)) return std::nullopt;
  return GuardStop{
      std::string(guard),
      fmt::format("{} of {} rows would be {}, more than {} = {} allows", count, of, what, guard,
                  shown(**limit)),
      fmt::format("look at `penstock plan`; if this is meant, raise {} in the sync's guard", guard)};
}

}  // namespace

std::optional<GuardStop> check_guards(const config::Guard& guard, const PlanCounts& counts,
                                      const GuardFacts& facts) {
  if (facts.asked_for_key) return std::nullopt;
  if (counts.rows == 0 && facts.known > 0 && guard.empty_model == config::EmptyModel::stop)
    return GuardStop{
        "empty_model", fmt::format("the model has no rows, and {} were accepted before", facts.known),
        "see why the model is empty; if this is meant, say `empty_model: allow` in the sync's guard"};
  if (facts.nothing_is_sent) return std::nullopt;
  const uint64_t sent = std::min(counts.added, counts.to_send);
  if (facts.first_run && guard.max_first_run && sent > static_cast<uint64_t>(**guard.max_first_run))
    return GuardStop{"max_first_run",
                     fmt::format("the first run would send {} rows, more than max_first_run = {} allows",
                                 sent, **guard.max_first_run),
                     "send a few with --limit, accept what is there with --baseline, or raise max_first_run"};
  if (facts.on_removed != OnRemoved::ignore)
    if (auto stop = check_share("max_removed", "removed", guard.max_removed, counts.removed, facts.known))
      return stop;
  if (facts.asked_for_all) return std::nullopt;
  // Rows in doubt go because a run died, not because somebody changed them.
  return check_share("max_changed", "changed", guard.max_changed, counts.changed - counts.unknown,
                     facts.known);
}

std::optional<GuardStop> check_rejected(const config::Guard& guard, uint64_t sent, uint64_t rejected) {
  if (!guard.max_rejected || rejected == 0) return std::nullopt;
  const config::ShareOrCount& limit = **guard.max_rejected;
  if (limit.share && sent < kShareFrom) return std::nullopt;
  if (!is_over(limit, rejected, sent)) return std::nullopt;
  return GuardStop{"max_rejected",
                   fmt::format("{} of {} rows were rejected, more than max_rejected = {} allows", rejected,
                               sent, shown(limit)),
                   "see the reasons with `penstock log RUN --rejected`; what was accepted is recorded"};
}

}  // namespace penstock
