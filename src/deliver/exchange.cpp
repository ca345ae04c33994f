#include "deliver/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "connector/encode.h"
#include "connector/values.h"
#include "declare/json.h"
#include "deliver/personal.h"

namespace penstock {
namespace {

using connector::BoundOperation;
using connector::Operation;
using connector::Verdict;

// Bodies beyond this are cut in what is kept: a journal is not an archive.
constexpr size_t kKeptBytesMax = 256 << 10;
// A list of a job's results may be as large as the upload was.
constexpr size_t kResultBytesMax = 1u << 30;

// Of a look-up of references each value once, in the place of the match value.
std::vector<connector::RowView> views_of_references(const std::vector<Row>& rows,
                                                    const BoundOperation& look_up,
                                                    const connector::ValueRules& rules) {
  const connector::ValuePlace place = *look_up.looks_for;
  std::vector<connector::RowView> views;
  std::unordered_set<std::string> seen;
  for (const Row& row : rows) {
    if (!seen.insert(looked_for(row, look_up, rules)).second) continue;
    connector::RowView& view = views.emplace_back(row.view());
    view.match = (place.is_match ? view.match : view.fields).subspan(place.index, 1);
    view.old_match = place.is_match && !view.old_match.empty() ? view.old_match.subspan(place.index, 1)
                                                               : std::span<const std::string>();
  }
  return views;
}

std::vector<connector::RowView> views_of(ExchangeParts with, const std::vector<Row>& rows) {
  if (with.operation.looks_for) return views_of_references(rows, with.operation, with.parts.target.values());
  std::vector<connector::RowView> views;
  views.reserve(rows.size());
  for (const Row& row : rows) views.push_back(row.view());
  return views;
}

HttpRequest request_for(ExchangeParts with, const std::vector<Row>& rows, const std::string& page,
                        std::string body) {
  const DeliveryParts& parts = with.parts;
  HttpRequest request;
  request.method = with.operation.method;
  request.operation = with.operation.name;
  const auto views = views_of(with, rows);
  const connector::RequestFacts facts{
      .page = page, .run = parts.options.run, .job = with.job, .part = with.part};
  request.url = parts.target.url(with.operation, views, facts);
  request.headers = parts.target.headers();
  for (auto& header : parts.target.headers(with.operation, views, facts))
    request.headers.push_back(std::move(header));
  request.body = std::move(body);
  request.timeouts = parts.options.timeouts;
  return request;
}

std::string without_secrets(const DeliveryParts& parts, std::string text) {
  return parts.access.without_secrets(parts.target.without_secrets(std::move(text)));
}

LimitSet limits_of(ExchangeParts with, const connector::LimitNames& names, const std::vector<Row>& rows) {
  const connector::Target& target = with.parts.target;
  LimitSet limits;
  for (const auto& name : names) {
    const connector::LimitRule& rule = target.limit(*name);
    std::string key;
    if (rule.per)
      key = target.limit_key(rule, views_of(with, rows), {.run = with.parts.options.run, .job = with.job});
    limits.push_back(with.parts.limits.of(target, *name, key));
  }
  return limits;
}

// Why nothing more is sent today.
Error quota_error(const DeliveryParts& parts, const UsedUp& used_up) {
  const Time until = parts.loop.clock().now() + (used_up.until - parts.loop.now());
  return {
      ErrorKind::quota,
      fmt::format("our part of {}'s allowance of {} requests is used up until {}",
                  parts.target.connector().declaration().title, declare::show(used_up.rate), iso8601(until)),
      "run again then: what was delivered is recorded, the other rows go with the next run"};
}

}  // namespace

PersonalValues personal_values(const DeliveryParts& parts, std::span<const Row> rows) {
  const connector::TargetFacts& facts = parts.target.facts();
  PersonalValues personal;
  for (size_t i = 0; i < facts.fields.size(); ++i)
    if (facts.personal[i]) personal.add_name(facts.fields[i]);
  if (facts.match_is_personal)
    for (const auto& name : facts.match_fields) personal.add_name(name);
  if (personal.empty()) return personal;
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.chunk->fields().size(); ++i) {
      if (!facts.personal[i]) continue;
      std::string value;
      connector::append_value_text(value, row.chunk->fields()[i], row.index, parts.target.values());
      personal.add_value(value);
    }
    if (!facts.match_is_personal || row.chunk->match().empty()) continue;
    for (const Values& match : row.chunk->match()) {
      std::string value;
      connector::append_value_text(value, match, row.index, parts.target.values());
      personal.add_value(value);
    }
    for (const auto& old : old_match_of(*row.chunk, row.index)) personal.add_value(old);
  }
  return personal;
}

