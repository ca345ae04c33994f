// One case of a test: its rows through the mapping, and where requests are expected through delivery.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "connector/values.h"
#include "rehearse/destination.h"
#include "rehearse/rehearse.h"
#include "rehearse/test_rows.h"
#include "run/estimate.h"
#include "run/plan_stage.h"

namespace penstock::rehearse {
namespace {

using config::TestCase;
using declare::Node;

// A value as a difference shows it.
std::string shown(const Node& node) {
  if (node.is_null()) return "NULL";
  return node.is_scalar() ? node.text : declare::as_json(node);
}

std::string shown(const Values& values, size_t row) {
  if (values.is_null(row)) return "NULL";
  std::string text;
  append_text(text, values, row);
  return text;
}

// Whether a value is what was written: numbers by their value, lists and maps by what they hold, and
// everything else by its text.
bool is_as_expected(const Node& expected, const Values& values, size_t row) {
  if (expected.is_null() || values.is_null(row)) return expected.is_null() && values.is_null(row);
  std::string text;
  append_text(text, values, row);
  if (!expected.is_scalar()) return same_json(declare::as_json(expected), text);
  if (expected.text == text) return true;
  const bool is_number = values.type().type != PayloadType::text && values.type().type != PayloadType::json;
  const std::string number = is_number ? canonical_number(expected.text) : "";
  if (!number.empty()) return number == canonical_number(text);
  if (values.type().type == PayloadType::real32 || values.type().type == PayloadType::real64)
    return same_json(expected.text, text);
  // A date and its time may stand apart.
  std::string spaced = text;
  if (const size_t t = spaced.find('T'); t == 10) spaced[t] = ' ';
  return expected.text == spaced;
}

// One row of a case, mapped.
struct MappedRow {
  std::shared_ptr<const PlanChunk> chunk;
  size_t index = 0;
  std::string invalid;  // why; empty: it is sent
};

class Rehearsal {
 public:
  Rehearsal(Workspace& workspace, const config::Test& test, declare::Diagnostics& diagnostics)
      : workspace_(workspace),
        test_(test),
        sync_(*workspace.project().sync(*test.sync)),
        diagnostics_(diagnostics),
        rows_(test, *workspace.project().model(*sync_.model), sync_, diagnostics) {}

  std::vector<CaseResult> run() {
    std::vector<CaseResult> results;
    if (!prepare()) return results;
    for (const TestCase& each : test_.cases) {
      CaseResult& result = results.emplace_back();
      result.file = test_.file;
      result.sync = sync_.name;
      result.name = *each.name;
      result.place = each.place;
      result_ = &result;
      if (auto done = run(each); !done.ok() && diagnostics_.ok())
        diagnostics_.error(each.place, done.error().message).remedy = done.error().remedy;
    }
    if (!diagnostics_.ok()) results.clear();
    return results;
  }

 private:
  // Answers nobody: whether a field is unique there is not asked.
  class Nobody final : public HttpClient {
   public:
    explicit Nobody(Loop& loop) : loop_(loop) {}
    Task<HttpOutcome> send(HttpRequest) override {
      co_return TransportFailure{
          {ErrorKind::transient, "a test asks nobody", ""}, false, loop_.now(), loop_.now()};
    }

   private:
    Loop& loop_;
  };

  bool prepare() {
    Nobody nobody(loop_);
    auto prepared = loop_.try_run(prepare_sync_with(loop_, nobody, workspace_, sync_, Login::optional,
                                                    diagnostics_, [this] { return rows_.open(); }));
    if (!prepared.ok() || !prepared->ok()) {
      const Error& error = prepared.ok() ? prepared->error() : prepared.error();
      if (diagnostics_.ok()) diagnostics_.error(test_.sync.place, error.message).remedy = error.remedy;
      return false;
    }
    prepared_.emplace(**std::move(prepared));
    return diagnostics_.ok();
  }

  duck::Connection& connection() { return *prepared_->opened.connection; }
  const MappedModel& mapped() const { return prepared_->mapped; }

  // The rows as a plan holds them, and behind that whether a key is NULL.
  std::string rows_sql(const std::string& condition) const {
    std::string keys, null_key;
    for (const auto& key : mapped().keys) {
      keys += fmt::format("{}penstock_text({})", keys.empty() ? "" : " || ',' || ", key.sql);
      null_key += fmt::format("{}({}) IS NULL", null_key.empty() ? "" : " OR ", key.sql);
    }
    std::string columns = fmt::format(
        "{0}, 'added', coalesce({1}, ''), CAST(0 AS UBIGINT), {0} + CAST(1 AS UBIGINT), {0} + CAST(1 AS "
        "UBIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)",
        kRowNumber, keys.empty() ? "''" : keys);
    for (const auto& match : mapped().mapping.match) columns += ", " + match.sql;
    for (const auto& field : mapped().mapping.fields) columns += ", " + field.sql;
    return fmt::format("SELECT {}, {} FROM {}{} ORDER BY {}", columns, null_key.empty() ? "false" : null_key,
                       kTestRows, condition, kRowNumber);
  }

