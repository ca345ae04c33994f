#include "plan/guards.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock {
namespace {

constexpr uint64_t kShareFrom = 100;

constexpr std::string_view kGuards[] = {"model_columns", "empty_model", "max_first_run", "max_removed",
                                        "max_changed",   "max_added",   "max_invalid",   "max_requests",
                                        "max_quota",     "max_rejected"};

using Bound = std::optional<declare::Placed<config::ShareOrCount>>;

bool is_over(const config::ShareOrCount& limit, uint64_t count, uint64_t of) {
  if (limit.count) return count > *limit.count;
  return static_cast<double>(count) > limit.share->fraction * static_cast<double>(of);
}

std::string shown(const config::ShareOrCount& limit) {
  return limit.count ? fmt::format("{} rows", *limit.count) : declare::show(*limit.share);
}

GuardStop stop_by(std::string_view guard, std::string message) {
  return {std::string(guard), std::move(message),
          fmt::format(
              "look at `penstock plan`; if this is meant, pass it once by `--confirm {0}`, or raise {0} in "
              "the sync's guard",
              guard)};
}

std::optional<GuardStop> check_share(std::string_view guard, std::string_view what, const Bound& limit,
                                     uint64_t count, uint64_t of) {
  if (!limit || count == 0 || !is_over(**limit, count, of)) return std::nullopt;
  return stop_by(guard, fmt::format("{} of {} rows would be {}, more than {} = {} allows", count, of, what,
                                    guard, shown(**limit)));
}

std::optional<GuardStop> check_empty_model(const config::Guard& guard, const PlanCounts& counts,
                                           const GuardFacts& facts) {
  if (counts.rows > 0 || facts.known == 0 || guard.empty_model == config::EmptyModel::allow)
    return std::nullopt;
  return GuardStop{
      "empty_model", fmt::format("the model has no rows, and {} were accepted before", facts.known),
      "see why the model is empty; if this is meant, pass it once by `--confirm empty_model`, or say "
      "`empty_model: allow` in the sync's guard"};
}

std::optional<GuardStop> check_first_run(const config::Guard& guard, const PlanCounts& counts,
                                         const GuardFacts& facts) {
  const uint64_t sent = std::min(counts.added, counts.to_send);
  if (!facts.first_run || !guard.max_first_run || sent <= static_cast<uint64_t>(**guard.max_first_run))
    return std::nullopt;
  return GuardStop{
      "max_first_run",
      fmt::format("the first run would send {} rows, more than max_first_run = {} allows", sent,
                  **guard.max_first_run),
      "send a few with --limit, accept what is there with --baseline, pass it once by `--confirm "
      "max_first_run`, or raise max_first_run"};
}

std::optional<GuardStop> check_removed(const config::Guard& guard, const PlanCounts& counts,
                                       const GuardFacts& facts) {
  if (facts.on_removed == OnRemoved::ignore) return std::nullopt;
  return check_share("max_removed", "removed", guard.max_removed, counts.removed, facts.known);
}

std::optional<GuardStop> check_changed(const config::Guard& guard, const PlanCounts& counts,
                                       const GuardFacts& facts) {
  if (facts.asked_for_all) return std::nullopt;
  // Rows in doubt go because a run died, not because somebody changed them.
  return check_share("max_changed", "changed", guard.max_changed, counts.changed - counts.unknown,
                     facts.known);
}

// A share is of the rows that are there already. Where there are none it says nothing: max_first_run does.
std::optional<GuardStop> check_added(const config::Guard& guard, const PlanCounts& counts,
                                     const GuardFacts& facts) {
  const uint64_t added = std::min(counts.added, counts.to_send);
  if (!guard.max_added || added == 0 || !is_over(**guard.max_added, added, facts.known)) return std::nullopt;
  const config::ShareOrCount& limit = **guard.max_added;
  if (limit.share && facts.known == 0) return std::nullopt;
  return stop_by("max_added", fmt::format("{} rows would be added to {}, more than max_added = {} allows",
                                          added, facts.known, shown(limit)));
}

std::optional<GuardStop> check_invalid(const config::Guard& guard, const PlanCounts& counts,
                                       const GuardFacts&) {
  if (!guard.max_invalid || counts.invalid == 0 || !is_over(**guard.max_invalid, counts.invalid, counts.rows))
    return std::nullopt;
  return stop_by("max_invalid", fmt::format("{} of {} rows are invalid, more than max_invalid = {} allows",
                                            counts.invalid, counts.rows, shown(**guard.max_invalid)));
}

std::optional<GuardStop> check_requests(const config::Guard& guard, const PlanCounts&,
                                        const GuardFacts& facts) {
  if (!guard.max_requests || facts.requests <= static_cast<uint64_t>(**guard.max_requests))
    return std::nullopt;
  return stop_by("max_requests",
                 fmt::format("the run would need {} requests, more than max_requests = {} allows",
                             facts.requests, **guard.max_requests));
}

std::optional<GuardStop> check_quota(const config::Guard& guard, const PlanCounts&, const GuardFacts& facts) {
  if (!guard.max_quota || !facts.day || facts.day->share() <= guard.max_quota->value.fraction)
    return std::nullopt;
  return stop_by(
      "max_quota",
      fmt::format("the run would need {} requests of `{}`, which allows {}: more than max_quota = {} "
                  "allows",
                  facts.day->needed, facts.day->group, declare::show(facts.day->rate),
                  declare::show(**guard.max_quota)));
}

using Check = std::optional<GuardStop> (*)(const config::Guard&, const PlanCounts&, const GuardFacts&);
constexpr Check kOfWhatIsSent[] = {check_first_run, check_removed,  check_changed, check_added,
                                   check_invalid,   check_requests, check_quota};

}  // namespace

