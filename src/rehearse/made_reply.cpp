#include "rehearse/made_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace penstock::rehearse {
namespace {

using connector::BoundOperation;
using connector::Named;
using connector::ReplyRule;
using connector::RowRule;
using connector::SentRows;
using connector::Target;
using connector::Verdict;

// A member of the list under `at: value` holds the names of its rows.
constexpr std::string_view kMember = "rehearsed";

void set_conditions(Json& json, const std::vector<Named<std::string>>& conditions, bool presence) {
  for (const auto& condition : conditions) {
    if (condition.value == "absent" || (condition.value == "present") != presence) continue;
    if (presence && json.has(condition.name)) continue;
    json.at(condition.name).set(presence ? "rehearsed" : condition.value);
  }
}

void set_first(Json& json, const std::vector<std::string>& paths, std::string_view text) {
  if (!paths.empty() && !json.has(paths[0])) json.at(paths[0]).set(text);
}

bool has_code(const std::vector<Named<Verdict>>& codes, std::string_view code) {
  return std::any_of(codes.begin(), codes.end(), [&](const auto& each) { return each.name == code; });
}

std::string name_of_row(const RowRule& rule, const SentRows& sent, size_t index) {
  using By = RowRule::By;
  switch (rule.by) {
    case By::match:
      return sent.match(index);
    case By::record_id:
      return sent.record_id(index);
    case By::once:
      return sent.once(index);
    case By::field:
      return sent.field(index, rule.field);
    default:
      break;
  }
  return fmt::to_string(index);
}

std::string with_pattern(const RowRule& rule, const std::string& name) {
  if (rule.at_pattern.empty()) return name;
  std::string text = rule.at_pattern;
  return text.replace(text.find("{index}"), 7, name);
}

void fill_entry(Json& entry, const RowRule& rule, const RowWish& wish) {
  set_conditions(entry, rule.where, false);
  const bool good = rule.is == Verdict::accepted && wish.code.empty();
  if (!wish.record_id.empty()) set_first(entry, rule.record_id, wish.record_id);
  if (!rule.created.empty()) entry.at(rule.created).set("true");
  if (!good) {
    const std::string code = wish.code.empty() ? std::string(kMadeCode) : wish.code;
    set_first(entry, rule.code, code + rule.code_ends);
    set_first(entry, rule.message, kMadeMessage);
  }
  set_conditions(entry, rule.where, true);
}

// Where the row's entry stands, named as the rule reads it.
void add_entry(Json& root, const RowRule& rule, const SentRows& sent, size_t index, const RowWish& wish,
               std::string_view match_field) {
  std::string at = rule.at;
  if (const size_t place = at.find("{match_field}"); place != at.npos) at.replace(place, 13, match_field);
  const std::string name = with_pattern(rule, name_of_row(rule, sent, index));
  const bool is_one = rule.each->empty() && sent.count == 1 && rule.by == RowRule::By::position;
  Json& list = root.at(*rule.each);
  if (is_one) return fill_entry(list, rule, wish);
  if (rule.by == RowRule::By::position) return fill_entry(list.item(index), rule, wish);
  if (at == "key") {
    Json& entry = list.member(name);
    fill_entry(entry, rule, wish);
    if (!entry.is_set()) entry.set(kMadeMessage);
    return;
  }
  if (at == "value") return list.member(kMember).add_item().set(name);
  Json& entry = list.add_item();
  if (at.empty()) return entry.set(name);
  entry.at(at).set(name);
  fill_entry(entry, rule, wish);
}

// What a reply with this body and each status that fits the rule is read as.
std::optional<MadeReply> read_back(const Target& target, const BoundOperation& operation,
                                   const ReplyRule& rule, const std::string& body, const SentRows& sent,
                                   const std::function<bool(const connector::ReplyReading&)>& is_wanted) {
  for (const int status : statuses_of(rule))
    if (is_wanted(target.read(operation, status, body, sent))) return MadeReply{status, body};
  return std::nullopt;
}

std::vector<const ReplyRule*> rules_for(const Target& target, const BoundOperation& operation) {
  std::vector<const ReplyRule*> rules;
  for (const auto& rule : operation.operation->replies) rules.push_back(&rule);
  for (const auto& rule : target.connector().declaration().replies) rules.push_back(&rule);
  return rules;
}

bool accepts_all(const connector::ReplyReading& reading) {
  if (reading.verdict == Verdict::accepted) return true;
  return reading.verdict == Verdict::rows &&
         std::all_of(reading.rows.begin(), reading.rows.end(),
                     [](const auto& row) { return row.verdict == Verdict::accepted; });
}

std::vector<RowWish> wishes_of(const RowRule* rule, const SentRows& sent) {
  std::vector<RowWish> wishes(sent.count);
  for (size_t i = 0; i < sent.count; ++i) {
    wishes[i].rule = rule;
    wishes[i].record_id = made_record_id(sent.match ? sent.match(i) : "", i);
  }
  return wishes;
}

}  // namespace