  Result<QueriedRows> open_rows(const std::string& condition) {
    std::vector<ValueType> match, fields;
    for (const auto& each : mapped().mapping.match) match.push_back(each.type);
    for (const auto& each : mapped().mapping.fields) fields.push_back(each.type);
    return QueriedRows::open(connection(), rows_sql(condition), std::move(match), std::move(fields));
  }

  Result<std::vector<MappedRow>> map_rows() {
    auto source = open_rows("");
    if (!source.ok()) return source.error();
    std::vector<MappedRow> rows;
    for (;;) {
      auto chunk = source->read();
      if (!chunk.ok()) return chunk.error();
      if (*chunk == nullptr) break;
      for (size_t i = 0; i < (*chunk)->rows(); ++i) {
        MappedRow& row = rows.emplace_back();
        row.chunk = *chunk;
        row.index = i;
        row.invalid = (*chunk)->key(i).empty() ? "the key is NULL"
                                               : why_invalid(mapped(), prepared_->target->values(),
                                                             (*chunk)->match(), (*chunk)->fields(), i);
      }
    }
    find_repeated(rows);
    return rows;
  }

  // What a plan says of rows that have one key, or one match value.
  void find_repeated(std::vector<MappedRow>& rows) const {
    std::map<std::string, size_t> keys, matches;
    for (const auto& row : rows) {
      if (!row.invalid.empty()) continue;
      ++keys[std::string(row.chunk->key(row.index))];
      if (const std::string match = match_of(row); !match.empty()) ++matches[match];
    }
    for (auto& row : rows) {
      if (!row.invalid.empty()) continue;
      const size_t same_key = keys[std::string(row.chunk->key(row.index))];
      const std::string match = match_of(row);
      if (same_key > 1)
        row.invalid = fmt::format("the key occurs {} times", same_key);
      else if (!match.empty() && matches[match] > 1)
        row.invalid = fmt::format("the match value occurs in {} rows", matches[match]);
    }
  }

  std::string match_of(const MappedRow& row) const {
    std::string out;
    for (const Values& match : row.chunk->match()) {
      if (!out.empty()) out += '\x1f';
      append_text(out, match, row.index);
    }
    return out;
  }

  Result<void> run(const TestCase& test_case) {
    if (auto filled = rows_.fill(connection(), test_case); !filled.ok()) return filled.error();
    auto rows = map_rows();
    if (!rows.ok()) return rows.error();
    if (!test_case.payloads.empty() && test_case.payloads.size() != rows->size())
      add("payload", std::nullopt, "rows", fmt::to_string(test_case.payloads.size()),
          fmt::to_string(rows->size()));
    for (size_t i = 0; i < rows->size(); ++i) {
      const std::optional<size_t> number = rows->size() > 1 ? std::optional(i + 1) : std::nullopt;
      const MappedRow& row = (*rows)[i];
      if (test_case.invalid) {
        compare_invalid(*test_case.invalid, row, number);
        continue;
      }
      const TestCase::Payload* payload = test_case.payload               ? &*test_case.payload
                                         : i < test_case.payloads.size() ? &test_case.payloads[i]
                                                                         : nullptr;
      if (payload != nullptr) compare_payload(*payload, row, number);
    }
    if (test_case.requests) return compare_requests(test_case, *rows);
    return success();
  }

  void add(std::string what, std::optional<size_t> row, std::string field, std::string expected,
           std::string got) {
    result_->differences.push_back(
        {std::move(what), row, std::move(field), std::move(expected), std::move(got)});
  }

  void compare_invalid(const std::string& expected, const MappedRow& row, std::optional<size_t> number) {
    if (row.invalid.find(expected) != std::string::npos) return;
    add("invalid", number, "", expected, row.invalid.empty() ? "the row is valid" : row.invalid);
  }

