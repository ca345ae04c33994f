#include "deliver/deliver.h"

#include <algorithm>

#include "deliver/carrier.h"
#include "deliver/job_carrier.h"
#include "deliver/session_carrier.h"

namespace penstock {
namespace {

// Beyond these, rows do not wait for others to make way.
constexpr size_t kBlockedMax = 10'000;
constexpr uint64_t kBlockedRoundsMax = 100;
// Rows that wait for a limit of their own value at the same time.
constexpr size_t kKeyedRows = 2048;

}  // namespace

Delivery::Delivery(DeliveryParts parts)
    : parts_(parts),
      user_(parts.limits, parts.options.concurrency, parts.options.weight),
      carriers_(parts.loop),
      permits_(parts.loop, parts.options.concurrency),
      look_up_permits_(parts.loop, parts.options.concurrency),
      keyed_permits_(parts.loop, kKeyedRows),
      references_(parts.target),
      room_(parts.loop),
      done_(parts.loop),
      stop_(parts.loop) {}

Delivery::~Delivery() = default;

Task<Result<void>> Delivery::run(RowSource& rows) {
  if (parts_.router.operation(Step::replace) != nullptr) {
    SessionCarrier carrier(*this);
    co_await carrier.carry(rows);
  } else {
    co_await read(rows);
    input_ended_ = true;
    dispatch();
  }
  co_await finish();
  if (failure_) co_return *failure_;
  co_return success();
}

Task<Result<void>> Delivery::resume(std::vector<LeftJob> jobs, const LeftJobs& numbered) {
  resuming_ = true;
  input_ended_ = true;
  progress_.requests = numbered.requests;
  progress_.jobs_begun = numbered.jobs_begun;
  for (auto& job : jobs) {
    rows_under_way_ += job.rows.size();
    rows_in_jobs_ += job.rows.size();
    carriers_.spawn(carry_on(std::move(job)));
  }
  co_await finish();
  if (failure_) co_return *failure_;
  co_return success();
}

Task<void> Delivery::carry_on(LeftJob job) {
  const auto* operation = parts_.target.operation(job.journal.job.operation);
  const uint64_t rows = job.rows.size();
  JobCarrier carrier(*this, static_cast<Step>(job.journal.job.step), operation);
  co_await carrier.carry_on(std::move(job));
  rows_in_jobs_ -= rows;
}

// Every row has its outcome, or was let go; and all of it is on disk.
Task<void> Delivery::finish() {
  co_await rows_have_ended();
  co_await carriers_.join();
  if (!co_await parts_.journal.durable() && !failure_) failure_ = *parts_.journal.failure();
}

// Should the write arrive and its reply not, the next run must know which record to look after.
Task<void> Delivery::note_whereabouts(Step step, Batch& batch) {
  if (is_look_up(step)) co_return;
  Whereabouts learned;
  for (Row& row : batch) {
    if (!std::exchange(row.learned, false)) continue;
    learned.rows.push_back(row.ordinal());
    learned.record_ids.push_back(row.old_is_gone ? "" : row.record_id);
  }
  if (learned.rows.empty() || stopping()) co_return;
  parts_.journal.add(learned);
  if (!co_await parts_.journal.durable()) fail(*parts_.journal.failure());
}

// What is overwritten must be known, whatever becomes of us.
Task<void> Delivery::note_images(Step step, Batch& batch) {
  if (is_look_up(step)) co_return;
  BeforeImages before;
  for (Row& row : batch)
    if (row.image != nullptr && !std::exchange(row.image_noted, true)) before.images.push_back(*row.image);
  if (before.images.empty() || stopping()) co_return;
  parts_.journal.add(before);
  if (!co_await parts_.journal.durable()) fail(*parts_.journal.failure());
}

Task<bool> Delivery::allow(Step step, const Batch& batch) {
  Journal& journal = parts_.journal;
  bool durable = true;
  if (!parts_.router.repeatable(step)) {
    std::vector<uint64_t> rows;
    for (const Row& row : batch) rows.push_back(row.ordinal());
    durable = co_await journal.allow_rows(std::move(rows));
  } else {
    uint64_t through = 0;
    for (const Row& row : batch) through = std::max(through, row.ordinal() + 1);
    durable = co_await journal.allow_through(through);
  }
  if (!durable) fail(*journal.failure());
  co_return durable && !stopping();
}

void Delivery::stop() {
  stopping_ = true;
  stop_.set();
  user_.stop();
  // Rows that wait in a queue were never sent, or their last attempt is settled already.
  for (auto& queue : queues_) {
    while (!queue.empty()) {
      Row row = std::move(queue.front());
      queue.pop_front();
      end_unsent(std::move(row));
    }
  }
  for (Row& row : std::exchange(blocked_, {})) end_unsent(std::move(row));
  room_.set();
}

// The run ends before this row could be sent, or sent again.
void Delivery::end_unsent(Row row) {
  leave_look_up(row);
  if (!row.effect_unknown) return row_ended();
  settle(std::move(row),
         Settle{.outcome = Outcome::in_doubt,
                .code = "",
                .message = "the run ended before it was known whether this was written",
                .foreign = false},
         {});
}

void Delivery::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  stop();
}

