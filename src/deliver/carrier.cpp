#include "deliver/carrier.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "async/interruptible.h"

namespace penstock {

using connector::Verdict;

Carrier::Carrier(Delivery& delivery, Step step)
    : delivery_(delivery), step_(step), operation_(*delivery.parts_.router.operation(step)) {}

// The batch that may go first; of those that may go at once the newest, so that a batch that was split goes
// in its order.
Carrier::Pending Carrier::take_next() {
  const Instant now = delivery_.parts_.loop.now();
  size_t best = pending_.size() - 1;
  for (size_t i = pending_.size(); i-- > 0;)
    if (std::max(pending_[i].not_before, now) < std::max(pending_[best].not_before, now)) best = i;
  Pending next = std::move(pending_[best]);
  pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(best));
  return next;
}

Task<void> Carrier::carry(Batch batch) {
  pending_.push_back({.rows = std::move(batch)});
  while (!pending_.empty()) {
    Pending first = take_next();
    Batch next = std::move(first.rows);
    if (!delivery_.stopping() && first.not_before > delivery_.parts_.loop.now())
      co_await interruptible_sleep(delivery_.parts_.loop, first.not_before, delivery_.stop_);
    if (delivery_.stopping() || (is_write() && !co_await delivery_.allow(step_, next))) {
      abandon(std::move(next));
      continue;
    }
    co_await attempt(std::move(next));
  }
}

namespace {

// No other request would fare better: it cannot be sent, or nobody is let in.
bool ends_the_run(ErrorKind kind) {
  return kind != ErrorKind::transient && kind != ErrorKind::rejected;
}

}  // namespace

Task<void> Carrier::attempt(Batch batch) {
  const auto& find = operation_.operation->find;
  const std::string page = find ? find->first : "";
  std::string body = encode(exchange_parts(), batch, page, false);
  if (is_too_large(body)) co_return take_too_large(std::move(batch), body.size());
  for (Row& row : batch) ++row.attempts;
  Exchanged exchanged = co_await exchange(exchange_parts(), batch, page, std::move(body));
  if (exchanged.stopped) {
    for (Row& row : batch) --row.attempts;
    co_return abandon(std::move(batch));
  }
  const Instant now = delivery_.parts_.loop.now();
  if (exchanged.failure) {
    const bool may_have_arrived = is_write() && exchanged.failure->may_have_arrived;
    if (ends_the_run(exchanged.failure->error.kind)) {
      delivery_.fail(exchanged.failure->error);
      abandon(std::move(batch));
    } else {
      if (!failing_since_) failing_since_ = now;
      try_again(std::move(batch), exchanged, may_have_arrived);
    }
    co_return;
  }
  const Verdict verdict = exchanged.reading.verdict;
  if (verdict == Verdict::retry || verdict == Verdict::throttled || verdict == Verdict::again) {
    if (!failing_since_) failing_since_ = now;
  } else {
    failing_since_.reset();
    throttles_ = 0;
    delivery_.note_success();
  }
  if (find && verdict == Verdict::accepted)
    co_await take_found(std::move(batch), std::move(exchanged));
  else if (find && verdict == Verdict::missing)
    take_none_found(std::move(batch), exchanged);
  else
    take_reading(std::move(batch), std::move(exchanged));
}

void Carrier::take_reading(Batch batch, Exchanged exchanged) {
  switch (exchanged.reading.verdict) {
    case Verdict::rows:
      return take_rows(std::move(batch), exchanged);
    case Verdict::accepted:
    case Verdict::rejected:
    case Verdict::exists:
    case Verdict::missing: {
      const connector::RowReading each{.verdict = exchanged.reading.verdict,
                                       .record_id = "",
                                       .created = std::nullopt,
                                       .code = exchanged.reading.code,
                                       .message = exchanged.reading.message};
      exchanged.reading.rows.assign(batch.size(), each);
      return take_rows(std::move(batch), exchanged);
    }
    case Verdict::split:
      for (Row& row : batch) row.tried(exchanged.facts.request);
      return split(std::move(batch));
    case Verdict::retry:
      return try_again(std::move(batch), exchanged, is_write());
    case Verdict::again:
      return try_again(std::move(batch), exchanged, false);
    case Verdict::throttled:
      return throttle(std::move(batch), exchanged);
    case Verdict::quota:
      return stop_run(std::move(batch), exchanged, ErrorKind::quota);
    case Verdict::auth:
      return stop_run(std::move(batch), exchanged, ErrorKind::auth);
    case Verdict::forbidden:
      return stop_run(std::move(batch), exchanged, ErrorKind::permission);
  }
}