std::span<const std::string_view> guard_names() {
  return kGuards;
}

bool is_confirmed(const std::vector<std::string>& confirmed, std::string_view guard) {
  return std::any_of(confirmed.begin(), confirmed.end(),
                     [&](const auto& name) { return name == guard || name == "all"; });
}

Result<std::vector<std::string>> parse_confirmed(const std::vector<std::string>& typed) {
  std::vector<std::string> names(std::begin(kGuards), std::end(kGuards));
  names.emplace_back("all");
  std::vector<std::string> confirmed;
  for (const auto& name : typed) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      return Error{ErrorKind::config, fmt::format("'{}' is no guard that can be confirmed", name),
                   fmt::format("{} (guards: {})", declare::did_you_mean(name, names),
                               declare::list_names(names, names.size(), "or"))};
    if (std::find(confirmed.begin(), confirmed.end(), name) == confirmed.end()) confirmed.push_back(name);
  }
  return confirmed;
}

std::optional<GuardStop> check_guards(const config::Guard& guard, const PlanCounts& counts,
                                      const GuardFacts& facts) {
  if (facts.asked_for_key) return std::nullopt;
  const auto stands = [&](const std::optional<GuardStop>& stop) {
    return stop && !is_confirmed(facts.confirmed, stop->guard);
  };
  if (auto stop = check_empty_model(guard, counts, facts); stands(stop)) return stop;
  if (facts.nothing_is_sent) return std::nullopt;
  for (const Check check : kOfWhatIsSent)
    if (auto stop = check(guard, counts, facts); stands(stop)) return stop;
  return std::nullopt;
}

std::optional<GuardStop> check_rejected(const config::Guard& guard, uint64_t sent, uint64_t rejected) {
  if (!guard.max_rejected || rejected == 0) return std::nullopt;
  const config::ShareOrCount& limit = **guard.max_rejected;
  if (limit.share && sent < kShareFrom) return std::nullopt;
  if (!is_over(limit, rejected, sent)) return std::nullopt;
  return GuardStop{
      "max_rejected",
      fmt::format("{} of {} rows were rejected, more than max_rejected = {} allows", rejected, sent,
                  shown(limit)),
      "see the reasons with `penstock log RUN --rejected`; what was accepted is recorded; `--confirm "
      "max_rejected` passes it once"};
}

}  // namespace penstock
