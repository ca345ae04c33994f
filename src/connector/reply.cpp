#include "connector/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "connector/csv.h"
#include "connector/json_path.h"

namespace penstock::connector {
namespace {

using simdjson::dom::element;

// simdjson's parser keeps its buffers, so it is kept for the thread.
std::optional<element> parse(std::string_view body) {
  thread_local simdjson::dom::parser parser;
  element root;
  if (body.empty() || parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS)
    return std::nullopt;
  return root;
}

bool status_fits(const std::vector<std::string>& patterns, int status) {
  const std::string text = fmt::to_string(status);
  for (const auto& pattern : patterns)
    if (pattern == text || (pattern.size() == 3 && pattern.ends_with("xx") && pattern[0] == text[0]))
      return true;
  return patterns.empty();
}

// `present`: there is something at the path, and it is not null, false, or empty.
bool is_present(const std::string& path, std::optional<element> root) {
  const auto value = root ? at_path(*root, path) : std::nullopt;
  if (!value) return false;
  const std::string text = text_of(*value);
  return !text.empty() && text != "[]" && text != "{}" && text != "false";
}

// "daily*": how a text begins.
bool text_fits(std::string_view wanted, std::string_view text) {
  if (wanted.size() > 1 && wanted.ends_with('*'))
    return text.starts_with(wanted.substr(0, wanted.size() - 1));
  return text == wanted;
}

bool condition_holds(const Named<std::string>& condition, std::optional<element> root) {
  if (condition.value == "present") return is_present(condition.name, root);
  if (condition.value == "absent") return !is_present(condition.name, root);
  return root && text_fits(condition.value, text_at(*root, condition.name));
}

bool headers_hold(const std::vector<Named<std::string>>& conditions, const HeaderOf& header) {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Named<std::string>& condition) {
    const std::string* text = header ? header(condition.name) : nullptr;
    if (condition.value == "present") return text != nullptr;
    if (condition.value == "absent") return text == nullptr;
    return text != nullptr && text_fits(condition.value, *text);
  });
}

bool conditions_hold(const std::vector<Named<std::string>>& conditions, std::optional<element> root) {
  for (const auto& condition : conditions)
    if (!condition_holds(condition, root)) return false;
  return true;
}

std::string first_text(const std::vector<std::string>& paths, std::optional<element> root) {
  if (!root) return "";
  for (const auto& path : paths)
    if (auto text = text_at(*root, path); !text.empty()) return text;
  return "";
}

std::string before(std::string text, std::string_view end) {
  if (!end.empty()) text.resize(std::min(text.find(end), text.size()));
  return text;
}

// Any of the codes that the reply gives may have a meaning of its own.
std::optional<Verdict> meaning_of_codes(const std::vector<Named<Verdict>>& codes,
                                        const std::vector<std::string>& paths, std::optional<element> root,
                                        std::string_view code_ends = "") {
  if (!root) return std::nullopt;
  for (const auto& path : paths) {
    const std::string code = before(text_at(*root, path), code_ends);
    for (const auto& named : codes)
      if (named.name == code) return named.value;
  }
  return std::nullopt;
}

std::string folded(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

// Finds the row that an entry of the reply is about.
class RowFinder {
 public:
  RowFinder(const SentRows& sent, const RowRule& rule) : count_(sent.count), by_(rule.by) {
    if (!is_by_text()) return;
    for (size_t i = 0; i < count_; ++i) by_text_[folded(text_of_row(sent, rule, i))].push_back(i);
  }

  // All of them: events of one user share their match value.
  std::vector<size_t> find(std::string_view name) const {
    if (is_by_text()) {
      const auto found = by_text_.find(folded(std::string(name)));
      return found == by_text_.end() ? std::vector<size_t>() : found->second;
    }
    size_t index = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), index);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size() || index >= count_) return {};
    return {index};
  }

 private:
  using By = RowRule::By;
  bool is_by_text() const { return by_ != By::trace && by_ != By::index && by_ != By::position; }
  static std::string text_of_row(const SentRows& sent, const RowRule& rule, size_t index) {
    switch (rule.by) {
      case By::record_id:
        return sent.record_id(index);
      case By::once:
        return sent.once(index);
      case By::field:
        return sent.field(index, rule.field);
      default:
        return sent.match(index);
    }
  }

  size_t count_;
  By by_;
  std::unordered_map<std::string, std::vector<size_t>> by_text_;
};