namespace {

std::string cut(std::string text) {
  if (text.size() <= kKeptBytesMax) return text;
  text.resize(kKeptBytesMax);
  return text + fmt::format("... (cut at {} bytes)", kKeptBytesMax);
}

bool is_success(const Exchanged& exchanged) {
  if (exchanged.failure) return false;
  if (exchanged.reading.verdict == Verdict::accepted) return true;
  if (exchanged.reading.verdict != Verdict::rows) return false;
  for (const auto& row : exchanged.reading.rows)
    if (row.verdict != Verdict::accepted) return false;
  return true;
}

bool is_kept_whole(const DeliveryParts& parts, const Exchanged& exchanged) {
  const uint64_t every = parts.options.sample_every;
  return !is_success(exchanged) || exchanged.facts.request % every == 1 || every == 1;
}

// Method and URL of a request, as they are kept.
struct Sent {
  std::string method, url;
};

// The URL without the personal values that its path may hold.
std::string kept_url(ExchangeParts with, const std::vector<Row>& rows, const std::string& page,
                     const std::string& sent) {
  const connector::Target& target = with.parts.target;
  if (!target.facts().match_is_personal && target.facts().personal.none()) return sent;
  const auto views = views_of(with, rows);
  connector::RequestFacts facts{
      .page = page, .run = with.parts.options.run, .job = with.job, .part = with.part};
  const std::string plain = target.url(with.operation, views, facts);
  facts.masked = true;
  std::string masked = target.url(with.operation, views, facts);
  return masked == plain ? sent : without_secrets(with.parts, std::move(masked));
}

// A value beyond this says no more.
constexpr size_t kHeaderBytesMax = 512;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool names_one_of(std::string_view name, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

void add_header(declare::JsonWriter& json, const DeliveryParts& parts, const std::string& name,
                std::string value) {
  value = without_secrets(parts, std::move(value));
  if (value.size() > kHeaderBytesMax) value.resize(kHeaderBytesMax);
  json.key(name).text(value);
}

// What the request said about itself. The login's headers come later, and are not among these.
std::string kept_request_headers(ExchangeParts with, const std::vector<Row>& rows, const std::string& page) {
  const DeliveryParts& parts = with.parts;
  connector::RequestFacts facts{.page = page, .run = parts.options.run, .job = with.job, .part = with.part};
  facts.masked = true;
  Headers headers = parts.target.headers();
  for (auto& header : parts.target.headers(with.operation, views_of(with, rows), facts))
    headers.push_back(std::move(header));
  declare::JsonWriter json;
  json.begin_object();
  for (auto& [name, value] : headers)
    if (!names_one_of(lower(name), {"auth", "cookie", "token", "secret", "key-id", "signature"}))
      add_header(json, parts, name, std::move(value));
  return json.end_object().str();
}

// Of a reply those that say who can find it again at the destination, and how its limits stand.
std::string kept_reply_headers(const DeliveryParts& parts, const Headers& headers,
                               const PersonalValues& personal) {
  declare::JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : headers) {
    const std::string low = lower(name);
    if (low == "content-type" || low == "date" || low == "deprecation" ||
        names_one_of(low,
                     {"retry-after", "limit", "quota", "request-id", "requestid", "correlation", "trace"}))
      add_header(json, parts, low, personal.taken_out_of(value));
  }
  return json.end_object().str();
}

void note(ExchangeParts with, const std::vector<Row>& rows, const std::string& page, const Sent& sent,
          const Exchanged& exchanged, HttpReply* reply) {
  const DeliveryParts& parts = with.parts;
  RequestRecord record;
  record.number = exchanged.facts.request;
  record.operation = with.operation.name;
  record.method = sent.method;
  record.url = kept_url(with, rows, page, sent.url);
  record.rows = rows.size();
  record.status = exchanged.facts.status;
  if (exchanged.failure) record.error = exchanged.failure->error.message;
  record.at = exchanged.facts.at;
  record.latency = exchanged.facts.latency;
  if (is_kept_whole(parts, exchanged)) {
    record.request_body = cut(encode(with, rows, page, true));
    record.request_headers = kept_request_headers(with, rows, page);
    if (reply != nullptr) {
      const PersonalValues personal = personal_values(parts, rows);
      record.reply_body = cut(without_secrets(parts, personal.taken_out_of_reply(reply->body)));
      record.reply_headers = kept_reply_headers(parts, reply->headers, personal);
    }
  }
  parts.journal.add(record);
}

void mask_messages(const DeliveryParts& parts, const std::vector<Row>& rows,
                   connector::ReplyReading& reading) {
  const bool says_something =
      !reading.message.empty() || std::any_of(reading.rows.begin(), reading.rows.end(),
                                              [](const auto& row) { return !row.message.empty(); });
  if (!says_something) return;
  const PersonalValues personal = personal_values(parts, rows);
  const auto mask = [&](std::string& message) {
    message = without_secrets(parts, personal.taken_out_of(std::move(message)));
  };
  mask(reading.message);
  for (auto& row : reading.rows)
    if (!row.message.empty()) mask(row.message);
}

std::string field_text(const DeliveryParts& parts, const Row& row, const std::string& name) {
  const auto& names = parts.target.facts().fields;
  const auto found = std::find(names.begin(), names.end(), name);
  std::string text;
  if (found != names.end())
    connector::append_value_text(text, row.chunk->fields()[static_cast<size_t>(found - names.begin())],
                                 row.index, parts.target.values());
  return text;
}

}  // namespace

