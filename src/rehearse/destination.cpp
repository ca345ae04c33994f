#include "rehearse/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/memory_disk.h"
#include "ledger/log_file.h"

namespace penstock::rehearse {
namespace {

using connector::BoundOperation;
using connector::JobPart;
using connector::JobRequest;
using connector::RowRule;
using connector::SentRows;
using connector::Verdict;

// A delivery that asks on and on is ended.
constexpr size_t kRequestsMax = 5000;

std::string job_id(uint64_t number) {
  return fmt::format("job{:04}x", number);
}

// The columns that a rule reads from a list in CSV.
std::vector<std::string> columns_of(const RowRule& rule) {
  std::vector<std::string> columns{rule.at, rule.created};
  columns.insert(columns.end(), rule.record_id.begin(), rule.record_id.end());
  columns.insert(columns.end(), rule.code.begin(), rule.code.end());
  columns.insert(columns.end(), rule.message.begin(), rule.message.end());
  for (const auto& condition : rule.where) columns.push_back(condition.name);
  return columns;
}

// The first entry of a list of results that accepts a row.
const RowRule* accepting_rule(const connector::JobResult& result) {
  for (const auto& rule : result.rows)
    if (rule.is == Verdict::accepted) return &rule;
  return nullptr;
}

}  // namespace

std::string_view origin_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return url.substr(0, url.find('/'));
  return url.substr(0, url.find('/', scheme + 3));
}

Destination::Destination(Loop& loop, const connector::Target& target, std::vector<KnownRow> rows,
                         std::function<std::vector<size_t>(const HttpRequest&)> rows_in)
    : loop_(loop), target_(target), rows_(std::move(rows)), rows_in_(std::move(rows_in)) {
  for (const auto* operation :
       {target.find(), target.read(), target.create(), target.update(), target.upsert(), target.remove()})
    if (operation != nullptr) operations_.push_back(operation);
  for (const auto& reference : target.references())
    if (reference.find) operations_.push_back(&*reference.find);
}

HttpReply Destination::reply(MadeReply made) const {
  HttpReply reply;
  reply.status = made.status;
  reply.body = std::move(made.body);
  reply.started = reply.finished = loop_.now();
  return reply;
}

HttpOutcome Destination::lost(bool may_have_arrived) const {
  return TransportFailure{
      {ErrorKind::transient, "the connection was lost", ""}, may_have_arrived, loop_.now(), loop_.now()};
}

HttpOutcome Destination::not_understood(std::string why) {
  if (trouble_.empty()) trouble_ = why;
  return TransportFailure{{ErrorKind::config, std::move(why), ""}, false, loop_.now(), loop_.now()};
}

SentRows Destination::sent(const std::vector<size_t>& rows, const BoundOperation& operation) const {
  const auto looks_for = operation.looks_for;
  return {.count = rows.size(),
          .match =
              [this, rows, looks_for](size_t i) {
                const KnownRow& row = rows_[rows[i]];
                if (!looks_for) return row.match;
                return looks_for->is_match ? row.matches.at(looks_for->index)
                                           : row.fields.at(target_.facts().fields[looks_for->index]);
              },
          .record_id = [this, rows](size_t i) { return rows_[rows[i]].record_id; },
          .once = [this, rows](size_t i) { return rows_[rows[i]].once; },
          .field =
              [this, rows](size_t i, const std::string& name) {
                const auto& fields = rows_[rows[i]].fields;
                const auto found = fields.find(name);
                return found == fields.end() ? std::string() : found->second;
              }};
}

Task<HttpOutcome> Destination::send(HttpRequest request) {
  const Instant started = loop_.now();
  co_await loop_.sleep_for(20ms);
  if (heard_.size() >= kRequestsMax) co_return not_understood("it sends requests without end");
  Heard heard{.request = request};
  heard.number = heard_.size() + 1;
  understand(heard);
  if (heard.operation == nullptr)
    co_return not_understood(
        fmt::format("no operation of the route sends {} {}", request.method, request.url));
  heard.sent = sent(heard.rows, *heard.operation);
  std::optional<HttpOutcome> other = instead ? instead(heard) : std::nullopt;
  HttpOutcome outcome = other ? *std::move(other) : answer(heard);
  if (outcome.replied()) outcome.reply().started = started;
  const int status = outcome.replied() ? outcome.reply().status : 0;
  heard_.push_back({std::move(request), heard.operation, heard.part, heard.rows, status});
  co_return outcome;
}