// What stands at {index} in a text that looks like the pattern; nullopt: it looks otherwise.
std::optional<std::string> picked(std::string_view pattern, const std::string& text) {
  constexpr std::string_view kIndex = "{index}";
  const size_t at = pattern.find(kIndex);
  const std::string_view head = pattern.substr(0, at), tail = pattern.substr(at + kIndex.size());
  if (!text.starts_with(head)) return std::nullopt;
  const size_t end = tail.empty() ? text.size() : text.find(tail, head.size());
  if (end == text.npos) return std::nullopt;
  return text.substr(head.size(), end - head.size());
}

RowReading read_row(const RowRule& rule, element entry) {
  RowReading reading;
  reading.verdict = meaning_of_codes(rule.codes, rule.code, entry, rule.code_ends).value_or(rule.is);
  reading.record_id = first_text(rule.record_id, entry);
  if (!rule.created.empty()) {
    const auto created = at_path(entry, rule.created);
    const std::string text = created ? text_of(*created) : "";  // in CSV it is a text
    if (text == "true" || text == "false") reading.created = text == "true";
  }
  reading.code = before(first_text(rule.code, entry), rule.code_ends);
  if (reading.code.empty()) reading.code = rule.reason;
  reading.message = first_text(rule.message, entry);
  reading.wait = rule.wait;
  return reading;
}

// One entry of the list that a rule is about. The members of an object are entries with a key and a value.
struct Entry {
  element value;
  std::string key{};
};

std::vector<Entry> entries_of(element list) {
  std::vector<Entry> entries;
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (list.get(array) == simdjson::SUCCESS)
    for (const element item : array) entries.push_back({.value = item});
  else if (list.get(object) == simdjson::SUCCESS)
    for (const auto member : object)
      entries.push_back({.value = member.value, .key = std::string(member.key)});
  return entries;
}

void add_name(const RowRule& rule, const std::string& text, std::vector<std::string>& names) {
  if (rule.at_pattern.empty()) return names.push_back(text);
  if (auto name = picked(rule.at_pattern, text)) names.push_back(*std::move(name));
}

// The names of the rows that an entry is about: one, or a list of them.
std::vector<std::string> names_in(const RowRule& rule, const Entry& entry, size_t position) {
  if (rule.by == RowRule::By::position) return {fmt::to_string(position)};
  std::vector<std::string> names;
  if (rule.at == "key") {
    add_name(rule, entry.key, names);
    if (!entry.key.empty()) return names;
  }
  const auto named = at_path(entry.value, rule.at == "value" && !entry.key.empty() ? "" : rule.at);
  if (!named) return {};
  simdjson::dom::array list;
  if (named->get(list) == simdjson::SUCCESS)
    for (const element name : list) add_name(rule, text_of(name), names);
  else
    add_name(rule, text_of(*named), names);
  return names;
}

void apply_row_rule(const RowRule& rule, element root, const SentRows& sent,
                    std::vector<std::optional<RowReading>>& rows) {
  const auto at = at_path(root, *rule.each);
  if (!at) return;
  const RowFinder finder(sent, rule);
  size_t position = 0;
  const bool is_itself = rule.each->empty() && at->is_object();  // a reply about one row
  for (const Entry& entry : is_itself ? std::vector<Entry>{{.value = *at}} : entries_of(*at)) {
    const size_t here = position++;
    if (!conditions_hold(rule.where, entry.value)) continue;
    for (const auto& name : names_in(rule, entry, here))
      for (const size_t index : finder.find(name)) {
        if (rows[index]) continue;
        rows[index] = read_row(rule, entry.value);
        if (rows[index]->code.empty() && !entry.key.empty()) rows[index]->code = entry.key;
      }
  }
}