void Delivery::note_success() {
  last_success_ = parts_.loop.now();
  parts_.limits.breaker().answered();
}

void Delivery::fail_as_down(const std::string& why, const char* remedy) {
  Error error{ErrorKind::transient, fmt::format("the destination does not answer: {}", why), remedy};
  parts_.limits.breaker().open(error, parts_.loop.now());
  fail(std::move(error));
}

void Delivery::fail_if_down() {
  if (auto down = parts_.limits.breaker().why_open(parts_.loop.now())) fail(*std::move(down));
}

Task<void> Delivery::read(RowSource& rows) {
  // Enough rows that every connection always finds a full batch, of each of a few operations.
  // Jobs hold theirs for long, so that their room is added: none of several half full ones waits for ever.
  uint64_t room = 4096, in_jobs = 0;
  for (size_t i = 0; i < kSteps; ++i) {
    const Step step = static_cast<Step>(i);
    const auto* operation = parts_.router.operation(step);
    if (operation == nullptr) continue;
    if (operation->operation->job)
      in_jobs += rows_at_once(step);
    else
      room = std::max(room, rows_at_once(step));
  }
  room += in_jobs;
  room_rows_ = room;
  while (!stopping_) {
    auto chunk = co_await rows.next();
    if (!chunk.ok()) co_return fail(chunk.error());
    if (*chunk == nullptr) co_return;
    if ((*chunk)->comes_last()) co_await let_all_end();
    for (size_t i = 0; i < (*chunk)->rows() && !stopping_; ++i) {
      Row row;
      row.chunk = *chunk;
      row.index = static_cast<uint32_t>(i);
      ++progress_.rows_read;
      ++rows_under_way_;
      const Next next = parts_.router.start(row);
      go(std::move(row), next, {});
    }
    dispatch();
    while (rows_under_way_ - blocked_.size() >= room && !stopping_) {
      room_.reset();
      co_await room_.wait();
    }
  }
}

// What is read next must not begin before.
Task<void> Delivery::let_all_end() {
  input_ended_ = true;
  dispatch();
  co_await rows_have_ended();
  input_ended_ = false;
}

Task<void> Delivery::rows_have_ended() {
  while (rows_under_way_ > 0) {
    done_.reset();
    co_await done_.wait();
  }
}

void Delivery::go(Row row, const Next& next, const RowOutcome& facts) {
  leave_look_up(row);
  if (const auto* settled = std::get_if<Settle>(&next)) return settle(std::move(row), *settled, facts);
  if (resuming_)
    return settle(std::move(row),
                  Settle{.outcome = Outcome::failed,
                         .code = "",
                         .message = "it was not done by the job that an earlier run had begun",
                         .foreign = false},
                  facts);
  if (stopping_ && !row.effect_unknown) return row_ended();
  if (std::holds_alternative<Blocked>(next)) {
    if (blocked_.size() >= kBlockedMax) {
      const Next other = parts_.router.stop_following(row);
      return go(std::move(row), other, facts);
    }
    blocked_.push_back(std::move(row));
    room_.set();
    if (stopping_) stop();
    return;
  }
  row.attempts = 0;  // each step has its own
  Step step = std::get<Step>(next);
  if (!is_look_up(step))
    if (const auto look_up = references_.complete(row, step, *parts_.router.operation(step))) step = *look_up;
  row.is_at_look_up = is_look_up(step);
  looks_up_ = looks_up_ || row.is_at_look_up;
  if (row.is_at_look_up) ++rows_at_look_up_;
  queues_[static_cast<size_t>(step)].push_back(std::move(row));
  if (stopping_) stop();
}