connector::SentRows sent_rows(const DeliveryParts& parts, const std::vector<Row>& rows) {
  return {.count = rows.size(),
          .match = [&](size_t i) { return match_text(rows[i], parts.target.values()); },
          .record_id = [&](size_t i) { return rows[i].record_id; },
          .once = [&](size_t i) { return parts.target.once(rows[i].view()); },
          .field = [&](size_t i, const std::string& name) { return field_text(parts, rows[i], name); }};
}

namespace {

Exchanged not_sent(Error error) {
  Exchanged exchanged;
  exchanged.failure = TransportFailure{.error = std::move(error), .may_have_arrived = false};
  return exchanged;
}

// What came of one request, and the login that it carried.
struct SentOnce {
  Exchanged exchanged;
  Pass pass{};
  std::optional<Time> server_time{};
};

// Reads a reply, or learns that there is none (null), and notes what came of the request.
using Take = std::function<void(Exchanged&, const Sent&, HttpReply* reply)>;

// How a request is sent.
struct Way {
  LimitSet limits;
  bool with_login = true;
  Take take;
  uint64_t rows = 0;  // that it carries; those of jobs are counted with the job
};

// Its rows do not wait while it is under way.
class UnderWay {
 public:
  UnderWay(DeliveryCounts& counts, bool looks_up, uint64_t rows)
      : counts_(counts), rows_in_(looks_up ? counts.looked_for : counts.written), rows_(rows) {
    ++counts_.in_flight;
    rows_in_ += rows_;
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    --counts_.in_flight;
    rows_in_ -= rows_;
  }

