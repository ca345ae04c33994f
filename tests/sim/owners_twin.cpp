#include "sim/owners_twin.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "sim/warehouse.h"

namespace penstock::sim {
namespace {

std::string operation_of(const HttpRequest& request) {
  return request.url.substr(request.url.rfind('/') + 1);
}

std::string member(simdjson::dom::element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::string json_of(const std::map<std::string, std::string>& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out += fmt::format("{}\"{}\":\"{}\"", out.empty() ? "" : ",", name, value);
  return "{" + out + "}";
}

}  // namespace

void OwnersTwin::begin_run() {
  // A run that died may have made records for what it had not found; without reading nobody knows what was
  // there.
  for (const auto& run : runs_)
    if (run.died) doubted_.insert(run.absent.begin(), run.absent.end());
  looking_ = false;
  runs_.emplace_back();
}

void OwnersTwin::begin_undo(size_t run, bool with_created) {
  begin_run();
  heard().is_undo = true;
  heard().undoes = run;
  heard().with_created = with_created;
}

void OwnersTwin::begin_look() {
  looking_ = true;
}

std::string OwnersTwin::name() const {
  return runs_.back().is_undo
             ? fmt::format("undo of run {} (as run {})", runs_.back().undoes, runs_.size() - 1)
             : fmt::format("run {}", runs_.size() - 1);
}

std::map<std::string, Record> OwnersTwin::live() const {
  Records all;
  for (auto& record : destination_.records())
    if (!record.archived) all.emplace(record.id, record);
  return all;
}

bool OwnersTwin::has_match(const Record& record, const std::string& match) const {
  if (sync_.match_kind == "id") return record.id == match;
  return lowered(record.field(sync_.match_field)) == lowered(match);
}

const std::string* OwnersTwin::last_ours(const std::string& record, const std::string& field,
                                         const std::string& key) const {
  const auto found = last_ours_.find({record, field});
  if (found == last_ours_.end()) return nullptr;
  const auto own = found->second.find(key);
  return own == found->second.end() ? nullptr : &own->second;
}

const Sight* OwnersTwin::seen(const std::string& record) const {
  const auto found = runs_.back().seen.find(record);
  return found == runs_.back().seen.end() ? nullptr : &found->second;
}

bool OwnersTwin::was_ever_ours(const std::string& record, const std::string& field,
                               const std::string& value) const {
  const auto found = ever_ours_.find({record, field});
  return found != ever_ours_.end() && found->second.contains(value);
}

Sight OwnersTwin::sight_of(const Record& record) const {
  Sight sight{.exists = true, .fields = {}};
  for (const auto& field : sync_.fields)
    if (const std::string value = record.field(field.name); !value.empty())
      sight.fields.emplace(field.name, value);
  return sight;
}

// ---- What is on the wire

ServerReply OwnersTwin::arrived(const HttpRequest& request, uint64_t& exchange) {
  const std::string target = request.url.substr(request.url.find('/', request.url.find("://") + 3));
  const std::string operation = operation_of(request);
  exchanges_.push_back({.run = runs_.empty() ? 0 : runs_.size() - 1, .seen = {}, .absent = {}, .made = {}});
  exchange = exchanges_.size();
  Exchange& heard = exchanges_.back();
  const bool writes =
      operation == "create" || operation == "update" || operation == "upsert" || operation == "archive";
  if (!writes) {
    if (!looking_ && (operation == "read" || operation == "search")) hear_reading(request, heard);
    return destination_.handle(request.method, target, request.body, "sim-token");
  }
  const Records before = live();
  ServerReply reply = destination_.handle(request.method, target, request.body, "sim-token");
  if (looking_) {
    problem(fmt::format("something is written though only a look was asked for: {}", request.body));
    return reply;
  }
  const Records after = live();
  simdjson::dom::parser parser;
  const simdjson::dom::element body = parser.parse(request.body).value();
  for (const auto input : body["inputs"].get_array().value()) {
    SentInput sent{.operation = operation, .id = member(input, "id"), .fields = {}};
    simdjson::dom::object properties;
    if (input["properties"].get(properties) == simdjson::SUCCESS)
      for (const auto [name, value] : properties)
        sent.fields.emplace(std::string(name), std::string(std::string_view(value)));
    hear_write(sent, before, after, heard);
  }
  return reply;
}

void OwnersTwin::replied(uint64_t exchange) {
  if (exchange == 0 || looking_) return;
  const Exchange& told = exchanges_[exchange - 1];
  if (runs_.empty() || told.run != runs_.size() - 1) return;
  for (const auto& [record, sight] : told.seen) heard().seen[record] = sight;
  heard().absent.insert(told.absent.begin(), told.absent.end());
  for (const auto& record : told.made) heard().made[record].told = true;
}

void OwnersTwin::hear_asked(const std::string& asked, bool by_id, const Records& records,
                            Exchange& exchange) const {
  bool found = false;
  for (const auto& [id, record] : records) {
    if (by_id ? id != asked : !has_match(record, asked)) continue;
    exchange.seen[id] = sight_of(record);
    found = true;
  }
  if (!found && by_id) exchange.seen[asked] = {};
  if (!found && !by_id) exchange.absent.insert(lowered(asked));
}

void OwnersTwin::hear_reading(const HttpRequest& request, Exchange& exchange) const {
  simdjson::dom::parser parser;
  const simdjson::dom::element body = parser.parse(request.body).value();
  const Records records = live();
  simdjson::dom::array asked;
  if (body["inputs"].get(asked) == simdjson::SUCCESS) {
    const bool by_id = member(body, "idProperty").empty();
    for (const auto input : asked) hear_asked(member(input, "id"), by_id, records, exchange);
  } else if (body.at_pointer("/filterGroups/0/filters/0/values").get(asked) == simdjson::SUCCESS) {
    for (const auto value : asked) hear_asked(std::string(std::string_view(value)), false, records, exchange);
  }
}

const Record* OwnersTwin::meant(const SentInput& input, const Records& records) const {
  if (input.operation == "create") return nullptr;
  if (input.operation != "upsert") {
    const auto found = records.find(input.id);
    return found == records.end() ? nullptr : &found->second;
  }
  for (const auto& [id, record] : records)
    if (has_match(record, input.id)) return &record;
  return nullptr;
}

void OwnersTwin::hear_write(const SentInput& input, const Records& before, const Records& after,
                            Exchange& exchange) {
  const Record* record = meant(input, before);
  if (record == nullptr) {
    if (input.operation == "create" || input.operation == "upsert")
      hear_creation(input, before, after, exchange);
    return;
  }
  const auto then = after.find(record->id);
  if (input.operation == "archive") return hear_removal(*record, then == after.end());
  const bool in_effect =
      then != after.end() && std::all_of(input.fields.begin(), input.fields.end(), [&](const auto& field) {
        return then->second.field(field.first) == field.second;
      });
  hear_update(input, *record, in_effect);
}

// What an undo puts back is whoever's it was before.
void OwnersTwin::note_ours(const std::string& record, const Fields& fields) {
  ours_.insert(record);
  const auto key = fields.find(kOwnedKey);
  // Cleared: what was written for the row is not remembered any more.
  if (key != fields.end() && key->second.empty() && !heard().is_undo)
    for (const auto& field : sync_.fields) last_ours_.erase({record, field.name});
  for (const auto& [field, value] : fields) {
    if (sync_.field(field) == nullptr || heard().is_undo) continue;
    ever_ours_[{record, field}].insert(value);
    if (key != fields.end()) last_ours_[{record, field}][key->second] = value;
  }
}

// A record that an undo makes again holds what the one held that the run had removed; what of it was ours is
// not known any more.
void OwnersTwin::inherit(const std::string& record, const std::string& match) {
  for (const auto& [old, removed] : undone().removed) {
    if (lowered(removed.match) != lowered(match)) continue;
    for (const auto& field : sync_.fields) ever_ours_[{record, field.name}] = ever_ours_[{old, field.name}];
  }
}

void OwnersTwin::hear_update(const SentInput& input, const Record& before, bool in_effect) {
  check_update(input, before);
  if (!in_effect) return;
  ++rows_written_;
  ++heard().written;
  note_ours(before.id, input.fields);
  const Sight* sight = seen(before.id);
  for (const auto& [field, value] : input.fields) {
    if (sync_.field(field) == nullptr) continue;
    if (const auto made = heard().made.find(before.id); made != heard().made.end())
      made->second.fields[field] = value;
    if (sight == nullptr || !sight->exists) continue;
    if (before.field(field) != sight->field(field) && before.field(field) != value) ++lost_in_window_;
    if (sight->field(field) == value && !heard().overwrites.contains({before.id, field})) continue;
    const auto [place, is_new] =
        heard().overwrites.try_emplace({before.id, field}, Overwritten{sight->field(field), value});
    if (!is_new) place->second.sent = value;
  }
}

void OwnersTwin::hear_creation(const SentInput& input, const Records& before, const Records& after,
                               Exchange& exchange) {
  const auto own = input.fields.find(sync_.match_field);
  const std::string match = input.operation == "upsert" ? input.id
                            : own != input.fields.end() ? own->second
                                                        : "";
  if (heard().is_undo) check_undo_creation(input, match);
  for (const auto& [id, record] : after) {
    if (before.contains(id) || !has_match(record, match)) continue;
    ++rows_written_;
    ++heard().written;
    note_ours(id, input.fields);
    if (heard().is_undo) inherit(id, match);
    MadeRecord& made = heard().made[id];
    made.match = match;
    for (const auto& [field, value] : input.fields)
      if (sync_.field(field) != nullptr) made.fields[field] = value;
    exchange.made.push_back(id);
  }
}

void OwnersTwin::hear_removal(const Record& before, bool in_effect) {
  if (heard().is_undo)
    check_undo_removal(before);
  else if (!sync_.deletes_removed())
    problem(fmt::format("{} deletes {}, and nothing asks for that", name(), before.id));
  else if (!is_ours(before.id) && !doubted_.contains(lowered(before.field(sync_.match_field))))
    problem(fmt::format("{} deletes {}, which this sync never wrote to", name(), before.id));
  if (!in_effect) return;
  ++rows_written_;
  ++heard().written;
  const Sight* sight = seen(before.id);
  const std::string match = sync_.match_kind == "id" ? before.id : before.field(sync_.match_field);
  heard().removed[before.id] = {.match = match, .seen = sight != nullptr ? *sight : sight_of(before)};
  heard().made.erase(before.id);
}

// ---- What others do

void OwnersTwin::others_write(const std::string& record, const std::string& field, const std::string& value) {
  destination_.update(record, json_of({{field, value}}));
}

std::string OwnersTwin::others_create(const std::map<std::string, std::string>& fields) {
  return destination_.create(json_of(fields));
}

void OwnersTwin::others_delete(const std::string& record) {
  destination_.archive(record);
}

}  // namespace penstock::sim