void Delivery::settle(Row row, const Settle& settle, RowOutcome facts) {
  leave_look_up(row);
  facts.ordinal = row.ordinal();
  facts.outcome = settle.outcome;
  facts.attempt = row.attempts;
  facts.code = settle.code;
  facts.message = settle.message;
  facts.foreign = settle.foreign;
  facts.created = row.created && settle.outcome == Outcome::accepted;
  facts.tries = std::move(row.tries);
  if (settle.code == kEqual) facts.operation = "equal";
  if (settle.code == kEqual || settle.code == kLooked) facts.code.clear();
  count_image(row, settle);
  if (const auto* find = parts_.target.find(); find != nullptr && !find->find->lasting)
    facts.record_id.clear();
  // A row that was accepted in the end holds what we sent, whatever became of earlier attempts.
  facts.effect_unknown = row.effect_unknown && settle.outcome != Outcome::accepted;
  if (facts.at == Time{}) facts.at = parts_.loop.clock().now();
  progress_.outcomes.add(settle.outcome);
  if (settle.outcome == Outcome::accepted &&
      (row.change == Change::removed || !row.chunk->match_before(row.index).empty()))
    ++freed_;
  if (settle.outcome == Outcome::accepted && row.change != Change::removed && !row.record_id.empty() &&
      !row.chunk->match_before(row.index).empty())
    renamed_.insert(row.record_id);
  parts_.journal.add(facts);
  row_ended();
}

bool Delivery::was_passed_on(const Row& row, const std::vector<connector::FoundRecord>& records) const {
  return row.change == Change::removed && records.size() == 1 && row.record_id.empty() &&
         renamed_.contains(records[0].record_id);
}

// The journal's, where nothing was written after it was read.
void Delivery::count_image(const Row& row, const Settle& settle) {
  if (row.image == nullptr) return;
  if (!row.image_noted) parts_.journal.add(BeforeImages{{*row.image}});
  if (settle.outcome != Outcome::accepted) return;
  if (settle.code == kEqual) ++progress_.equal;
  const auto& fates = row.image->fates;
  progress_.kept_fields +=
      static_cast<uint64_t>(std::count(fates.begin(), fates.end(), static_cast<char>(FieldFate::kept)));
}

void Delivery::leave_look_up(Row& row) {
  if (std::exchange(row.is_at_look_up, false)) --rows_at_look_up_;
}

void Delivery::row_ended() {
  --rows_under_way_;
  room_.set();
  if (rows_under_way_ == 0) done_.set();
}

size_t Delivery::batch_rows(Step step) const {
  const auto declared = static_cast<size_t>(parts_.router.operation(step)->operation->rows);
  return parts_.options.batch_rows ? std::min<size_t>(declared, *parts_.options.batch_rows) : declared;
}

// Rows that may be under way for a step, so that memory is bounded. Those of a job are held until its end.
uint64_t Delivery::rows_at_once(Step step) const {
  const auto& job = parts_.router.operation(step)->operation->job;
  const uint64_t rows = batch_rows(step);
  if (is_limited_by_row(step)) return kKeyedRows;
  return job ? rows * static_cast<uint64_t>(job->at_once + 1) : 3 * rows * parts_.options.concurrency;
}

// A job that waits for its end holds no permit for requests.
Semaphore& Delivery::permits_of(Step step) {
  const auto& job = parts_.router.operation(step)->operation->job;
  // A row that waits for its own limit holds up no row of another's: only requests that go are counted.
  if (is_limited_by_row(step)) return keyed_permits_;
  // Look-ups that wait for a limit of their own do not hold up what could be written meanwhile; of both
  // together `user_` lets no more go at once than there may be.
  if (!job) return is_look_up(step) ? look_up_permits_ : permits_;
  auto& permits = job_permits_[static_cast<size_t>(step)];
  if (!permits) permits = std::make_unique<Semaphore>(parts_.loop, static_cast<size_t>(job->at_once));
  return *permits;
}

bool Delivery::is_limited_by_row(Step step) const {
  const auto& names = parts_.router.operation(step)->operation->limit;
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& name) { return parts_.target.limit(*name).by_row; });
}

DeliveryProgress Delivery::progress() const {
  DeliveryProgress now = progress_;
  now.queues = queues();
  now.latencies = progress_.window.latencies();
  return now;
}

// Rows that wait for others to make way are in no queue: nothing that is before them waits for them.
std::vector<StepQueue> Delivery::queues() const {
  const auto without = [](uint64_t rows, uint64_t others) { return rows - std::min(rows, others); };
  std::vector<StepQueue> queues;
  if (room_rows_ > 0) {
    // One room for both: it fills with those that wait for the slower of them.
    if (looks_up_) queues.push_back({"lookup", without(rows_at_look_up_, progress_.looked_for), room_rows_});
    const uint64_t to_write = without(rows_under_way_, rows_at_look_up_ + blocked_.size());
    queues.push_back({"deliver", without(to_write, progress_.written + rows_in_jobs_), room_rows_});
  }
  queues.push_back({"ledger", parts_.journal.rows_waiting(), ledger_capacity()});
  return queues;
}