 private:
  DeliveryCounts& counts_;
  uint64_t& rows_in_;
  uint64_t rows_;
};

// An address that the destination named is asked without our login.
Task<Result<Admitted>> admit(DeliveryParts parts, bool with_login, HttpRequest request) {
  if (with_login) co_return co_await parts.access.admit(std::move(request));
  std::string url = request.url;
  co_return Admitted{.request = std::move(request), .url = std::move(url)};
}

void tell(ExchangeParts with, const Exchanged& exchanged) {
  const DeliveryParts& parts = with.parts;
  with.progress.window.add(exchanged.facts.latency);
  if (!parts.options.on_sent) return;
  parts.options.on_sent({.operation = exchanged.facts.operation,
                         .status = exchanged.facts.status,
                         .latency = exchanged.facts.latency,
                         .throttled = !exchanged.failure && exchanged.reading.verdict == Verdict::throttled});
}

Task<SentOnce> send_once(ExchangeParts with, Way way, HttpRequest request) {
  const DeliveryParts& parts = with.parts;
  SentOnce once;
  Exchanged& exchanged = once.exchanged;
  Turn turn = co_await parts.limits.acquire(with.user, way.limits);
  if (turn.used_up) {
    exchanged = not_sent(quota_error(parts, *turn.used_up));
    co_return once;
  }
  exchanged.stopped = !turn.permit;
  if (exchanged.stopped) co_return once;
  // Only now: a token or a signature may be too old after a long wait.
  auto admitted = co_await admit(parts, way.with_login, std::move(request));
  if (!admitted.ok()) {
    exchanged = not_sent(admitted.error());
    co_return once;
  }
  // A token takes its time, and the run may have ended meanwhile.
  // So may its lease: a wait for a turn may be long, and the process may have been paused in it.
  if (with.stop.is_set() || !parts.journal.may_send()) {
    exchanged.stopped = true;
    co_return once;
  }
  once.pass = admitted->pass;
  exchanged.facts.operation = with.operation.name;
  exchanged.facts.request = ++with.progress.requests;
  exchanged.facts.at = parts.loop.clock().now();
  const Sent sent{admitted->request.method, admitted->url};
  turn.permit->sent();
  std::optional<UnderWay> under_way(std::in_place, with.progress, with.operation.find.has_value(), way.rows);
  HttpOutcome outcome = co_await parts.client.send(std::move(admitted->request));
  under_way.reset();
  exchanged.limits = way.limits;
  if (!outcome.replied()) {
    exchanged.failure = outcome.failure();
    exchanged.facts.latency = outcome.failure().finished - outcome.failure().started;
    way.take(exchanged, sent, nullptr);
    tell(with, exchanged);
    turn.permit->end(RequestEnd::failed);
    co_return once;
  }
  HttpReply& reply = outcome.reply();
  // A refusal's headers are about the window that it was refused for, whichever that is.
  if (reply.status != 429) parts.limits.learn(way.limits, reply);
  exchanged.facts.status = reply.status;
  exchanged.facts.latency = reply.latency();
  if (const auto* after = reply.header("Retry-After"))
    exchanged.retry_after = parse_retry_after(*after, parts.loop.clock().now());
  once.server_time = date_of(reply);
  way.take(exchanged, sent, &reply);
  tell(with, exchanged);
  const bool refused = exchanged.reading.verdict == Verdict::throttled;
  turn.permit->end(refused               ? RequestEnd::refused
                   : reply.status >= 500 ? RequestEnd::failed
                                         : RequestEnd::answered);
  // Who is too busy for one request is too busy for the others.
  if (reply.status == 503 && !refused && exchanged.retry_after)
    parts.limits.pause_until(exchanged.limits, parts.loop.now() + *exchanged.retry_after);
  co_return once;
}

// With a login that can be renewed, a request that is refused for it is sent again.
Task<Exchanged> send_with_login(ExchangeParts with, Way way, HttpRequest request) {
  Access& access = with.parts.access;
  if (!access.can_renew() || !way.with_login)
    co_return (co_await send_once(with, way, std::move(request))).exchanged;
  for (uint32_t refusals = 0;; ++refusals) {
    SentOnce once = co_await send_once(with, way, request);
    const bool refused = !once.exchanged.failure && once.exchanged.reading.verdict == Verdict::auth;
    if (!refused || !access.renew(once.pass, refusals, once.server_time)) co_return std::move(once.exchanged);
  }
}

// Lists of results are as large as an upload: nobody reads them where requests are kept.
constexpr size_t kReadableBytesMax = 64 << 10;

void note(const DeliveryParts& parts, const JobExchange& job, const Sent& sent, const Exchanged& exchanged,
          std::string reply) {
  if (!job.is_news && is_success(exchanged)) return;
  RequestRecord record;
  record.number = exchanged.facts.request;
  record.operation = job.name;
  record.method = sent.method;
  record.url = sent.url;
  record.status = exchanged.facts.status;
  if (exchanged.failure) record.error = exchanged.failure->error.message;
  record.at = exchanged.facts.at;
  record.latency = exchanged.facts.latency;
  record.request_body = without_secrets(parts, job.call.body);
  record.reply_body =
      reply.size() > kReadableBytesMax
          ? fmt::format("({} bytes)", reply.size())
          : without_secrets(parts, personal_values(parts, job.rows).taken_out_of_reply(std::move(reply)));
  parts.journal.add(record);
}

}  // namespace