// `whole`: what the reply says of the request.
std::vector<RowReading> read_rows(const ReplyRule& rule, std::optional<element> root, const SentRows& sent,
                                  const ReplyReading& whole) {
  std::vector<std::optional<RowReading>> named(sent.count);
  if (root)
    for (const auto& row_rule : rule.rows) apply_row_rule(row_rule, *root, sent, named);
  std::vector<RowReading> rows;
  rows.reserve(sent.count);
  // A row that travelled alone is the one that the reply does not name.
  const bool alone = rule.unnamed == Verdict::split && sent.count == 1;
  for (auto& reading : named) {
    if (reading)
      rows.push_back(*std::move(reading));
    else if (alone)
      rows.push_back({.verdict = Verdict::rejected,
                      .record_id = "",
                      .created = std::nullopt,
                      .code = whole.code,
                      .message = whole.message,
                      .wait = 30s});
    else
      rows.push_back(
          {.verdict = rule.unnamed,
           .record_id = "",
           .created = std::nullopt,
           .code = "",
           .message = rule.unnamed == Verdict::accepted ? "" : "the reply does not mention this row",
           .wait = 30s});
  }
  return rows;
}

// What holds for a whole request, however many rows it carried.
bool is_of_request(Verdict verdict) {
  switch (verdict) {
    case Verdict::split:
    case Verdict::retry:
    case Verdict::again:
    case Verdict::throttled:
    case Verdict::quota:
    case Verdict::auth:
    case Verdict::forbidden:
      return true;
    default:
      return false;
  }
}

// How long to wait, as the reply tells: 3.5, "3.5s".
std::optional<Duration> wait_in_reply(const ReplyRule& rule, std::optional<element> root) {
  constexpr Duration kLongest = 1h;
  const std::string text = rule.wait_at.empty() ? "" : first_text({rule.wait_at}, root);
  if (text.empty()) return rule.wait;
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || !(number >= 0)) return rule.wait;
  const std::string_view unit(end, text.data() + text.size());
  if (unit != "" && unit != "s") return rule.wait;
  const double micros = number * static_cast<double>((unit == "s" ? Duration(1s) : rule.wait_unit).count());
  return micros < static_cast<double>(kLongest.count()) ? Duration(static_cast<int64_t>(micros)) : kLongest;
}

ReplyReading apply(const ReplyRule& rule, std::optional<element> root, const SentRows& sent) {
  ReplyReading reading;
  reading.verdict = rule.is;
  reading.code = first_text(rule.code, root);
  if (reading.code.empty()) reading.code = rule.reason;
  reading.message = first_text(rule.message, root);
  reading.wait = wait_in_reply(rule, root);
  if (const auto meaning = meaning_of_codes(rule.codes, rule.code, root);
      meaning && (sent.count == 1 || is_of_request(*meaning)))
    reading.verdict = *meaning;
  if (reading.verdict == Verdict::rows) reading.rows = read_rows(rule, root, sent, reading);
  // A refusal of the whole request is about its only row.
  if (reading.verdict == Verdict::split && sent.count == 1) reading.verdict = Verdict::rejected;
  return reading;
}

// The beginning of a reply that nobody understands, for the message.
std::string excerpt(std::string_view body) {
  std::string text(body.substr(0, 200));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text.empty() ? "(empty)" : text;
}

}  // namespace

ReplyReading read_reply(const Operation& operation, const Declaration& connector, int status,
                        std::string_view body, const SentRows& sent, const HeaderOf& header) {
  const auto root = parse(body);
  for (const auto* rules : {&operation.replies, &connector.replies})
    for (const auto& rule : *rules)
      if (status_fits(rule.status, status) && conditions_hold(rule.where, root) &&
          headers_hold(rule.header, header)) {
        if (rule.is == Verdict::rows && !root) continue;  // it needs a body that can be read
        return apply(rule, root, sent);
      }
  ReplyReading reading;
  reading.verdict = status < 300 || status >= 500 ? Verdict::retry : Verdict::rejected;
  reading.code = fmt::to_string(status);
  reading.message = fmt::format("unexpected reply {}: {}", status, excerpt(body));
  return reading;
}

ReplyReading read_job_reply(const JobRequest& request, const Declaration& connector, int status,
                            std::string_view body) {
  Operation operation;
  operation.replies = request.replies;
  operation.replies.insert(operation.replies.end(), connector.replies.begin(), connector.replies.end());
  ReplyRule good;
  good.status = {"2xx"};
  operation.replies.push_back(std::move(good));
  return read_reply(operation, connector, status, body, SentRows{});
}