std::string made_record_id(const std::string& match, size_t index) {
  return match.empty() ? fmt::format("{}{}", kMadeId, index + 1) : std::string(kMadeId) + match;
}

std::vector<int> statuses_of(const ReplyRule& rule) {
  std::vector<int> statuses;
  for (const auto& pattern : rule.status) {
    if (!pattern.ends_with("xx")) {
      statuses.push_back(std::stoi(pattern));
      continue;
    }
    const int hundreds = (pattern[0] - '0') * 100;
    const std::vector<int> usual = hundreds == 400   ? std::vector<int>{400, 422, 409, 404, 451}
                                   : hundreds == 500 ? std::vector<int>{500, 503, 502}
                                                     : std::vector<int>{hundreds, hundreds + 1, hundreds + 2};
    statuses.insert(statuses.end(), usual.begin(), usual.end());
  }
  if (statuses.empty()) statuses = {200, 400, 500};
  return statuses;
}

void add_entries(Json& root, const std::vector<RowRule>& rules, const SentRows& sent,
                 const std::vector<RowWish>& rows, std::string_view match_field) {
  for (const auto& rule : rules)
    if (rule.each->empty() ? sent.count != 1
                           : !root.has(*rule.each) && rule.at != "value" && rule.at != "key")
      root.at(*rule.each).set_list();
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i].rule != nullptr) add_entry(root, *rows[i].rule, sent, i, rows[i], match_field);
}

std::string body_by(const ReplyRule& rule, const SentRows& sent, const std::vector<RowWish>& rows,
                    const std::string& code) {
  Json body;
  set_conditions(body, rule.where, false);
  if (rule.is == Verdict::rows) {
    add_entries(body, rule.rows, sent, rows, "");
  } else if (rule.is != Verdict::accepted || !code.empty()) {
    set_first(body, rule.code, code.empty() ? std::string(kMadeCode) : code);
    set_first(body, rule.message, kMadeMessage);
  }
  set_conditions(body, rule.where, true);
  return body.text();
}

std::optional<MadeReply> accepting_reply(const Target& target, const BoundOperation& operation,
                                         const SentRows& sent) {
  for (const ReplyRule* rule : rules_for(target, operation)) {
    if (rule->is != Verdict::accepted && rule->is != Verdict::rows) continue;
    std::vector<const RowRule*> ways;
    for (const auto& row : rule->rows)
      if (row.is == Verdict::accepted) ways.push_back(&row);
    if (rule->unnamed == Verdict::accepted || rule->is == Verdict::accepted) ways.push_back(nullptr);
    for (const RowRule* way : ways)
      if (auto made = read_back(target, operation, *rule, body_by(*rule, sent, wishes_of(way, sent)), sent,
                                accepts_all))
        return made;
  }
  return std::nullopt;
}

std::optional<MadeReply> reply_saying(const Target& target, const BoundOperation& operation, Verdict verdict,
                                      const SentRows& sent) {
  const auto is_wanted = [&](const connector::ReplyReading& reading) { return reading.verdict == verdict; };
  for (const ReplyRule* rule : rules_for(target, operation)) {
    std::vector<std::string> codes;
    // A refusal of the whole request is about its only row.
    const bool is_alone = verdict == Verdict::rejected && rule->is == Verdict::split && sent.count == 1;
    if ((rule->is == verdict || is_alone) && !has_code(rule->codes, kMadeCode)) codes.push_back("");
    for (const auto& each : rule->codes)
      if (each.value == verdict) codes.push_back(each.name);
    for (const auto& code : codes)
      if (auto made = read_back(target, operation, *rule, body_by(*rule, sent, {}, code), sent, is_wanted))
        return made;
  }
  return std::nullopt;
}

bool names_one(const connector::Operation& look_up) {
  const connector::FindRule& find = *look_up.find;
  const bool is_list = !find.each.empty() && !find.none_if_absent;
  return (look_up.rows == 1 && !is_list) || find.members;
}

