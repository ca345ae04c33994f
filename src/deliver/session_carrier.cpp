#include "deliver/session_carrier.h"

#include <fmt/format.h>

#include <algorithm>

#include "async/interruptible.h"
#include "connector/json_path.h"

namespace penstock {

using connector::Verdict;

namespace {

constexpr size_t kOfRemovals = 0;  // in facts_: what the commit takes away
constexpr uint64_t kRecordedAtOnce = 65'536;

std::string id_in(std::string_view reply, const std::string& path) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(reply.data(), reply.size()).get(root) != simdjson::SUCCESS) return "";
  return connector::text_at(root, path);
}

bool is_about_the_login(Verdict verdict) {
  return verdict == Verdict::auth || verdict == Verdict::quota || verdict == Verdict::forbidden;
}

ErrorKind kind_of(Verdict verdict) {
  if (verdict == Verdict::auth) return ErrorKind::auth;
  return verdict == Verdict::quota ? ErrorKind::quota : ErrorKind::permission;
}

std::string words_of(const Exchanged& exchanged) {
  if (exchanged.failure) return exchanged.failure->error.message;
  if (!exchanged.reading.message.empty()) return exchanged.reading.message;
  return fmt::format("status {}", exchanged.facts.status);
}

}  // namespace

SessionCarrier::SessionCarrier(Delivery& delivery)
    : delivery_(delivery),
      operation_(*delivery.parts_.router.operation(Step::replace)),
      never_(delivery.parts_.loop),
      last_user_(delivery.parts_.limits, 1),
      facts_(1) {}

ExchangeParts SessionCarrier::exchange_parts() const {
  return {delivery_.parts_,
          operation_,
          delivery_.progress_,
          aborting_ ? never_ : delivery_.stop_,
          aborting_ ? last_user_ : delivery_.user_,
          id_,
          part_};
}

Task<void> SessionCarrier::carry(RowSource& rows) {
  if (!co_await begin()) co_return;
  co_await take(rows);
  if (!delivery_.stopping()) co_await commit();
  if (delivery_.stopping()) co_await abort();
}

Task<bool> SessionCarrier::begin() {
  auto begun = co_await insist({.name = "begin", .request = &*rule().begin});
  if (!begun) co_return false;
  if (begun->reading.verdict == Verdict::accepted) id_ = id_in(begun->reply_body, rule().id);
  if (!id_.empty()) co_return true;
  delivery_.fail({ErrorKind::rejected,
                  fmt::format("{} does not begin to take {} as a whole: {}",
                              delivery_.parts_.target.connector().declaration().title,
                              delivery_.parts_.target.facts().object, words_of(*begun)),
                  ""});
  co_return false;
}

Task<void> SessionCarrier::take(RowSource& rows) {
  const size_t most = delivery_.batch_rows(Step::replace);
  Batch batch;
  while (!delivery_.stopping()) {
    auto chunk = co_await rows.next();
    if (!chunk.ok()) co_return delivery_.fail(chunk.error());
    if (*chunk == nullptr) break;
    for (size_t i = 0; i < (*chunk)->rows() && !delivery_.stopping(); ++i) {
      Row row;
      row.chunk = *chunk;
      row.index = static_cast<uint32_t>(i);
      ++delivery_.progress_.rows_read;
      read_ = std::max(read_, row.ordinal() + 1);
      (void)delivery_.parts_.router.start(row);  // there is one way only
      if (row.change == Change::removed)
        add(row.ordinal(), kOfRemovals);
      else
        batch.push_back(std::move(row));
      if (batch.size() >= most && !co_await send(std::exchange(batch, {}))) co_return;
    }
  }
  if (!batch.empty()) (void)co_await send(std::move(batch));
}

// False: the delivery has ended.
Task<bool> SessionCarrier::send(Batch batch) {
  std::vector<Batch> pending;
  pending.push_back(std::move(batch));
  while (!pending.empty()) {
    Batch next = std::move(pending.back());
    pending.pop_back();
    if (delivery_.stopping() || !co_await send_part(next, pending)) co_return false;
  }
  co_return true;
}