  void compare_payload(const TestCase::Payload& payload, const MappedRow& row, std::optional<size_t> number) {
    if (!row.invalid.empty()) return add("payload", number, "", "a valid row", "invalid: " + row.invalid);
    const auto& mapping = mapped().mapping;
    for (const auto& expected : payload) {
      const Values* values = nullptr;
      for (size_t i = 0; i < mapping.fields.size() && values == nullptr; ++i)
        if (mapping.fields[i].name == expected.name) values = &row.chunk->fields()[i];
      for (size_t i = 0; i < mapping.match.size() && values == nullptr; ++i)
        if (mapping.match[i].name == expected.name) values = &row.chunk->match()[i];
      if (values == nullptr || is_as_expected(expected.value, *values, row.index)) continue;
      add("payload", number, expected.name, shown(expected.value), shown(*values, row.index));
    }
  }

  KnownRow known(const MappedRow& row) const {
    KnownRow out;
    const auto& rules = prepared_->target->values();
    if (!row.chunk->match().empty())
      connector::append_value_text(out.match, row.chunk->match()[0], row.index, rules);
    out.record_id = prepared_->target->facts().match_kind == connector::MatchKind::id
                        ? out.match
                        : made_record_id(out.match, row.index);
    for (size_t i = 0; i < row.chunk->fields().size(); ++i)
      connector::append_value_text(out.fields[mapped().mapping.fields[i].name], row.chunk->fields()[i],
                                   row.index, rules);
    Row sent;
    sent.chunk = row.chunk;
    sent.index = static_cast<uint32_t>(row.index);
    sent.send.set();
    out.once = prepared_->target->once(sent.view());
    return out;
  }

  Result<void> compare_requests(const TestCase& test_case, const std::vector<MappedRow>& rows) {
    std::vector<KnownRow> known_rows;
    std::string valid;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].invalid.empty()) continue;
      known_rows.push_back(known(rows[i]));
      valid += fmt::format("{}{}", valid.empty() ? "" : ", ", rows[i].chunk->ordinal(rows[i].index));
    }
    if (valid.empty()) return compare_requests(test_case, std::vector<Destination::Kept>());
    auto source = open_rows(fmt::format(" WHERE {} IN ({})", kRowNumber, valid));
    if (!source.ok()) return source.error();
    PlanCounts counts;
    counts.to_send = counts.added = known_rows.size();
    prepared_->target->use_bulk(goes_in_bulk(*prepared_, counts));
    Destination destination(loop_, *prepared_->target, std::move(known_rows));
    if (test_case.found) destination.is_found = [](size_t) { return true; };
    DeliveryOptions options;
    options.run = "test";
    options.concurrency = 1;
    if (sync_.batch.rows) options.batch_rows = static_cast<uint64_t>(*sync_.batch.rows);
    const Played played =
        play({loop_, destination, *prepared_->target, *prepared_->router, options}, *source);
    if (!destination.trouble().empty())
      return Error{
          ErrorKind::config, destination.trouble(),
          "try the connector itself: penstock connector test " + prepared_->target->connector().name()};
    return compare_requests(test_case, destination.heard());
  }

  Result<void> compare_requests(const TestCase& test_case, const std::vector<Destination::Kept>& heard) {
    const auto& expected = *test_case.requests;
    for (size_t i = 0; i < std::max(expected.size(), heard.size()); ++i) {
      const std::string number = fmt::to_string(i + 1);
      const std::string got = i < heard.size() ? line_of(heard[i].request) : "no request";
      if (i >= expected.size()) {
        add("requests", std::nullopt, number, "no request", got);
        continue;
      }
      if (*expected[i].request != got) add("requests", std::nullopt, number, *expected[i].request, got);
      if (i >= heard.size() || !expected[i].body) continue;
      const Node& body = *expected[i].body;
      const std::string wanted = body.is_scalar() ? body.text : declare::as_json(body);
      if (!same_json(wanted, heard[i].request.body))
        add("requests", std::nullopt, number + ".body", wanted, heard[i].request.body);
    }
    return success();
  }

  // Without the host, which is another one for each destination.
  static std::string line_of(const HttpRequest& request) {
    return request.method + " " + request.url.substr(origin_of(request.url).size());
  }

  SimLoop loop_;
  Workspace& workspace_;
  const config::Test& test_;
  const config::Sync& sync_;
  declare::Diagnostics& diagnostics_;
  TestRows rows_;
  std::optional<PreparedSync> prepared_;
  CaseResult* result_ = nullptr;
};

}  // namespace

std::vector<CaseResult> rehearse_test(Workspace& workspace, const config::Test& test,
                                      declare::Diagnostics& diagnostics) {
  return Rehearsal(workspace, test, diagnostics).run();
}

}  // namespace penstock::rehearse