LimitSet to_be_paused(const Exchanged& exchanged) {
  LimitSet keyed;
  for (const auto& limit : exchanged.limits)
    if (limit->is_keyed()) keyed.push_back(limit);
  return keyed.empty() ? exchanged.limits : keyed;
}

std::string encode(ExchangeParts with, const std::vector<Row>& rows, const std::string& page, bool masked) {
  return connector::encode(
      with.operation, views_of(with, rows),
      {.page = page, .run = with.parts.options.run, .job = with.job, .part = with.part, .masked = masked});
}

Task<Exchanged> exchange(ExchangeParts with, const std::vector<Row>& rows, std::string page,
                         std::string body) {
  const DeliveryParts& parts = with.parts;
  const Operation& operation = *with.operation.operation;
  const Take take = [&](Exchanged& exchanged, const Sent& sent, HttpReply* reply) {
    if (reply == nullptr) return note(with, rows, page, sent, exchanged, nullptr);
    exchanged.reading = parts.target.read(with.operation, reply->status, reply->body, sent_rows(parts, rows),
                                          [reply](std::string_view name) { return reply->header(name); });
    mask_messages(parts, rows, exchanged.reading);
    note(with, rows, page, sent, exchanged, reply);
    if (operation.find || operation.job) exchanged.reply_body = std::move(reply->body);
  };
  HttpRequest request = request_for(with, rows, page, std::move(body));
  const uint64_t counted = operation.job ? 0 : rows.size();
  co_return co_await send_with_login(with, {limits_of(with, operation.limit, rows), true, take, counted},
                                     std::move(request));
}

Task<Exchanged> exchange(ExchangeParts with, JobExchange job) {
  const DeliveryParts& parts = with.parts;
  const Take take = [&](Exchanged& exchanged, const Sent& sent, HttpReply* reply) {
    exchanged.facts.operation = with.operation.name;
    if (reply == nullptr) return note(parts, job, sent, exchanged, "");
    exchanged.reading = connector::read_job_reply(job.request, parts.target.connector().declaration(),
                                                  reply->status, reply->body);
    mask_messages(parts, job.rows, exchanged.reading);
    note(parts, job, sent, exchanged, reply->body);
    exchanged.reply_body = std::move(reply->body);
  };
  HttpRequest request;
  request.method = job.call.method;
  request.operation = with.operation.name;
  request.url = job.call.url;
  request.body = job.call.body;
  if (job.call.with_login) request.headers = parts.target.headers();
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.timeouts = parts.options.timeouts;
  request.reply_bytes_max = kResultBytesMax;
  co_return co_await send_with_login(with, {limits_of(with, job.limits, job.rows), job.call.with_login, take},
                                     std::move(request));
}

}  // namespace penstock