Result<void> read_job_result(const JobResult& rule, std::string_view match_field, std::string_view text,
                             const SentRows& sent, std::vector<std::optional<RowReading>>& rows) {
  std::string converted;
  if (rule.content == JobResult::Content::csv) {
    auto json = csv_as_json(text);
    if (!json.ok()) return json.error();
    converted = *std::move(json);
    text = converted;
  }
  const auto root = parse(text);
  if (!root)
    return Error{ErrorKind::transient, fmt::format("the results are not JSON: {}", excerpt(text)), ""};
  for (RowRule row : rule.rows) {
    if (const size_t found = row.at.find("{match_field}"); found != row.at.npos)
      row.at.replace(found, 13, match_field);
    apply_row_rule(row, *root, sent, rows);
  }
  return success();
}
namespace {

// A list of records, one record by itself, or an object whose members they are.
std::vector<Entry> found_entries(element at, bool members) {
  simdjson::dom::object object;
  if (at.is_array() || members) return entries_of(at);
  if (at.get(object) == simdjson::SUCCESS) return {{.value = at}};
  return {};
}

// What is at the path; of an object's member also "key", its name, and "value".
std::string text_in(const Entry& entry, std::string_view path, bool members) {
  if (members && path == "key") return entry.key;
  if (members && path == "value") return text_of(entry.value);
  if (members && path.starts_with("value.")) path.remove_prefix(6);
  return text_at(entry.value, path);
}

std::string with_match_field(std::string path, std::string_view match_field) {
  if (const size_t found = path.find("{match_field}"); found != path.npos)
    path.replace(found, 13, match_field);
  return path;
}

// A member by its name; letter case makes no difference where it is not there as it is written.
std::optional<element> member_named(simdjson::dom::object members, std::string_view name) {
  element found;
  if (members.at_key(name).get(found) == simdjson::SUCCESS) return found;
  if (members.at_key_case_insensitive(name).get(found) == simdjson::SUCCESS) return found;
  return std::nullopt;
}

// "address.city" is the member of a member where names have levels.
std::optional<element> field_named(element fields, std::string_view name, std::string_view nested) {
  simdjson::dom::object members;
  if (fields.get(members) != simdjson::SUCCESS) return std::nullopt;
  if (auto found = member_named(members, name)) return found;
  const size_t level = nested.empty() ? name.npos : name.find(nested);
  if (level == name.npos) return std::nullopt;
  const auto outer = member_named(members, name.substr(0, level));
  return outer ? field_named(*outer, name.substr(level + nested.size()), nested) : std::nullopt;
}

void take_fields(const FindRule& rule, element entry, const ReadFields& read, FoundRecord& record) {
  record.fields.resize(read.names.size());
  if (read.wanted.none()) return;
  for (const auto& path : rule.fields) {
    const auto fields = path == "." ? std::optional(entry) : at_path(entry, path);
    for (size_t i = 0; fields && i < read.names.size(); ++i) {
      if (!read.wanted[i] || record.fields[i].json != "null") continue;
      const auto value = field_named(*fields, read.names[i], read.nested);
      if (value) record.fields[i] = {.text = text_of(*value), .json = simdjson::minify(*value)};
    }
  }
}

}  // namespace

Result<FindReading> read_found(const FindRule& rule, std::string_view match_field, std::string_view body,
                               const ReadFields& read) {
  const auto root = parse(body);
  const auto at = root ? at_path(*root, rule.each) : std::nullopt;
  if (!at && root && rule.none_if_absent) return FindReading{};
  if (!at || !(at->is_array() || at->is_object()))
    return Error{ErrorKind::transient,
                 fmt::format("the reply to a look-up has no '{}': {}", rule.each, excerpt(body)), ""};
  const std::string value_path = with_match_field(rule.value, match_field);
  FindReading reading;
  int64_t place = rule.counted_from.value_or(0);
  for (const Entry& entry : found_entries(*at, rule.members)) {
    const int64_t at_place = place++;
    // Asked for by their ids, records that are not there may be told as null.
    if (!rule.members && !rule.counted_from && entry.value.is_null()) continue;
    if (!conditions_hold(rule.where, entry.value)) continue;
    FoundRecord& record = reading.records.emplace_back();
    if (rule.counted_from) record.record_id = fmt::to_string(at_place);
    record.value = text_in(entry, value_path, rule.members);
    if (rule.ignore_case) record.value = folded(std::move(record.value));
    for (const auto& path : rule.record_id)
      if (record.record_id.empty()) record.record_id = text_in(entry, path, rule.members);
    take_fields(rule, entry.value, read, record);
  }
  reading.next_page = text_at(*root, rule.next);
  return reading;
}

}  // namespace penstock::connector