namespace {

// The later half goes on the pile first, so that rows keep their order.
void split_in_two(const std::vector<Row>& rows, std::vector<std::vector<Row>>& pending) {
  const auto middle = rows.begin() + static_cast<ptrdiff_t>(rows.size() / 2);
  pending.emplace_back(middle, rows.end());
  pending.emplace_back(rows.begin(), middle);
}

}  // namespace

Task<bool> SessionCarrier::send_part(const Batch& batch, std::vector<Batch>& pending) {
  ++part_;
  const uint64_t most = operation_.operation->bytes;
  std::string body = encode(exchange_parts(), batch, "", false);
  const size_t bytes = body.size();
  if (most > 0 && bytes > most) {
    if (batch.size() > 1) {
      split_in_two(batch, pending);
      co_return true;
    }
    RowOutcome facts;
    facts.operation = operation_.name;
    refuse(batch[0], std::move(facts), "TOO_LARGE",
           fmt::format("this row makes a request of {} bytes, the destination takes {}", bytes, most));
    co_return true;
  }
  auto answer = co_await insist({.rows = &batch, .body = std::move(body)});
  if (!answer) co_return false;
  if (answer->reading.verdict == Verdict::split)
    split_in_two(batch, pending);
  else
    take_part(batch, *answer);
  co_return !delivery_.stopping();
}

void SessionCarrier::take_part(const Batch& batch, const Exchanged& exchanged) {
  const connector::ReplyReading& reading = exchanged.reading;
  facts_.push_back(exchanged.facts);
  facts_.back().attempt = 1;
  for (size_t i = 0; i < batch.size(); ++i) {
    const bool each = reading.verdict == Verdict::rows;
    const Verdict verdict = each ? reading.rows[i].verdict : reading.verdict;
    if (verdict == Verdict::accepted) {
      add(batch[i].ordinal(), facts_.size() - 1);
      delivery_.progress_.outcomes.add(Outcome::accepted);  // for people, and for guards
    } else if (verdict == Verdict::retry || verdict == Verdict::again || verdict == Verdict::throttled) {
      // Without this row the whole would not be the model.
      delivery_.fail({ErrorKind::transient,
                      fmt::format("the destination did not take a row of the whole: {}",
                                  each ? reading.rows[i].message : words_of(exchanged)),
                      "run the same command again: what was there before is there still"});
      return;
    } else {
      refuse(batch[i], exchanged.facts, each ? reading.rows[i].code : reading.code,
             each ? reading.rows[i].message : reading.message);
    }
  }
}

void SessionCarrier::add(uint64_t ordinal, size_t facts) {
  if (!spans_.empty() && spans_.back().end == ordinal && spans_.back().facts == facts)
    ++spans_.back().end;
  else
    spans_.push_back({ordinal, ordinal + 1, facts});
}

// It counts with the commit: then the destination has nothing of this row, whatever it had before.
void SessionCarrier::refuse(const Row& row, RowOutcome facts, std::string code, std::string message) {
  facts.ordinal = row.ordinal();
  facts.outcome = Outcome::rejected;
  facts.attempt = 1;
  facts.code = std::move(code);
  facts.message = std::move(message);
  facts.effect_unknown = true;
  if (facts.at == Time{}) facts.at = delivery_.parts_.loop.clock().now();
  delivery_.progress_.outcomes.add(Outcome::rejected);
  refused_.push_back(std::move(facts));
}

Task<void> SessionCarrier::commit() {
  // From here on nobody can say, should the process die, whether the old stands there or the new.
  if (!co_await delivery_.parts_.journal.allow_through(read_))
    co_return delivery_.fail(*delivery_.parts_.journal.failure());
  auto answer = co_await insist({.name = "commit", .request = &*rule().commit, .once = true});
  if (!answer) co_return;
  if (!answer->failure && answer->reading.verdict == Verdict::accepted) {
    id_.clear();
    co_return co_await record(Outcome::accepted, *std::move(answer));
  }
  const bool unknown = answer->failure || answer->reading.verdict == Verdict::retry;
  delivery_.fail({unknown ? ErrorKind::transient : ErrorKind::rejected,
                  (unknown ? "it is not known whether the whole was put in its place: "
                           : "the whole was not put in its place: ") +
                      words_of(*answer),
                  unknown ? "run the same command again: it sends the whole once more" : ""});
  if (unknown) co_await record(Outcome::in_doubt, *std::move(answer));
}