// Beyond so many outcomes that are not on disk nothing more is sent: see allow().
uint64_t Delivery::ledger_capacity() const {
  uint64_t at_once = 0;
  for (size_t i = 0; i < kSteps; ++i) {
    const Step step = static_cast<Step>(i);
    if (is_look_up(step) || parts_.router.operation(step) == nullptr) continue;
    if (parts_.router.repeatable(step)) return Journal::kRowsAhead;
    at_once = std::max<uint64_t>(at_once, batch_rows(step) * parts_.options.concurrency);
  }
  return at_once > 0 ? std::min(at_once, Journal::kRowsAhead) : Journal::kRowsAhead;
}

void Delivery::dispatch() {
  if (stopping_) return;
  for (size_t i = 0; i < kSteps; ++i) send_full(static_cast<Step>(i));
  if (!input_ended_) return;
  // No more rows come from the plan: a batch that nobody can add to goes as it is.
  for (size_t i = 0; i < kSteps; ++i) {
    const Step step = static_cast<Step>(i);
    if (!queues_[i].empty() && !feeders_are_busy(step)) send(step, queues_[i].size());
  }
  if (!blocked_.empty() && is_idle()) release_blocked();
}

bool Delivery::is_idle() const {
  for (size_t i = 0; i < kSteps; ++i)
    if (!queues_[i].empty() || carried_[i] > 0) return false;
  return true;
}

// Everything else is done. Rows try again as long as that lets at least one of them through: a chain of match
// values that are passed on is undone from its end. What is left is a circle, or a record of somebody else's.
void Delivery::release_blocked() {
  const bool hopeful =
      std::exchange(freed_before_, freed_) != freed_ && ++blocked_rounds_ <= kBlockedRoundsMax;
  for (Row& row : std::exchange(blocked_, {})) {
    const Next next = hopeful ? Next(Step::update) : parts_.router.stop_following(row);
    go(std::move(row), next, {});
  }
  dispatch();
}

// Whether a batch under way, or rows that wait for another step, may still add rows to this one's queue.
bool Delivery::feeders_are_busy(Step step) const {
  const auto busy = [&](Step feeder) {
    return carried_[static_cast<size_t>(feeder)] > 0 || !queues_[static_cast<size_t>(feeder)].empty();
  };
  const auto carried = [&](Step feeder) { return carried_[static_cast<size_t>(feeder)] > 0; };
  if (step == Step::find) return carried(Step::create) || carried(Step::update) || carried(Step::read);
  if (step == Step::read) return busy(Step::find);
  if (step == Step::refer) return busy(Step::find) || busy(Step::read) || carried(Step::remove);
  if (busy(Step::refer) || busy(Step::read)) return true;
  if (step == Step::refer_second) return busy(Step::find) || carried(Step::remove);
  if (busy(Step::refer_second)) return true;
  if (step == Step::upsert)
    return busy(Step::find) || carried(Step::update) ||
           (parts_.router.replaces_records() && busy(Step::remove));
  return busy(Step::find);
}

void Delivery::send_full(Step step) {
  auto& queue = queues_[static_cast<size_t>(step)];
  if (queue.empty()) return;
  const size_t rows = batch_rows(step);
  while (queue.size() >= rows) send(step, rows);
}

void Delivery::send(Step step, size_t rows) {
  auto& queue = queues_[static_cast<size_t>(step)];
  Batch batch(std::make_move_iterator(queue.begin()),
              std::make_move_iterator(queue.begin() + static_cast<ptrdiff_t>(rows)));
  queue.erase(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(rows));
  ++carried_[static_cast<size_t>(step)];
  carriers_.spawn(carry(step, std::move(batch)));
}

Task<void> Delivery::carry(Step step, Batch batch) {
  Semaphore& permits = permits_of(step);
  co_await permits.acquire();
  co_await note_whereabouts(step, batch);
  co_await note_images(step, batch);
  if (const auto* operation = parts_.router.operation(step); operation->operation->job) {
    const uint64_t rows = batch.size();
    rows_in_jobs_ += rows;
    JobCarrier carrier(*this, step, operation);
    co_await carrier.carry(std::move(batch));
    rows_in_jobs_ -= rows;
  } else {
    Carrier carrier(*this, step);
    co_await carrier.carry(std::move(batch));
  }
  permits.release();
  --carried_[static_cast<size_t>(step)];
  dispatch();
}

}  // namespace penstock