namespace {

// The first digits of what a row is matched on tell its number.
size_t number_in(std::string_view match) {
  const size_t first = std::min(match.find_first_of("0123456789"), match.size());
  size_t number = 0;
  std::from_chars(match.data() + first, match.data() + match.size(), number);
  return number;
}

Json& new_entry(Json& list, const connector::FindRule& find, const std::string& match, size_t time) {
  if (find.members) return list.member(match);
  if (!find.counted_from) return list.add_item();
  // A second one of the row stands before all the first ones.
  const size_t number = number_in(match);
  return list.item(time == 0 ? kMadePlaces + number : kMadePlaces - 1 - number);
}

// Of a member "value" is what it holds, and "key" is its name.
std::string path_in(const connector::FindRule& find, std::string_view path) {
  if (find.members && path.starts_with("value.")) path.remove_prefix(6);
  return std::string(path);
}

void add_found(Json& entry, const connector::FindRule& find, const std::string& match, const std::string& id,
               size_t time) {
  const bool by_name = find.members && find.value == "key";
  const bool by_id = !find.record_id.empty() && find.record_id[0] == find.value;
  set_conditions(entry, find.where, false);
  if (!by_name) entry.at(path_in(find, find.value)).set(by_id ? id : match);
  set_conditions(entry, find.where, true);
  if (find.record_id.empty() || by_id) return;
  std::vector<std::string> paths;
  for (const auto& path : find.record_id) paths.push_back(path_in(find, path));
  set_first(entry, paths, time == 0 ? id : fmt::format("{}-{}", id, time + 1));
}

// Levels of a name are members of members, where names have levels.
Json& field_in(Json& fields, std::string_view name, std::string_view nested) {
  const size_t level = nested.empty() ? name.npos : name.find(nested);
  if (level == name.npos) return fields.member(name);
  return field_in(fields.member(name.substr(0, level)), name.substr(level + nested.size()), nested);
}

void add_held(Json& entry, const Target& target, const connector::FindRule& find, size_t row,
              const HeldValue& held) {
  for (size_t field = 0; held && !find.fields.empty() && field < target.facts().fields.size(); ++field) {
    const std::string value = held(row, field);
    const std::string& path = find.fields[field % find.fields.size()];
    if (value.empty()) continue;
    Json& place =
        field_in(entry.at(path == "." ? "" : path), target.facts().fields[field], target.values().nested);
    if (!place.is_set()) place.set_raw(value);
  }
}

}  // namespace

std::optional<MadeReply> finding_reply(const Target& target, const BoundOperation& operation,
                                       const SentRows& sent, const std::vector<size_t>& found, size_t times,
                                       const HeldValue& held) {
  const connector::FindRule& find = *operation.find;
  const auto id_of = [&](size_t row) {
    return operation.needs_record ? sent.record_id(row) : made_record_id(sent.match(row), row);
  };
  const auto is_wanted = [](const connector::ReplyReading& reading) {
    return reading.verdict == Verdict::accepted;
  };
  const auto is_missing = [](const connector::ReplyReading& reading) {
    return reading.verdict == Verdict::missing;
  };
  const bool is_one = names_one(*operation.operation) && !find.members;
  const auto rules = rules_for(target, operation);
  for (const ReplyRule* rule : rules)
    if (found.empty() && names_one(*operation.operation) && rule->is == Verdict::missing)
      if (auto made = read_back(target, operation, *rule, body_by(*rule, sent, {}), sent, is_missing))
        return made;
  for (const ReplyRule* rule : rules) {
    if (rule->is != Verdict::accepted) continue;
    Json body;
    set_conditions(body, rule->where, false);
    if (!is_one && !find.members) body.at(find.each).set_list();
    for (const size_t row : found)
      for (size_t i = 0; i < times; ++i) {
        Json& list = body.at(find.each);
        Json& entry = is_one ? list : new_entry(list, find, sent.match(row), i);
        add_found(entry, find, sent.match(row), id_of(row), i);
        add_held(entry, target, find, row, held);
      }
    set_conditions(body, rule->where, true);
    const auto made = read_back(target, operation, *rule, body.text(), sent, is_wanted);
    // It must find what it is to find: of a destination that names one record nothing else can be said.
    if (!made) continue;
    const auto reading = connector::read_found(find, target.facts().match_field(), made->body);
    const auto is_record = [](const connector::FoundRecord& record) { return !record.value.empty(); };
    if (reading.ok() && std::count_if(reading->records.begin(), reading->records.end(), is_record) ==
                            static_cast<ptrdiff_t>(found.size() * times))
      return made;
  }
  return std::nullopt;
}

}  // namespace penstock::rehearse