Task<void> SessionCarrier::abort() {
  if (id_.empty() || !rule().abort) co_return;
  aborting_ = true;
  (void)co_await call({.name = "abort", .request = &*rule().abort});
}

Task<Exchanged> SessionCarrier::call(Ask ask) {
  const DeliveryParts& parts = delivery_.parts_;
  auto made = parts.target.job_call(*ask.request, id_, "", parts.options.run);
  if (!made.ok()) {
    Exchanged exchanged;
    exchanged.failure = TransportFailure{.error = made.error(), .may_have_arrived = false};
    co_return exchanged;
  }
  const auto& limits = ask.request->limit.empty() ? operation_.operation->limit : ask.request->limit;
  co_return co_await exchange(exchange_parts(), {fmt::format("{}.{}", operation_.name, ask.name), limits,
                                                 *ask.request, *std::move(made), true, no_rows_});
}

// Null: the delivery has ended, and was told why.
Task<std::optional<Exchanged>> SessionCarrier::insist(Ask ask) {
  const DeliveryParts& parts = delivery_.parts_;
  for (uint32_t failures = 0, throttles = 0; !delivery_.stopping();) {
    Exchanged answer;
    if (ask.rows != nullptr)
      answer = co_await exchange(exchange_parts(), *ask.rows, "", ask.body);
    else
      answer = co_await call(ask);
    if (answer.stopped) break;
    const Instant now = parts.loop.now();
    const Verdict verdict = answer.reading.verdict;
    if (!answer.failure && verdict == Verdict::throttled) {
      ++delivery_.progress_.throttled;
      const Duration growing = 500ms + backoff({.first = 1s}, ++throttles, {}, parts.random);
      parts.limits.pause_until(to_be_paused(answer),
                               now + answer.retry_after.value_or(answer.reading.wait.value_or(growing)));
      continue;
    }
    if (!answer.failure && is_about_the_login(verdict)) {
      delivery_.fail(refusal(parts, answer, kind_of(verdict)));
      break;
    }
    if (answer.failure && answer.failure->error.kind != ErrorKind::transient &&
        answer.failure->error.kind != ErrorKind::rejected) {
      delivery_.fail(answer.failure->error);
      break;
    }
    const bool alone = ask.rows == nullptr || ask.rows->size() == 1;
    const bool again = answer.failure || verdict == Verdict::retry || verdict == Verdict::again ||
                       (verdict == Verdict::split && alone);
    const bool unknown = answer.failure ? answer.failure->may_have_arrived : verdict == Verdict::retry;
    if (!again || (ask.once && unknown)) co_return answer;
    if (++failures >= parts.options.retry.attempts) {
      delivery_.fail_as_down(words_of(answer),
                             "run the same command again when it is back: until then it holds what it held");
      break;
    }
    delivery_.fail_if_down();
    if (delivery_.stopping()) break;
    ++delivery_.progress_.retries;
    co_await interruptible_sleep(
        parts.loop, now + backoff(parts.options.retry, failures, answer.retry_after, parts.random),
        delivery_.stop_);
  }
  co_return std::nullopt;
}

Task<void> SessionCarrier::record(Outcome outcome, Exchanged last) {
  last.facts.operation = operation_.name;
  last.facts.attempt = 1;
  facts_[kOfRemovals] = last.facts;
  for (auto& facts : facts_) {
    if (outcome == Outcome::accepted) continue;
    facts.message = words_of(last);
    facts.effect_unknown = true;
  }
  for (const Span& span : spans_) co_await record(span, outcome, facts_[span.facts]);
  for (const RowOutcome& refused : refused_) delivery_.parts_.journal.add(refused);
}

Task<void> SessionCarrier::record(Span span, Outcome outcome, RowOutcome facts) {
  facts.outcome = outcome;
  for (uint64_t ordinal = span.begin; ordinal < span.end; ++ordinal) {
    facts.ordinal = ordinal;
    delivery_.parts_.journal.add(facts);
    // Memory does not grow with the number of rows; a disk that fails is noticed at the end.
    if ((ordinal - span.begin) % kRecordedAtOnce == kRecordedAtOnce - 1)
      if (!co_await delivery_.parts_.journal.durable()) co_return;
  }
}

}  // namespace penstock
