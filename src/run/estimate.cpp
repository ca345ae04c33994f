#include "run/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace penstock {
namespace {

constexpr double kAnswerSeconds = 0.2;
constexpr uint64_t kAtOnce = 16;

// The longest window of a day or more. What differs from row to row is no allowance of the run's.
std::optional<declare::Rate> day_of(const connector::LimitRule& limit) {
  std::optional<declare::Rate> day;
  for (const auto& rate : limit.rates)
    if (rate.per >= kQuotaWindow && !limit.by_row && (!day || rate.per > day->per)) day = rate;
  return day;
}

// Adds up requests by limit group.
class Bill {
 public:
  Bill(const PreparedSync& prepared, RateLimits* limits) : prepared_(prepared), limits_(limits) {}

  void add(const connector::BoundOperation* operation, uint64_t rows) {
    if (operation == nullptr || rows == 0) return;
    auto each = static_cast<uint64_t>(operation->operation->rows);
    if (prepared_.sync->batch.rows) each = std::min(each, static_cast<uint64_t>(*prepared_.sync->batch.rows));
    const uint64_t batches = (rows + each - 1) / each;
    count(operation->operation->limit, batches);
    const auto& job = operation->operation->job;
    if (!job) return;
    jobs_ += batches;
    // Each makes, starts, is asked once at least, and tells its results.
    const auto more = [&](const connector::JobRequest& request) {
      if (!request.request->empty())
        count(request.limit.empty() ? operation->operation->limit : request.limit, batches);
    };
    for (const auto* part : {&job->create, &job->start, &job->end})
      if (*part) more(**part);
    more(*job->poll);
    for (const auto& result : job->results) more(result);
  }

  void add_session(const connector::BoundOperation* operation, uint64_t rows, uint64_t to_send) {
    if (operation == nullptr || to_send == 0) return;
    add(operation, rows);
    const auto& session = *operation->operation->session;
    for (const auto* part : {&session.begin, &session.commit})
      count((*part)->limit.empty() ? operation->operation->limit : (*part)->limit, 1);
  }

  Estimate total() const {
    Estimate estimate;
    estimate.jobs = jobs_;
    estimate.requests = all_;
    for (const auto& [group, requests] : requests_)
      for (const auto& rate : prepared_.target->limit(group).rates)
        if (rate.per < kQuotaWindow)
          estimate.seconds = std::max(estimate.seconds, seconds_at(rate, requests));
    estimate.seconds = std::max(estimate.seconds, seconds_of(all_));
    estimate.quota_short = quota_short();
    estimate.day = day();
    return estimate;
  }

 private:
  void count(const connector::LimitNames& groups, uint64_t requests) {
    all_ += requests;
    for (const auto& group : groups) requests_[*group] += requests;
  }

  std::optional<DayUse> day() const {
    std::optional<DayUse> most;
    for (const auto& [group, requests] : requests_) {
      const auto rate = day_of(prepared_.target->limit(group));
      if (!rate) continue;
      DayUse use{group, *rate, requests};
      if (!most || use.share() > most->share()) most = std::move(use);
    }
    return most;
  }

  // The allowance that is short by the most.
  std::optional<QuotaShort> quota_short() const {
    std::optional<QuotaShort> worst;
    uint64_t missing = 0;
    for (const auto& [group, requests] : requests_) {
      if (limits_ == nullptr || prepared_.target->limit(group).by_row) continue;
      for (const auto& quota : limits_->quotas(*prepared_.target, group))
        if (requests > quota.left && requests - quota.left > missing) {
          missing = requests - quota.left;
          worst = QuotaShort{group, requests, quota};
        }
    }
    return worst;
  }

  static double seconds_of(uint64_t requests) {
    const uint64_t rounds = (requests + kAtOnce - 1) / kAtOnce;  // whole ones
    return static_cast<double>(rounds) * kAnswerSeconds;
  }

