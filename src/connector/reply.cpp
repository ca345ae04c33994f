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

bool conditions_hold(const std::vector<Named<std::string>>& conditions, std::optional<element> root) {
  for (const auto& condition : conditions)
    if (!root || text_at(*root, condition.name) != condition.value) return false;
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
  RowFinder(const SentRows& sent, RowRule::By by) : count_(sent.count), by_(by) {
    if (by != RowRule::By::match && by != RowRule::By::record_id) return;
    const auto& text = by == RowRule::By::match ? sent.match : sent.record_id;
    for (size_t i = 0; i < count_; ++i) by_text_.emplace(folded(text(i)), i);
  }

  std::optional<size_t> find(std::string_view name) const {
    if (by_ == RowRule::By::match || by_ == RowRule::By::record_id) {
      const auto found = by_text_.find(folded(std::string(name)));
      return found == by_text_.end() ? std::nullopt : std::optional(found->second);
    }
    size_t index = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), index);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size() || index >= count_)
      return std::nullopt;
    return index;
  }

 private:
  size_t count_;
  RowRule::By by_;
  std::unordered_map<std::string, size_t> by_text_;
};

RowReading read_row(const RowRule& rule, element entry) {
  RowReading reading;
  reading.verdict = meaning_of_codes(rule.codes, rule.code, entry, rule.code_ends).value_or(rule.is);
  reading.record_id = text_at(entry, rule.record_id);
  if (!rule.created.empty()) {
    const auto created = at_path(entry, rule.created);
    const std::string text = created ? text_of(*created) : "";  // in CSV it is a text
    if (text == "true" || text == "false") reading.created = text == "true";
  }
  reading.code = before(first_text(rule.code, entry), rule.code_ends);
  reading.message = first_text(rule.message, entry);
  return reading;
}

// The names of the rows that an entry is about: one, or a list of them.
std::vector<std::string> names_in(const RowRule& rule, element entry, size_t position) {
  if (rule.by == RowRule::By::position) return {fmt::to_string(position)};
  const auto named = at_path(entry, rule.at);
  std::vector<std::string> names;
  if (!named) return names;
  simdjson::dom::array list;
  if (named->get(list) == simdjson::SUCCESS)
    for (const element name : list) names.push_back(text_of(name));
  else
    names.push_back(text_of(*named));
  return names;
}

void apply_row_rule(const RowRule& rule, element root, const SentRows& sent,
                    std::vector<std::optional<RowReading>>& rows) {
  const auto at = at_path(root, *rule.each);
  simdjson::dom::array entries;
  if (!at || at->get(entries) != simdjson::SUCCESS) return;
  const RowFinder finder(sent, rule.by);
  size_t position = 0;
  for (const element entry : entries) {
    const size_t here = position++;
    if (!conditions_hold(rule.where, entry)) continue;
    for (const auto& name : names_in(rule, entry, here))
      if (const auto index = finder.find(name); index && !rows[*index]) rows[*index] = read_row(rule, entry);
  }
}

std::vector<RowReading> read_rows(const ReplyRule& rule, std::optional<element> root, const SentRows& sent) {
  std::vector<std::optional<RowReading>> named(sent.count);
  if (root)
    for (const auto& row_rule : rule.rows) apply_row_rule(row_rule, *root, sent, named);
  std::vector<RowReading> rows;
  rows.reserve(sent.count);
  for (auto& reading : named) {
    if (reading)
      rows.push_back(*std::move(reading));
    else
      rows.push_back(
          {.verdict = rule.unnamed,
           .record_id = "",
           .created = std::nullopt,
           .code = "",
           .message = rule.unnamed == Verdict::accepted ? "" : "the reply does not mention this row"});
  }
  return rows;
}

ReplyReading apply(const ReplyRule& rule, std::optional<element> root, const SentRows& sent) {
  ReplyReading reading;
  reading.verdict = rule.is;
  reading.code = first_text(rule.code, root);
  reading.message = first_text(rule.message, root);
  if (rule.is == Verdict::rows) reading.rows = read_rows(rule, root, sent);
  // A refusal of the whole request is about its only row.
  if (rule.is == Verdict::split && sent.count == 1)
    reading.verdict = meaning_of_codes(rule.codes, rule.code, root).value_or(Verdict::rejected);
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
                        std::string_view body, const SentRows& sent) {
  const auto root = parse(body);
  for (const auto* rules : {&operation.replies, &connector.replies})
    for (const auto& rule : *rules)
      if (status_fits(rule.status, status) && conditions_hold(rule.where, root)) {
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

Result<FindReading> read_found(const FindRule& rule, std::string_view match_field, std::string_view body) {
  const auto root = parse(body);
  simdjson::dom::array entries;
  const auto at = root ? at_path(*root, rule.each) : std::nullopt;
  if (!at || at->get(entries) != simdjson::SUCCESS)
    return Error{ErrorKind::transient,
                 fmt::format("the reply to a look-up has no '{}': {}", rule.each, excerpt(body)), ""};
  std::string value_path = rule.value;
  if (const size_t found = value_path.find("{match_field}"); found != value_path.npos)
    value_path.replace(found, 13, match_field);
  FindReading reading;
  for (const element entry : entries) {
    FoundRecord& record = reading.records.emplace_back();
    record.value = text_at(entry, value_path);
    if (rule.ignore_case) record.value = folded(std::move(record.value));
    record.record_id = text_at(entry, rule.record_id);
    const auto fields = rule.fields.empty() ? std::nullopt : at_path(entry, rule.fields);
    simdjson::dom::object members;
    if (fields && fields->get(members) == simdjson::SUCCESS)
      for (const auto member : members) record.fields.emplace_back(member.key, text_of(member.value));
  }
  reading.next_page = text_at(*root, rule.next);
  return reading;
}

}  // namespace penstock::connector