void Carrier::take_rows(Batch batch, Exchanged& exchanged) {
  const Router& router = delivery_.parts_.router;
  Batch again, unharmed, held, divided;
  Duration hold{};
  for (size_t i = 0; i < batch.size(); ++i) {
    Row& row = batch[i];
    connector::RowReading& reading = exchanged.reading.rows[i];
    RowOutcome facts = exchanged.facts;
    facts.record_id = !reading.record_id.empty() ? reading.record_id : row.record_id;
    const bool goes_again = reading.verdict == Verdict::again || reading.verdict == Verdict::split ||
                            reading.verdict == Verdict::throttled;
    if (goes_again) row.tried(exchanged.facts.request);
    if (reading.verdict == Verdict::again) {
      unharmed.push_back(std::move(row));
      continue;
    }
    if (reading.verdict == Verdict::split) {
      divided.push_back(std::move(row));
      continue;
    }
    if (reading.verdict == Verdict::throttled) {
      hold = std::max(hold, reading.wait);
      held.push_back(std::move(row));
      continue;
    }
    if (reading.verdict == Verdict::retry) {
      exchanged.reading.code = reading.code;
      exchanged.reading.message = reading.message;
      again.push_back(std::move(row));
      continue;
    }
    const Next next = router.after(step_, row, reading);
    if (!std::holds_alternative<Settle>(next)) row.tried(exchanged.facts.request);
    delivery_.go(std::move(row), next, facts);
  }
  // Without progress a request that goes again and again would never end.
  if (unharmed.size() == batch.size()) {
    again = std::exchange(unharmed, {});
    // try_again() says so.
    for (Row& row : again)
      if (!row.tries.empty()) row.tries.pop_back();
  }
  if (!again.empty()) try_again(std::move(again), exchanged, is_write());
  if (!unharmed.empty()) send_unharmed(std::move(unharmed), {});
  if (divided.size() > 1)
    split(std::move(divided));
  else if (!divided.empty())
    pending_.push_back({.rows = std::move(divided)});
  if (!held.empty()) {
    ++delivery_.progress_.throttled;
    send_unharmed(std::move(held), hold);
  }
}

// Rows of a request that had nothing to do with its failure.
void Carrier::send_unharmed(Batch batch, Duration wait) {
  for (Row& row : batch) --row.attempts;
  pending_.push_back({.rows = std::move(batch), .not_before = delivery_.parts_.loop.now() + wait});
}

