#include "deliver/job_carrier.h"

#include <fmt/format.h>

#include <algorithm>

#include "async/interruptible.h"
#include "deliver/job.h"

namespace penstock {

using connector::JobNext;
using connector::JobOver;
using connector::JobPart;
using connector::JobRequest;
using connector::JobSend;
using connector::Verdict;

namespace {

// How long a job's requests may go without an answer before it is left for the next run.
constexpr Duration kPatience = 10min;

const JobRequest& request_of(const connector::JobRule& rule, const JobSend& send) {
  switch (send.part) {
    case JobPart::create:
      return *rule.create;
    case JobPart::start:
      return *rule.start;
    case JobPart::poll:
      return *rule.poll;
    case JobPart::result:
      return rule.results[send.result];
    case JobPart::abort:
      return *rule.abort;
    case JobPart::end:
      return *rule.end;
    case JobPart::upload:
      break;
  }
  die("the upload is the operation's own request");
}

}  // namespace

Task<void> JobCarrier::carry(Batch batch) {
  pending_.push_back(std::move(batch));
  while (!pending_.empty()) {
    Batch next = std::move(pending_.back());
    pending_.pop_back();
    if (pause_ > Duration(0)) co_await pause(std::exchange(pause_, {}));
    // What makes a job before its rows travel needs no intent: the journal names the job itself.
    if (delivery_.stopping() || (!rule().create && !co_await delivery_.allow(step_, next)))
      abandon(std::move(next));
    else
      co_await attempt(std::move(next));
  }
}

Task<void> JobCarrier::attempt(Batch batch) {
  std::string body =
      encode({delivery_.parts_, *operation_, delivery_.progress_, delivery_.stop_, delivery_.user_}, batch,
             "", false);
  const uint64_t most = operation_->operation->bytes;
  if (most > 0 && body.size() > most) {
    if (batch.size() > 1) co_return split(std::move(batch));
    const std::string message =
        fmt::format("this row makes a request of {} bytes, the destination takes {}", body.size(), most);
    RowOutcome facts;
    facts.operation = operation_->name;
    co_return delivery_.settle(std::move(batch[0]),
                               Settle{.outcome = Outcome::rejected, .code = "TOO_LARGE", .message = message},
                               std::move(facts));
  }
  for (Row& row : batch) ++row.attempts;
  Job job(++delivery_.progress_.jobs_begun, rule(), std::move(batch));
  job.body = std::move(body);
  job.created = delivery_.parts_.loop.clock().now();
  job.begun = delivery_.parts_.loop.now();
  if (const Ended ended = co_await follow(job, job.course.begin())) co_await conclude(job, *ended);
}

Task<void> JobCarrier::carry_on(LeftJob left) {
  const JobRecord& record = left.journal.job;
  static const connector::JobRule kNoRule{};
  const bool is_known = operation_ != nullptr && operation_->operation->job.has_value();
  Job job(record.number, is_known ? rule() : kNoRule, std::move(left.rows));
  job.gone = left.journal.settled;
  job.created = record.created;
  job.last.facts.operation = record.operation;
  const Duration age = std::max(Duration(0), delivery_.parts_.loop.clock().now() - record.created);
  job.begun = delivery_.parts_.loop.now() - age;
  for (size_t i = 0; i < job.rows.size(); ++i) {
    ++job.rows[i].attempts;
    if (job.gone[i]) delivery_.row_ended();
  }
  if (!is_known) {
    lose(job, {JobOver::How::lost, "NO_OPERATION",
               fmt::format("the connector has no operation '{}' any more that could ask for job {}",
                           record.operation, record.id)});
    co_await record_begun(job, JobStage::ended);
    co_return;
  }
  if (std::all_of(job.gone.begin(), job.gone.end(), [](bool gone) { return gone; })) {
    (void)co_await this->record(job, JobStage::ended);
    co_return;
  }
  const JobNext next = record.stage == JobStage::created    ? job.course.resume_unstarted(record.id)
                       : record.stage == JobStage::starting ? job.course.resume_starting(record.id)
                                                            : job.course.resume_running(record.id);
  show(job);
  if (const Ended ended = co_await follow(job, next)) co_await conclude(job, *ended);
}

Task<JobCarrier::Ended> JobCarrier::follow(Job& job, JobNext next) {
  for (;;) {
    if (const auto* over = std::get_if<JobOver>(&next)) {
      if (over->how == JobOver::How::done && job.waits_since)
        delivery_.job_times_[static_cast<size_t>(step_)] = delivery_.parts_.loop.now() - *job.waits_since;
      co_return *over;
    }
    if (const auto* wait = std::get_if<connector::JobWait>(&next)) {
      const bool is_first = !job.waits_since;
      if (is_first) job.waits_since = delivery_.parts_.loop.now();
      co_await pause(is_first ? first_pause(wait->pause) : wait->pause);
      if (delivery_.stopping()) {
        leave(job);
        co_return std::nullopt;
      }
      next = job.course.waited(delivery_.parts_.loop.now() - job.begun);
    } else if (const auto* read = std::get_if<connector::JobRead>(&next)) {
      (void)read_result(job, read->result, job.course.last_poll());  // it was read before: it is JSON
      next = job.course.read();
    } else {
      const JobSend send = std::get<JobSend>(next);
      auto answered = send.part == JobPart::upload ? co_await upload(job) : co_await ask(job, send);
      if (!answered) co_return std::nullopt;
      next = *std::move(answered);
      show(job);
    }
  }
}

// Null: the rows have gone another way.
Task<std::optional<JobNext>> JobCarrier::upload(Job& job) {
  DeliveryParts& parts = delivery_.parts_;
  for (uint32_t throttles = 0;;) {
    Exchanged exchanged = co_await exchange(exchange_parts(job), job.rows, "", job.body);
    if (exchanged.stopped) {
      co_await dismiss(job, false);
      abandon(std::move(job.rows));
      co_return std::nullopt;
    }
    const Verdict verdict = exchanged.reading.verdict;
    if (!exchanged.failure && verdict == Verdict::throttled) {
      ++delivery_.progress_.throttled;
      const Duration growing = 500ms + backoff({.first = 1s}, ++throttles, {}, parts.random);
      parts.limits.pause_until(
          to_be_paused(exchanged),
          parts.loop.now() + exchanged.retry_after.value_or(exchanged.reading.wait.value_or(growing)));
      if (!delivery_.stopping()) continue;
    }
    const bool starts = job.course.upload_is_start();
    if (exchanged.failure || verdict == Verdict::retry || verdict == Verdict::split ||
        verdict == Verdict::throttled || verdict == Verdict::auth || verdict == Verdict::quota ||
        verdict == Verdict::forbidden) {
      // This job is done with; unless the upload itself set it to work, nothing was written.
      co_await dismiss(job, false);
      if (exchanged.failure && exchanged.failure->error.kind != ErrorKind::transient &&
          exchanged.failure->error.kind != ErrorKind::rejected)
        delivery_.fail(exchanged.failure->error);
      if (!exchanged.failure && verdict != Verdict::retry && verdict != Verdict::split &&
          verdict != Verdict::throttled)
        delivery_.fail(refusal(parts, exchanged,
                               verdict == Verdict::auth    ? ErrorKind::auth
                               : verdict == Verdict::quota ? ErrorKind::quota
                                                           : ErrorKind::permission));
      const bool unknown =
          exchanged.failure ? exchanged.failure->may_have_arrived : verdict == Verdict::retry;
      if (delivery_.failure_ && !(unknown && starts))
        abandon(std::move(job.rows));
      else if (!exchanged.failure && verdict == Verdict::split)
        split(std::move(job.rows));
      else
        give_back(std::move(job.rows), exchanged, unknown && starts);
      co_return std::nullopt;
    }
    job.body = {};
    delivery_.note_success();
    const bool accepted = verdict == Verdict::accepted || verdict == Verdict::rows;
    const JobNext next =
        job.course.replied({JobPart::upload}, {accepted, exchanged.facts.status, exchanged.reply_body,
                                               exchanged.reading.code, exchanged.reading.message});
    std::vector<size_t> let_go;
    if (verdict == Verdict::rows) take_upload(job, exchanged, let_go);
    job.last = exchanged;
    if (!std::holds_alternative<JobOver>(next) && !rule().create &&
        !co_await record_begun(job, rule().start ? JobStage::starting : JobStage::running)) {
      leave(job);
      co_return std::nullopt;
    }
    if (!let_go.empty()) {
      std::vector<uint64_t> rows;
      Batch again;
      for (const size_t i : let_go) rows.push_back(job.rows[i].ordinal());
      co_await record(job, JobStage::created, rows);
      for (const size_t i : let_go) again.push_back(job.rows[i]);
      give_back(std::move(again), exchanged, false);
    }
    if (std::all_of(job.gone.begin(), job.gone.end(), [](bool gone) { return gone; }) &&
        !std::holds_alternative<JobOver>(next)) {
      co_await dismiss(job, starts);
      co_return std::nullopt;
    }
    co_return next;
  }
}

// Asks until there is an answer about the job. Null: the job is left, or there is none and its rows are let
// go.
Task<std::optional<JobNext>> JobCarrier::ask(Job& job, JobSend send) {
  DeliveryParts& parts = delivery_.parts_;
  const bool is_create = send.part == JobPart::create;
  if (send.part == JobPart::start && !co_await record(job, JobStage::starting)) {
    leave(job);
    co_return std::nullopt;
  }
  const Instant first = parts.loop.now();
  for (uint32_t failures = 0;;) {
    Exchanged answer = co_await call(job, send.part, request_of(rule(), send), send.page);
    if (answer.stopped) {
      is_create ? abandon(std::move(job.rows)) : leave(job);
      co_return std::nullopt;
    }
    const Verdict verdict = answer.reading.verdict;
    std::string why = answer.failure ? answer.failure->error.message : answer.reading.message;
    bool again = answer.failure.has_value() || verdict == Verdict::retry || verdict == Verdict::throttled;
    const bool accepted = !again && verdict == Verdict::accepted;
    if (accepted && send.part == JobPart::result)
      if (auto read = read_result(job, send.result, answer.reply_body); !read.ok()) {
        why = read.error().message;
        again = true;
      }
    if (verdict == Verdict::auth || verdict == Verdict::quota || verdict == Verdict::forbidden) {
      delivery_.fail(refusal(parts, answer,
                             verdict == Verdict::auth    ? ErrorKind::auth
                             : verdict == Verdict::quota ? ErrorKind::quota
                                                         : ErrorKind::permission));
    } else if (answer.failure && answer.failure->error.kind != ErrorKind::transient &&
               answer.failure->error.kind != ErrorKind::rejected) {
      delivery_.fail(answer.failure->error);
    } else if (!again) {
      // A refusal that does not say that the job is gone is no answer about its rows.
      const bool is_gone =
          verdict == Verdict::missing || answer.facts.status == 404 || answer.facts.status == 410;
      if (accepted || is_gone || is_create || send.part == JobPart::start) {
        delivery_.note_success();
        job.last = answer;
        const JobNext next = job.course.replied(send, {accepted, answer.facts.status, answer.reply_body,
                                                       answer.reading.code, answer.reading.message});
        const bool has_begun = is_create && !std::holds_alternative<JobOver>(next);
        const JobStage stage = job.course.upload_is_start() ? JobStage::starting : JobStage::created;
        if (has_begun && !co_await record_begun(job, stage)) {
          leave(job);
          co_return std::nullopt;
        }
        if (send.part == JobPart::start && accepted) (void)co_await record(job, JobStage::running);
        co_return next;
      }
      delivery_.fail({ErrorKind::rejected,
                      fmt::format("{} does not say where job {} stands: {}",
                                  parts.target.connector().declaration().title, job.course.id(), why),
                      "the job is recorded, and the next run asks again"});
    } else if (parts.loop.now() - first > (is_create ? Duration(1min) : kPatience)) {
      delivery_.fail_as_down(
          why, is_create ? "run the same command again when it is back: what was delivered is recorded"
                         : "run the same command again when it is back: the job is recorded");
    }
    if (delivery_.stopping()) {
      is_create ? abandon(std::move(job.rows)) : leave(job);
      co_return std::nullopt;
    }
    if (!answer.failure && verdict == Verdict::throttled) {
      ++delivery_.progress_.throttled;
      if (is_create) failures = 0;
    }
    co_await pause(backoff(parts.options.retry, ++failures, answer.retry_after, parts.random));
  }
}

// Jobs of one step are much alike: the first question comes a little before the last job's good answer would
// have, since each spends from the limits.
Duration JobCarrier::first_pause(Duration declared) const {
  const Duration usual = delivery_.job_times_[static_cast<size_t>(step_)] * 19 / 20;
  return std::max(declared, std::min(usual, rule().poll->pause_max));
}

Task<void> JobCarrier::pause(Duration duration) {
  Loop& loop = delivery_.parts_.loop;
  co_await interruptible_sleep(loop, loop.now() + duration, delivery_.stop_);
}

ExchangeParts JobCarrier::exchange_parts(const Job& job) const {
  return {delivery_.parts_, *operation_,     delivery_.progress_,
          delivery_.stop_,  delivery_.user_, job.course.id()};
}

// A job that will not be set to work, or that has none of our rows any more.
Task<void> JobCarrier::dismiss(Job& job, bool started) {
  if (job.course.id().empty()) co_return;
  (void)co_await record(job, JobStage::ended);
  delivery_.progress_.jobs.erase(job.number);
  if (rule().abort && !started && !delivery_.failure_)
    (void)co_await call(job, JobPart::abort, *rule().abort, "");
}

Result<void> JobCarrier::read_result(Job& job, size_t result, std::string_view text) {
  const DeliveryParts& parts = delivery_.parts_;
  return connector::read_job_result(rule().results[result], parts.target.facts().match_field(), text,
                                    sent_rows(parts, job.rows), job.readings);
}

Task<bool> JobCarrier::record_begun(Job& job, JobStage stage) {
  JobRecord record;
  record.number = job.number;
  record.stage = stage;
  record.id = job.course.id();
  record.operation = job.last.facts.operation;
  if (operation_ != nullptr) record.operation = operation_->name;
  record.object = delivery_.parts_.target.facts().object;
  record.match_kind = static_cast<uint64_t>(delivery_.parts_.target.facts().match_kind);
  record.step = static_cast<uint64_t>(step_);
  record.created = job.created;
  bool was_found = false;
  for (const Row& row : job.rows) {
    record.rows.push_back(row.ordinal());
    was_found = was_found || row.was_found;
  }
  if (was_found)
    for (const Row& row : job.rows) record.record_ids.push_back(row.record_id);
  delivery_.parts_.journal.add(record);
  co_return co_await delivery_.parts_.journal.durable();
}

Task<bool> JobCarrier::record(Job& job, JobStage stage, std::vector<uint64_t> let_go) {
  JobRecord record;
  record.number = job.number;
  record.stage = stage;
  record.rows = std::move(let_go);
  delivery_.parts_.journal.add(record);
  const bool durable = co_await delivery_.parts_.journal.durable();
  if (!durable) delivery_.fail(*delivery_.parts_.journal.failure());
  co_return durable;
}

Task<Exchanged> JobCarrier::call(Job& job, JobPart part, const JobRequest& request, std::string page) {
  DeliveryParts& parts = delivery_.parts_;
  Exchanged answer;
  answer.facts.operation = operation_->name;
  auto made = parts.target.job_call(request, job.course.id(), page);
  if (!made.ok()) {
    answer.failure = TransportFailure{.error = made.error(), .may_have_arrived = false};
    co_return answer;
  }
  // A poll is noted when it is the first, or the one before it brought a new state.
  const bool is_news = part != JobPart::poll || !job.polled || job.noted_state != job.course.state();
  if (part == JobPart::poll) {
    job.polled = true;
    job.noted_state = job.course.state();
  }
  const auto& limits = request.limit.empty() ? operation_->operation->limit : request.limit;
  co_return co_await exchange(exchange_parts(job), {fmt::format("{}.{}", operation_->name, name_of(part)),
                                                    limits, request, *std::move(made), is_news, job.rows});
}

void JobCarrier::show(const Job& job) {
  uint64_t rows = 0;
  for (const bool gone : job.gone) rows += !gone;
  if (job.course.id().empty()) return;
  delivery_.progress_.jobs[job.number] = {.id = job.course.id(),
                                          .state = job.course.state(),
                                          .rows = rows,
                                          .processed = job.course.processed(),
                                          .total = job.course.total()};
}

}  // namespace penstock