void Destination::understand(Heard& heard) {
  for (const auto* operation : operations_)
    if (operation->name == heard.request.operation) heard.operation = operation;
  if (heard.operation == nullptr) return;
  if (heard.operation->operation->job && is_job_call(heard)) return;
  if (rows_in_) heard.rows = rows_in_(heard.request);
  const connector::BoundOperation* find = target_.find();
  if (heard.rows.empty() && heard.operation != find && find != nullptr && find->find->counted_from)
    heard.rows = rows_at_places_in(heard.request.url + heard.request.body);
  // A look-up of everything, too.
  if (!rows_in_ || (heard.rows.empty() && heard.operation->operation->find))
    for (size_t i = 0; i < rows_.size(); ++i) heard.rows.push_back(i);
  for (const auto& [id, rows] : jobs_)
    if (heard.request.url.find(id) != heard.request.url.npos) heard.job = id;
}

// Those of records that are known by their place in a list.
std::vector<size_t> Destination::rows_at_places_in(std::string_view text) const {
  std::vector<size_t> rows;
  for (size_t at = 0; at < text.size(); ++at) {
    size_t place = 0;
    const auto read = std::from_chars(text.data() + at, text.data() + text.size(), place);
    if (read.ec != std::errc()) continue;
    at = static_cast<size_t>(read.ptr - text.data());
    const size_t first = kMadePlaces + static_cast<size_t>(*target_.find()->find->counted_from);
    const size_t row = place - first;
    if (place >= first && row < rows_.size() && std::find(rows.begin(), rows.end(), row) == rows.end())
      rows.push_back(row);
  }
  return rows;
}

bool Destination::is_call(const Heard& heard, const JobRequest& request, const std::string& job,
                          const std::string& page) const {
  if (request.request->empty() && page.empty()) return false;
  const auto call = target_.job_call(request, job, page);
  return call.ok() && call->method == heard.request.method && call->url == heard.request.url;
}

bool Destination::is_job_call(Heard& heard) {
  const connector::JobRule& rule = *heard.operation->operation->job;
  const auto found = [&](JobPart part, const std::string& job) {
    heard.part = part;
    heard.job = job;
    if (const auto rows = jobs_.find(job); rows != jobs_.end()) heard.rows = rows->second;
    return true;
  };
  if (rule.create && is_call(heard, *rule.create, "", "")) return found(JobPart::create, "");
  for (const auto& [job, rows] : jobs_) {
    // A later one may have an id that begins like an earlier one's: all of an address must fit.
    if (rule.start && is_call(heard, *rule.start, job, "")) return found(JobPart::start, job);
    for (size_t i = 0; i < rule.results.size(); ++i) {
      heard.result = i;
      const auto& result = rule.results[i];
      const std::string address = fmt::format("{}/rehearsed/{}/{}", origin_of(heard.request.url), job, i);
      if (!result.request->empty() && is_call(heard, result, job, "")) return found(JobPart::result, job);
      if (!result.url.empty() && heard.request.url == address) return found(JobPart::result, job);
    }
    if (rule.poll && is_call(heard, *rule.poll, job, "")) return found(JobPart::poll, job);
    if (rule.abort && is_call(heard, *rule.abort, job, "")) return found(JobPart::abort, job);
    if (rule.end && is_call(heard, *rule.end, job, "")) return found(JobPart::end, job);
  }
  return false;
}

HttpOutcome Destination::answer(const Heard& heard) {
  if (heard.operation->operation->find) {
    std::vector<size_t> found;
    for (size_t i = 0; i < heard.rows.size(); ++i)
      if (heard.operation->looks_for || (is_found && is_found(heard.rows[i]))) found.push_back(i);
    const size_t times = heard.operation->looks_for ? 1 : found_times;
    auto made = finding_reply(target_, *heard.operation, heard.sent, found, times);
    if (!made)
      return not_understood(fmt::format(
          "no reply to '{}' {}", heard.operation->name,
          found.empty() ? "can say that no record was found" : "can name the records that were found"));
    return reply(*std::move(made));
  }
  if (heard.operation->operation->job) return answer_job(heard);
  auto made = accepting_reply(target_, *heard.operation, heard.sent);
  if (!made)
    return not_understood(
        fmt::format("no reply to '{}' says that its rows are accepted", heard.operation->name));
  return reply(*std::move(made));
}

// What a list of results says of each row of the job: an entry that accepts it, or the one that was wished
// for and that may stand in another list.
std::vector<RowWish> Destination::result_wishes(const connector::JobResult& rule, const Heard& heard) const {
  std::vector<RowWish> out(heard.rows.size());
  if (!tells_results) return out;
  const RowRule* accepted = accepting_rule(rule);
  const bool is_first = heard.job == job_id(1);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto wish = is_first ? wishes.find(heard.rows[i]) : wishes.end();
    if (wish == wishes.end()) {
      out[i].rule = accepted;
      out[i].record_id = heard.sent.record_id(i);
      continue;
    }
    for (const auto& row : rule.rows)
      if (&row == wish->second.rule) out[i] = wish->second;
  }
  return out;
}