// Pages through a look-up's reply, then tells each row what was found for it.
Task<void> Carrier::take_found(Batch batch, Exchanged exchanged) {
  const connector::FindRule& rule = *operation_.find;
  const connector::Target& target = delivery_.parts_.target;
  std::map<std::string, std::vector<connector::FoundRecord>> found;
  for (;;) {
    auto page =
        connector::read_found(rule, target.facts().match_field(), exchanged.reply_body, target.read_fields());
    const auto next = page.ok() ? target.is_next_address(page->next_page) : Result<bool>(page.error());
    if (!next.ok()) {
      exchanged.reading.message = next.error().message;
      try_again(std::move(batch), exchanged, false);
      co_return;
    }
    for (auto& record : page->records) {
      const std::string name = step_ == Step::read ? compared_id(record.record_id) : record.value;
      found[name].push_back(std::move(record));
    }
    if (page->next_page.empty()) break;
    if (delivery_.stopping()) co_return abandon(std::move(batch));
    exchanged = co_await exchange(exchange_parts(), batch, page->next_page,
                                  encode(exchange_parts(), batch, page->next_page, false));
    if (exchanged.stopped) co_return abandon(std::move(batch));
    if (exchanged.failure || exchanged.reading.verdict != Verdict::accepted) {
      if (exchanged.failure)
        try_again(std::move(batch), exchanged, false);
      else
        take_reading(std::move(batch), std::move(exchanged));
      co_return;
    }
  }
  static const std::vector<connector::FoundRecord> kNone;
  for (Row& row : batch) {
    const auto records = found.find(step_ == Step::read ? compared_id(row.record_id)
                                                        : looked_for(row, operation_, target.values()));
    const Next next = this->found(row, records == found.end() ? kNone : records->second);
    RowOutcome facts = exchanged.facts;
    facts.record_id = row.record_id;
    delivery_.go(std::move(row), next, facts);
  }
}

// As far as it counts.
std::string Carrier::compared_id(const std::string& record_id) const {
  const auto& length = operation_.find->id_length;
  return length ? record_id.substr(0, static_cast<size_t>(*length)) : record_id;
}

Next Carrier::found(Row& row, const std::vector<connector::FoundRecord>& records) {
  const Router& router = delivery_.parts_.router;
  // Of a row that left, whose record was not known: by now another row's record has its match value.
  if (step_ == Step::find && delivery_.was_passed_on(row, records)) return Settle{};
  if (step_ == Step::find) return router.found(row, records);
  if (step_ == Step::read) return router.read(row, records);
  if (records.size() == 1) delivery_.references_.learn(reference_of(step_), row, records[0].record_id);
  return router.referred(row, reference_of(step_), records);
}

// The reply says so of the whole request.
void Carrier::take_none_found(Batch batch, const Exchanged& exchanged) {
  for (Row& row : batch) {
    const Next next = found(row, {});
    delivery_.go(std::move(row), next, exchanged.facts);
  }
}

bool Carrier::is_too_large(const std::string& body) const {
  return operation_.operation->bytes > 0 && body.size() > operation_.operation->bytes;
}

// Fewer rows travel together; a row that is too large alone travels nowhere.
void Carrier::take_too_large(Batch batch, size_t bytes) {
  if (batch.size() > 1) return split(std::move(batch));
  RowOutcome facts;
  facts.operation = operation_.name;
  const std::string message = fmt::format("this row makes a request of {} bytes, the destination takes {}",
                                          bytes, operation_.operation->bytes);
  delivery_.settle(
      std::move(batch[0]),
      Settle{.outcome = Outcome::rejected, .code = "TOO_LARGE", .message = message, .foreign = false},
      std::move(facts));
}

void Carrier::split(Batch batch) {
  check(batch.size() > 1, "a single row is never split");
  const auto middle = batch.begin() + static_cast<ptrdiff_t>(batch.size() / 2);
  Batch second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
  batch.erase(middle, batch.end());
  pending_.push_back({.rows = std::move(second)});
  pending_.push_back({.rows = std::move(batch)});
}

void Carrier::try_again(Batch batch, const Exchanged& exchanged, bool effect_unknown) {
  const Delivery& delivery = delivery_;
  uint32_t failures = 0;
  Batch again, over;
  for (Row& row : batch) {
    row.effect_unknown = row.effect_unknown || effect_unknown;
    failures = std::max(failures, row.attempts);
    // What may have been written and must not be written twice is not tried again.
    const bool hopeless = row.attempts >= delivery.parts_.options.retry.attempts ||
                          (row.effect_unknown && is_write() && !delivery.parts_.router.repeatable(step_));
    (hopeless ? over : again).push_back(std::move(row));
  }
  if (!over.empty()) give_up(std::move(over), exchanged);
  if (again.empty()) return;
  for (Row& row : again) row.tried(exchanged.facts.request);
  ++delivery_.progress_.retries;
  const Duration pause =
      backoff(delivery.parts_.options.retry, failures, exchanged.retry_after, delivery.parts_.random);
  pending_.push_back({.rows = std::move(again), .not_before = delivery.parts_.loop.now() + pause});
  delivery_.fail_if_down();
}

