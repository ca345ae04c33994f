// What becomes of a job's rows.
#include <fmt/format.h>

#include <algorithm>

#include "deliver/job.h"

namespace penstock {

using connector::JobOver;
using connector::RowReading;
using connector::Verdict;

namespace {

// A job is a large thing: what did not go through in so many is not tried in a further one.
constexpr uint32_t kAttempts = 3;

RowReading unnamed(const connector::JobRule& rule, const JobOver& over) {
  RowReading reading;
  reading.code = over.code;
  reading.message = over.message;
  switch (over.how) {
    case JobOver::How::done:
      reading.verdict = rule.unnamed;
      if (rule.unnamed != Verdict::accepted && reading.message.empty())
        reading.message = "the job's results do not mention this row";
      break;
    case JobOver::How::failed:
      reading.verdict = rule.unnamed_failed;
      break;
    default:
      reading.verdict = Verdict::rejected;
  }
  if (reading.verdict == Verdict::accepted) reading.code = reading.message = "";
  return reading;
}

}  // namespace

// Rows that the reply to the upload refuses are not in the job; those that it wants once more go another way.
void JobCarrier::take_upload(Job& job, Exchanged& exchanged, std::vector<size_t>& let_go) {
  for (size_t i = 0; i < job.rows.size(); ++i) {
    const RowReading& reading = exchanged.reading.rows[i];
    if (reading.verdict == Verdict::accepted) continue;
    job.gone[i] = true;
    if (reading.verdict == Verdict::retry) {
      let_go.push_back(i);
      continue;
    }
    Row row = job.rows[i];
    const Next next = delivery_.parts_.router.after(step_, row, reading);
    if (std::holds_alternative<Settle>(next))
      delivery_.go(std::move(row), next, exchanged.facts);
    else
      let_go.push_back(i);
  }
}

// Outcomes first, then the journal's word that the job has ended: a crash in between asks the job once more.
Task<void> JobCarrier::conclude(Job& job, const JobOver& over) {
  const DeliveryParts& parts = delivery_.parts_;
  delivery_.progress_.jobs.erase(job.number);
  std::vector<std::pair<Row, Next>> moves;
  Batch again, unknown, divided;
  if (over.how == JobOver::How::lost || over.how == JobOver::How::unstarted) lose(job, over);
  for (size_t i = 0; i < job.rows.size(); ++i) {
    if (job.gone[i]) continue;
    RowReading reading = job.readings[i] ? *job.readings[i] : unnamed(rule(), over);
    if (!reading.message.empty())
      reading.message = parts.target.without_secrets(
          personal_values(parts, std::span(&job.rows[i], 1)).taken_out_of(std::move(reading.message)));
    if (reading.verdict == Verdict::retry) {
      job.last.reading.code = reading.code;
      job.last.reading.message = reading.message;
      (job.readings[i] ? again : unknown).push_back(std::move(job.rows[i]));
      continue;
    }
    // Several rows, of which one is at fault: they are halved. One alone is the one.
    if (reading.verdict == Verdict::split && !delivery_.resuming_ && job.rows.size() > 1) {
      job.rows[i].effect_unknown = true;
      divided.push_back(std::move(job.rows[i]));
      continue;
    }
    if (reading.verdict == Verdict::split) reading.verdict = Verdict::rejected;
    Next next = parts.router.after(step_, job.rows[i], reading);
    RowOutcome facts = job.last.facts;
    facts.record_id = !reading.record_id.empty() ? reading.record_id : job.rows[i].record_id;
    auto* settle = std::get_if<Settle>(&next);
    // A row that was taken with a warning keeps the warning.
    if (settle != nullptr && settle->outcome == Outcome::accepted && settle->message.empty())
      settle->message = reading.message;
    if (settle != nullptr)
      delivery_.go(std::move(job.rows[i]), next, facts);
    else
      moves.emplace_back(std::move(job.rows[i]), next);
  }
  if (!again.empty()) give_back(std::move(again), job.last, false);
  if (!unknown.empty()) give_back(std::move(unknown), job.last, true);
  if (!divided.empty()) split(std::move(divided));
  const bool is_there = !job.course.id().empty();
  const bool durable = !is_there || co_await record(job, JobStage::ended);
  for (auto& [row, next] : moves) delivery_.go(std::move(row), next, job.last.facts);
  job.rows.clear();  // they have gone
  if (!durable || !is_there) co_return;
  const bool untouched = over.how == JobOver::How::unstarted || over.how == JobOver::How::refused;
  const auto& farewell = untouched ? rule().abort : rule().end;
  if (farewell && over.how != JobOver::How::lost)
    (void)co_await call(job, untouched ? connector::JobPart::abort : connector::JobPart::end, *farewell, "");
}

// Rows of which nobody can say any more whether they were written; or of a job that was not set to work:
// these were not. The next plan sees them again where that is harmless.
void JobCarrier::lose(Job& job, const JobOver& over) {
  const bool repeatable = operation_ != nullptr && operation_->operation->repeatable;
  const bool untouched = over.how == JobOver::How::unstarted;
  for (size_t i = 0; i < job.rows.size(); ++i) {
    if (job.gone[i] || job.readings[i]) continue;
    job.gone[i] = true;
    Row row = std::move(job.rows[i]);
    row.effect_unknown = row.effect_unknown || !untouched;
    const Outcome outcome = repeatable || untouched ? Outcome::failed : Outcome::in_doubt;
    RowOutcome facts = job.last.facts;
    facts.record_id = row.record_id;
    delivery_.settle(std::move(row), Settle{.outcome = outcome, .code = over.code, .message = over.message},
                     std::move(facts));
  }
}

bool JobCarrier::is_hopeless(const Row& row) const {
  const uint32_t attempts = std::min(kAttempts, delivery_.parts_.options.retry.attempts);
  return delivery_.resuming_ || row.attempts >= attempts ||
         (row.effect_unknown && !operation_->operation->repeatable);
}

// Rows that were not accepted and may be tried in another job.
void JobCarrier::give_back(Batch rows, const Exchanged& exchanged, bool effect_unknown) {
  Batch again;
  uint32_t failures = 1;
  for (Row& row : rows) {
    row.effect_unknown = row.effect_unknown || effect_unknown;
    failures = std::max(failures, row.attempts);
    if (!is_hopeless(row)) {
      again.push_back(std::move(row));
      continue;
    }
    RowOutcome facts = exchanged.facts;
    facts.record_id = row.record_id;
    const Outcome outcome = row.effect_unknown ? Outcome::in_doubt : Outcome::failed;
    const std::string& message =
        exchanged.failure ? exchanged.failure->error.message : exchanged.reading.message;
    delivery_.settle(std::move(row),
                     Settle{.outcome = outcome, .code = exchanged.reading.code, .message = message},
                     std::move(facts));
  }
  if (again.empty()) return;
  ++delivery_.progress_.retries;
  pause_ = backoff(delivery_.parts_.options.retry, failures, exchanged.retry_after, delivery_.parts_.random);
  pending_.push_back(std::move(again));
}

void JobCarrier::split(Batch batch) {
  const auto middle = batch.begin() + static_cast<ptrdiff_t>(batch.size() / 2);
  Batch second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
  batch.erase(middle, batch.end());
  for (Batch* half : {&second, &batch}) {
    for (Row& row : *half) row.attempts -= std::min(row.attempts, 1u);
    pending_.push_back(std::move(*half));
  }
}

// The job works on without us; its rows have no outcome yet, and the journal says where to find it.
void JobCarrier::leave(Job& job) {
  ++delivery_.jobs_left_;
  for (size_t i = 0; i < job.rows.size(); ++i)
    if (!job.gone[i]) delivery_.row_ended();
}

void JobCarrier::abandon(Batch batch) {
  for (Row& row : batch) {
    if (row.effect_unknown)
      delivery_.settle(std::move(row),
                       Settle{.outcome = Outcome::in_doubt,
                              .code = "",
                              .message = "the run ended before it was known whether this was written"},
                       {});
    else
      delivery_.row_ended();
  }
}

}  // namespace penstock