std::string Destination::results(const connector::JobResult& rule, const Heard& heard) const {
  const auto wishes_here = result_wishes(rule, heard);
  Json list;
  list.set_list();
  add_entries(list, rule.rows, heard.sent, wishes_here, target_.facts().match_field());
  if (rule.content == connector::JobResult::Content::json) return list.text();
  std::vector<std::string> columns;
  for (const auto& row : rule.rows)
    for (std::string column : columns_of(row)) {
      if (const size_t place = column.find("{match_field}"); place != column.npos)
        column.replace(place, 13, target_.facts().match_field());
      if (!column.empty() && std::find(columns.begin(), columns.end(), column) == columns.end())
        columns.push_back(std::move(column));
    }
  return list.as_csv(columns);
}

std::string Destination::polled(const connector::JobRule& rule, const Heard& heard) const {
  Json body;
  body.at(rule.poll->state).set(rule.poll->done.at(0));
  for (size_t i = 0; i < rule.results.size(); ++i) {
    const connector::JobResult& result = rule.results[i];
    if (!result.url.empty())
      body.at(result.url).set(fmt::format("{}/rehearsed/{}/{}", origin_of(heard.request.url), heard.job, i));
    if (!result.url.empty() || !result.request->empty()) continue;
    add_entries(body, result.rows, heard.sent, result_wishes(result, heard), target_.facts().match_field());
  }
  return body.text();
}

HttpOutcome Destination::answer_job(const Heard& heard) {
  const connector::JobRule& rule = *heard.operation->operation->job;
  switch (heard.part) {
    case JobPart::create: {
      const std::string id = job_id(++jobs_begun_);
      jobs_[id];
      Json body;
      body.at(rule.id).set(id);
      return reply({200, body.text()});
    }
    case JobPart::upload: {
      auto made = accepting_reply(target_, *heard.operation, heard.sent);
      if (!made)
        return not_understood(
            fmt::format("no reply to '{}' says that its rows are taken", heard.operation->name));
      if (!heard.job.empty()) jobs_[heard.job] = heard.rows;
      if (rule.create) return reply(*std::move(made));
      const std::string id = job_id(++jobs_begun_);
      jobs_[id] = heard.rows;
      Json body;
      body.at(rule.id).set(id);
      std::string text = body.text();
      // What makes the reply a good one stands beside the job.
      if (made->body.size() > 2 && made->body.starts_with('{'))
        text.replace(text.size() - 1, 1, "," + made->body.substr(1));
      return reply({made->status, std::move(text)});
    }
    case JobPart::poll:
      return reply({200, polled(rule, heard)});
    case JobPart::result:
      return reply({200, results(rule.results[heard.result], heard)});
    case JobPart::start:
    case JobPart::abort:
    case JobPart::end:
      break;
  }
  return reply({200, "{}"});
}

Result<QueriedRows> QueriedRows::open(duck::Connection& connection, const std::string& sql,
                                      std::vector<ValueType> match, std::vector<ValueType> fields) {
  auto rows = connection.query(sql);
  if (!rows.ok()) return rows.error();
  return QueriedRows(*std::move(rows), std::move(match), std::move(fields));
}

Result<std::shared_ptr<const PlanChunk>> QueriedRows::read() {
  auto chunk = rows_.next();
  if (!chunk.ok()) return chunk.error();
  if (!*chunk) return std::shared_ptr<const PlanChunk>();
  return std::make_shared<const PlanChunk>(**std::move(chunk), match_, fields_);
}

Task<Result<std::shared_ptr<const PlanChunk>>> QueriedRows::next() {
  co_return read();
}

Played play(PlayParts parts, RowSource& rows) {
  SimLoop& loop = parts.loop;
  MemoryDisk disk;
  Random random(7);
  RateLimits limits(loop, 1.0);
  Access access(loop, parts.destination, connector::Login{}, RefreshTokens(disk, "logins", "rehearsal"));
  RunFacts facts;
  facts.run = parts.options.run;
  auto journal = Journal::create(loop, disk, "journal", facts);
  check(journal.ok(), "a disk in memory takes a journal");
  Delivery delivery({loop, parts.destination, access, parts.target, parts.router, limits, **journal, random,
                     parts.options});
  Played played;
  const Instant started = loop.now();
  auto ended = loop.try_run(delivery.run(rows));
  played.took = loop.now() - started;
  played.ended = ended.ok() ? *std::move(ended) : Result<void>(ended.error());
  played.progress = delivery.progress();
  auto read = read_log(disk, "journal", [&](std::string_view bytes) -> Result<void> {
    const auto record = decode_record(bytes);
    if (const auto* group = record ? std::get_if<OutcomeGroup>(&*record) : nullptr)
      for (size_t i = 0; i < group->rows.size(); ++i) played.outcomes[group->rows[i]] = group->one(i);
    return success();
  });
  check(read.ok(), "a journal in memory can be read");
  return played;
}

}  // namespace penstock::rehearse