void Carrier::give_up(Batch batch, const Exchanged& exchanged) {
  const bool unique = delivery_.parts_.target.facts().match_kind == connector::MatchKind::unique;
  const std::string message =
      exchanged.failure ? exchanged.failure->error.message : exchanged.reading.message;
  const bool exhausted = batch[0].attempts >= delivery_.parts_.options.retry.attempts;
  for (Row& row : batch) {
    // A create whose reply was lost is looked up where that answers at once: the record is there, or it is
    // not.
    if (row.effect_unknown && step_ == Step::create && unique && !exhausted && !row.conflicted &&
        delivery_.parts_.router.operation(Step::find) != nullptr) {
      row.conflicted = false;
      row.tried(exchanged.facts.request);
      delivery_.go(std::move(row), Step::find, exchanged.facts);
      continue;
    }
    const Outcome outcome = row.effect_unknown ? Outcome::in_doubt : Outcome::failed;
    RowOutcome facts = exchanged.facts;
    facts.record_id = row.record_id;
    delivery_.settle(
        std::move(row),
        Settle{.outcome = outcome, .code = exchanged.reading.code, .message = message, .foreign = false},
        std::move(facts));
  }
  // Nobody got through while this batch used up its attempts: the destination is down.
  if (exhausted && failing_since_ && delivery_.last_success_ < *failing_since_)
    delivery_.fail_as_down(message,
                           "run the same command again when it is back: what was delivered is recorded");
}

void Carrier::throttle(Batch batch, const Exchanged& exchanged) {
  ++delivery_.progress_.throttled;
  const LimitSet limits = to_be_paused(exchanged);
  Duration longest = 1s;
  for (const auto& limit : limits)
    longest = std::max(longest, std::min<Duration>(limit->longest_window(), 1min));
  const RetryPolicy patient{.attempts = 0, .first = 1s, .longest = longest};
  const Duration growing = patient.first / 2 + backoff(patient, ++throttles_, {}, delivery_.parts_.random);
  const auto told = exchanged.retry_after ? exchanged.retry_after : exchanged.reading.wait;
  const bool nobody_waits = !told && std::all_of(limits.begin(), limits.end(),
                                                 [](const auto& limit) { return limit->gives_way(); });
  if (!nobody_waits)
    delivery_.parts_.limits.pause_until(limits, delivery_.parts_.loop.now() + told.value_or(growing));
  for (Row& row : batch) {
    --row.attempts;  // a wait, not a failure
    row.tried(exchanged.facts.request);
  }
  pending_.push_back({.rows = std::move(batch)});
}

Error refusal(const DeliveryParts& parts, const Exchanged& exchanged, ErrorKind kind) {
  Error error{kind,
              fmt::format("{} says: {}", parts.target.connector().declaration().title,
                          exchanged.reading.message.empty() ? fmt::format("status {}", exchanged.facts.status)
                                                            : exchanged.reading.message),
              ""};
  if (kind == ErrorKind::auth)
    error.remedy = "mend the login in the destination's file, then run the same command again";
  if (kind == ErrorKind::permission)
    error.remedy = "give the login the rights that the connector's page lists";
  if (kind == ErrorKind::quota)
    error.remedy = "run again when the day's allowance is renewed: what was delivered is recorded";
  return error;
}

void Carrier::stop_run(Batch batch, const Exchanged& exchanged, ErrorKind kind) {
  delivery_.fail(refusal(delivery_.parts_, exchanged, kind));
  abandon(std::move(batch));
}

// The run ends: rows that were never sent have no outcome, the others must say how they stand.
void Carrier::abandon(Batch batch) {
  for (Row& row : batch) delivery_.end_unsent(std::move(row));
}

}  // namespace penstock