  double seconds_at(const declare::Rate& rate, uint64_t requests) const {
    const double share = prepared_.destination->rate_share.fraction;
    const auto allowed =
        std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(rate.count) * share));
    // A window's worth goes at once; then the next window must come.
    const uint64_t windows = (requests - 1) / allowed;
    return static_cast<double>(windows) * in_seconds(rate.per) + seconds_of(requests - windows * allowed);
  }

  const PreparedSync& prepared_;
  RateLimits* limits_;
  uint64_t all_ = 0;
  std::map<std::string, uint64_t> requests_;  // by limit group
  uint64_t jobs_ = 0;
};

bool has_policy(const PreparedSync& prepared, WritePolicy policy) {
  const auto& fields = prepared.mapped.mapping.fields;
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.write == policy; });
}

}  // namespace

bool declares_day(const connector::Target& target) {
  const auto& groups = target.connector().declaration().limits;
  return std::any_of(groups.begin(), groups.end(),
                     [&](const auto& group) { return day_of(target.limit(group.name)).has_value(); });
}

std::string no_day_to_guard(const connector::Target& target) {
  return fmt::format("the guard max_quota stops nothing here: {} declares no limit of a day",
                     target.connector().declaration().title);
}

bool goes_in_bulk(const PreparedSync& prepared, const PlanCounts& counts) {
  const auto from = prepared.target->bulk_from();
  if (!from) return false;
  switch (prepared.sync->batch.bulk) {
    case config::Bulk::always:
      return true;
    case config::Bulk::never:
      return false;
    case config::Bulk::by_size:
      return counts.to_send >= *from;
  }
  die("a way without a name");
}

// The ways that deliver/route takes, for rows that meet no surprise.
Estimate estimate(const PreparedSync& prepared, const PlanCounts& counts, RateLimits* limits) {
  Bill bill(prepared, limits);
  const connector::Target& target = *prepared.target;
  const config::Mode mode = *prepared.sync->mode;
  const bool whole = mode == config::Mode::replace;
  const uint64_t written =
      std::min(counts.to_send, counts.added + counts.changed + (whole ? counts.unchanged : 0));
  const uint64_t added = std::min(counts.added, written), changed = written - added;
  const uint64_t removed = counts.to_send - written;
  // As if every row named records of its own.
  for (const auto& reference : target.references())
    if (reference.find) bill.add(&*reference.find, counts.to_send);
  if (mode == config::Mode::replace) {
    bill.add_session(target.replace(), written, counts.to_send);
    return bill.total();
  }
  if (mode == config::Mode::remove) {
    if (target.facts().match_kind != connector::MatchKind::id) bill.add(target.find(), written);
    bill.add(target.remove(), written);
    return bill.total();
  }
  if (target.upsert() != nullptr && (mode == config::Mode::upsert || mode == config::Mode::mirror)) {
    const bool conditional =
        has_policy(prepared, WritePolicy::on_create) || has_policy(prepared, WritePolicy::if_empty);
    const bool reads = has_policy(prepared, WritePolicy::if_empty);
    bill.add(conditional && target.create() != nullptr ? target.create() : target.upsert(), added);
    bill.add(reads ? target.find() : nullptr, changed);
    bill.add(reads ? target.update() : target.upsert(), changed);
  } else if (mode == config::Mode::insert || mode == config::Mode::append) {
    if (target.facts().match_kind == connector::MatchKind::search && mode == config::Mode::insert)
      bill.add(target.find(), added);
    bill.add(target.create(), added);
  } else {
    if (target.facts().match_kind != connector::MatchKind::id) bill.add(target.find(), added);
    bill.add(mode == config::Mode::update ? target.update() : target.create(), added);
    bill.add(target.update(), changed);
  }
  bill.add(prepared.sync->on_removed == config::OnRemoved::clear ? target.update() : target.remove(),
           removed);
  return bill.total();
}

}  // namespace penstock
