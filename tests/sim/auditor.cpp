#include "sim/auditor.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "snapshot/snapshot.h"

namespace penstock::sim {
namespace {

std::string last_part(const std::string& url) {
  return url.substr(url.rfind('/') + 1);
}

std::string text_at(simdjson::dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::string show(const SentRow& row) {
  std::string out = fmt::format("{} '{}' (key '{}'):", row.operation, row.id, row.key);
  for (const auto& [name, value] : row.fields) out += fmt::format(" {}='{}'", name, value);
  return out;
}

const Record* by_id(const std::vector<Record>& records, const std::string& id) {
  for (const auto& record : records)
    if (record.id == id) return &record;
  return nullptr;
}

bool is_cleared(const SentRow& row) {
  return std::all_of(row.fields.begin(), row.fields.end(),
                     [](const auto& field) { return field.second.empty(); });
}

}  // namespace

void Auditor::problem(std::string text) {
  problems_.push_back(std::move(text));
}

void Auditor::begin_life(const Edition& edition, bool insists) {
  ++life_;
  edition_ = edition;
  for (const auto& key : edition.valid_keys()) {
    const std::string match = lowered(*edition.valid(key)->match);
    std::string& last = last_match_[key];
    if (!last.empty() && last != match) left_matches_[key].insert(last);
    last = match;
  }
  insists_ = insists;
  rows_.clear();
  exchanges_.clear();
  arrivals_.clear();
  paused_until_.clear();
}

// ---- Limits

std::string Auditor::group_of(const HttpRequest& request) const {
  return request.url.ends_with("/search") ? "search" : "crm";
}

void Auditor::sent(const HttpRequest& request, Instant now, size_t process) {
  ++requests_;
  // A request that may go fetches its token first: what another one is told meanwhile does not hold it.
  if (is_of_login(request.url) || scenario_.refreshes_login) return;
  const auto paused = paused_until_.find({process, group_of(request)});
  if (paused != paused_until_.end() && now < paused->second)
    problem(fmt::format("{} was sent {:.3f} s before the time that Retry-After gave", request.url,
                        in_seconds(paused->second - now)));
}

// Counted as the destination counts: any stretch of a window's length holds no more than the limit's share.
void Auditor::check_rate(const std::string& group, Instant now) {
  const bool is_search = group == "search";
  const Duration per = is_search ? 1s : 10s;
  const uint64_t limit = scenario_.allowed(is_search ? 5 : scenario_.requests_per_10s);
  auto& times = arrivals_[group];
  times.push_back(now);
  while (times.front() + per <= now) times.pop_front();
  if (times.size() > limit)
    problem(fmt::format("{} requests to {} arrived within {} s, {} are allowed", times.size(), group,
                        in_seconds(per), limit));
}

void Auditor::replied(const HttpRequest& request, uint64_t exchange, const HttpReply& reply, Instant now,
                      size_t process) {
  if (exchange != 0)
    for (uint64_t i = 0; i < exchanges_[exchange - 1].rows; ++i)
      rows_[exchanges_[exchange - 1].first_row + i].delivered = true;
  if (is_of_login(request.url)) return;
  const std::string* after = reply.header("Retry-After");
  if (reply.status != 429 || after == nullptr) return;
  int64_t seconds = 0;
  std::from_chars(after->data(), after->data() + after->size(), seconds);
  Instant& until = paused_until_[{process, group_of(request)}];
  until = std::max(until, now + Duration(seconds * 1'000'000));
}

// ---- Writes

ServerReply Auditor::arrived(const HttpRequest& request, Instant now, uint64_t& exchange) {
  if (!is_of_login(request.url)) check_rate(group_of(request), now);
  const std::string* login = find_header(request.headers, "Authorization");
  const std::string token = login != nullptr && login->starts_with("Bearer ") ? login->substr(7) : "";
  const std::string target = request.url.substr(request.url.find('/', request.url.find("://") + 3));
  const std::string operation = last_part(target);
  const bool writes =
      operation == "create" || operation == "update" || operation == "upsert" || operation == "archive";
  if (!writes || is_of_neighbour(request.url))
    return destination_.handle(request.method, target, request.body, token);
  const std::vector<Record> before = destination_.records();
  std::vector<SentRow> rows = read_rows(request, before);
  ServerReply reply = destination_.handle(request.method, target, request.body, token);
  take_effects(rows, reply);
  for (const SentRow& row : rows) {
    if (operation == "archive")
      check_archive(row, before);
    else
      check_write(row, before);
    if (operation == "create" && insists_ && !row.in_effect) insisted_.insert(row.key);
    if (operation == "create" && row.in_effect) check_creation(row, before);
    if (row.in_effect) ++rows_written_;
  }
  exchanges_.push_back({rows_.size(), rows.size()});
  exchange = exchanges_.size();
  rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  return reply;
}

std::vector<SentRow> Auditor::read_rows(const HttpRequest& request, const std::vector<Record>& before) const {
  std::vector<SentRow> rows;
  simdjson::dom::parser parser;
  const simdjson::dom::element body = parser.parse(request.body).value();
  for (const auto input : body["inputs"].get_array().value()) {
    SentRow& row = rows.emplace_back();
    row.operation = last_part(request.url);
    row.id = text_at(input, "id");
    row.trace = text_at(input, "objectWriteTraceId");
    simdjson::dom::object properties;
    if (input["properties"].get(properties) == simdjson::SUCCESS)
      for (const auto [name, value] : properties)
        row.fields.emplace(std::string(name), std::string(std::string_view(value)));
    row.key = key_of_row(row, before);
    row.made_record = row.operation == "upsert" &&
                      std::none_of(before.begin(), before.end(),
                                   [&](const auto& r) { return !r.archived && has_match(r, row.id); });
  }
  return rows;
}

// The payload names its key; where only some fields travel, the record or the match value does.
std::string Auditor::key_of_row(const SentRow& row, const std::vector<Record>& before) const {
  const auto named = row.fields.find(kKeyField);
  if (named != row.fields.end() && !named->second.empty()) return named->second;
  if (row.operation == "upsert") {
    for (const auto& customer : edition_.customers)
      if (customer.match && lowered(*customer.match) == lowered(row.id) &&
          edition_.valid(key_of(customer)) != nullptr)
        return key_of(customer);
    return "";
  }
  const Record* record = by_id(before, row.id);
  return record != nullptr ? record->field(kKeyField) : "";
}

void Auditor::take_effects(std::vector<SentRow>& rows, const ServerReply& reply) const {
  if (reply.status == 204)
    for (SentRow& row : rows) row.in_effect = true;
  if (reply.status < 200 || reply.status > 299 || reply.body.empty()) return;
  simdjson::dom::parser parser;
  const simdjson::dom::element body = parser.parse(reply.body).value();
  simdjson::dom::array results;
  if (body["results"].get(results) != simdjson::SUCCESS) return;
  for (const auto result : results)
    for (SentRow& row : rows)
      if (row.trace == text_at(result, "objectWriteTraceId")) row.in_effect = true;
}

// Whether its key has left the record, under `match_change: new`: whoever has the match value now may have
// it.
bool Auditor::is_left_behind(const SentRow& row, const std::vector<Record>& before) {
  const Record* record = by_id(before, row.id);
  return scenario_.match_change == "new" && record != nullptr &&
         left_matches_[row.key].contains(lowered(record->field(scenario_.match_field)));
}

// What is written is what the model says of this row now, and nothing else.
void Auditor::check_write(const SentRow& row, const std::vector<Record>& before) {
  if (scenario_.on_removed == "clear" && is_cleared(row) && is_left_behind(row, before)) return;
  const Customer* customer = edition_.valid(row.key);
  if (customer == nullptr) {
    if (scenario_.on_removed == "clear" && is_cleared(row)) return;
    return problem("written, though the model has no such row now: " + show(row));
  }
  for (const auto& [name, value] : row.fields) {
    if (name == scenario_.match_field) {
      if (lowered(value) != lowered(*customer->match))
        problem(fmt::format("match value '{}' is stale, the model has '{}': {}", value, *customer->match,
                            show(row)));
      continue;
    }
    const auto field = std::find_if(edition_.fields.begin(), edition_.fields.end(),
                                    [&](const FieldPlan& plan) { return plan.name == name; });
    if (field == edition_.fields.end()) {
      problem(fmt::format("field '{}' is not mapped: {}", name, show(row)));
    } else if (const Text expected = rendered(*field, *customer); expected != value) {
      problem(
          fmt::format("field '{}' should be '{}': {}", name, expected.value_or("(not written)"), show(row)));
    }
  }
}

void Auditor::check_archive(const SentRow& row, const std::vector<Record>& before) {
  const Record* record = by_id(before, row.id);
  if (record == nullptr) return problem("a record is deleted that never was: " + show(row));
  if (record->archived) return;
  if (scenario_.mode == "delete") {
    const bool is_listed = std::any_of(
        edition_.customers.begin(), edition_.customers.end(),
        [&](const auto& c) { return edition_.valid(key_of(c)) != nullptr && has_match(*record, *c.match); });
    if (!is_listed) problem("a record is deleted that the model does not list: " + show(row));
    return;
  }
  if (!scenario_.deletes_removed())
    return problem("a record is deleted, and nothing asks for that: " + show(row));
  const Customer* customer = edition_.valid(row.key);
  if (customer != nullptr && has_match(*record, *customer->match))
    problem("the record of a row in the model is deleted: " + show(row));
}

void Auditor::check_creation(const SentRow& row, const std::vector<Record>& before) {
  const uint64_t earlier = creations_[row.key]++;
  if (scenario_.mode == "append") {
    if (earlier == 0 || scenario_.in_doubt == "resend" || insists_) return;
    if (insisted_.erase(row.key) > 0) return;
    return problem(fmt::format("appended a second time: {}", show(row)));
  }
  const Customer* customer = edition_.valid(row.key);
  if (customer == nullptr) return;
  for (const auto& record : before)
    if (!record.archived && has_match(record, *customer->match))
      problem(fmt::format("a second record is made beside {}: {}", record.id, show(row)));
}

// ---- The ends

void Auditor::check_recorded(Disk& disk, const std::string& snapshot) {
  auto opened = Snapshot::open(disk, snapshot, Verify::everything);
  if (!opened.ok()) return problem("the snapshot does not open: " + opened.error().message);
  std::map<std::string, const SentRow*> last;
  for (const SentRow& row : rows_)
    if (!row.key.empty()) last[row.key] = &row;
  for (const auto& [key, row] : last) {
    if (!row->in_effect || !row->delivered || scenario_.mode == "delete") continue;
    if (row->made_record) continue;  // whether the rest was to follow is not told by the request
    const std::string_view part[] = {key};
    const auto found = opened->find(hash_key(part));
    if (!found.ok()) return problem("the snapshot cannot be read: " + found.error().message);
    const bool is_removal = row->operation == "archive" || edition_.valid(key) == nullptr;
    if (is_removal) {
      if (edition_.has_key(key)) continue;  // the row is another record's by now
      if (*found && (*found)->accepted && !(*found)->gone)
        problem("a removal is not recorded: " + show(*row));
    } else if (!*found || !(*found)->accepted || *(*found)->accepted == kUnknownPayload ||
               (*found)->waiting) {
      problem("an accepted row is not recorded: " + show(*row));
    }
  }
}

bool Auditor::has_match(const Record& record, const std::string& match) const {
  if (scenario_.match_kind == "id") return record.id == match;
  return lowered(record.field(scenario_.match_field)) == lowered(match);
}

const Record* Auditor::find_record(const Customer& customer, const std::vector<Record>& records) const {
  const Record* found = nullptr;
  for (const auto& record : records) {
    if (record.archived || !has_match(record, *customer.match)) continue;
    if (found != nullptr && found->field(kKeyField) == key_of(customer)) continue;
    found = &record;
  }
  return found;
}

void Auditor::check_values(const Customer& customer, const Record& record) {
  for (const auto& field : edition_.fields) {
    if (field.write != "always") continue;
    const Text expected = rendered(field, customer);
    if (expected && record.field(field.name) != *expected)
      problem(fmt::format("at the end '{}' of record {} (row {}) is '{}', and should be '{}'", field.name,
                          record.id, key_of(customer), record.field(field.name), *expected));
  }
}

void Auditor::check_present(const std::string& key, const std::vector<Record>& records) {
  const Customer& customer = *edition_.valid(key);
  if (scenario_.mode == "append") {
    if (creations_[key] == 0 && scenario_.in_doubt == "resend") problem("never appended: row " + key);
    return;
  }
  const Record* record = find_record(customer, records);
  if (scenario_.mode == "insert") return;
  if (record == nullptr) {
    if (scenario_.mode != "update") problem("at the end there is no record for row " + key);
    return;
  }
  if (record->field(kKeyField) != key)
    return problem(fmt::format("at the end record {} for row {} carries '{}'", record->id, key,
                               record->field(kKeyField)));
  check_values(customer, *record);
}

bool Auditor::met_anothers(const std::string& key) {
  const auto is_anothers = [this](const std::string& match) { return matches_of_others_.contains(match); };
  return is_anothers(last_match_[key]) ||
         std::any_of(left_matches_[key].begin(), left_matches_[key].end(), is_anothers);
}

// What the model has no longer is gone, or cleared.
void Auditor::check_absent(const std::vector<Record>& records) {
  for (const auto& record : records) {
    const std::string key = record.field(kKeyField);
    if (record.archived || key.empty() || edition_.has_key(key)) continue;
    // Of a row that is matched by its record's id, another id means another record: the old one stays. So it
    // does when a record of somebody else's has the new match value.
    const bool by_id = scenario_.match_kind == "id";
    const bool was_left =
        (by_id || scenario_.match_change == "new" || met_anothers(key)) &&
        left_matches_[key].contains(by_id ? record.id : lowered(record.field(scenario_.match_field)));
    if (scenario_.deletes_removed() && scenario_.mode != "insert" && !was_left)
      problem(
          fmt::format("at the end record {} is still there for row {}, which was removed", record.id, key));
    if (scenario_.on_removed == "clear" && !was_left)
      problem(fmt::format("at the end record {} still holds row {}, which was removed", record.id, key));
  }
}

void Auditor::check_end() {
  const std::vector<Record> records = destination_.records();
  if (scenario_.mode == "delete") {
    for (const auto& key : edition_.valid_keys())
      if (const Record* record = find_record(*edition_.valid(key), records); record != nullptr)
        problem(fmt::format("at the end record {} of row {} is still there", record->id, key));
    return;
  }
  for (const auto& key : edition_.valid_keys()) check_present(key, records);
  check_absent(records);
}

}  // namespace penstock::sim
