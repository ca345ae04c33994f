#include "run/history.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "ledger/operations.h"
#include "payload/payload.h"
#include "run/query.h"
#include "run/values_read.h"

namespace penstock {
namespace {

constexpr const char* kColumns =
    "run, sync, key, \"change\", why, operation, outcome, attempt, status, error_code, error_message, "
    "strftime(\"at\", '%Y-%m-%dT%H:%M:%S.%gZ'), latency_ms, request, record_id, payload, kept, created, "
    "array_to_string(tries, ' ')";

// "3 17"
std::vector<uint64_t> numbers_in(const std::string& text) {
  std::vector<uint64_t> numbers;
  std::istringstream in(text);
  for (uint64_t number = 0; in >> number;) numbers.push_back(number);
  return numbers;
}

OperationRow read_operation(duck::Connection::TextRow row) {
  const auto text = [&](size_t i) { return row[i].value_or(""); };
  const auto number = [&](size_t i) { return row[i] ? std::stod(*row[i]) : 0.0; };
  return {.run = text(0),
          .sync = text(1),
          .key = text(2),
          .change = text(3),
          .why = text(4),
          .operation = text(5),
          .outcome = text(6),
          .attempt = static_cast<uint64_t>(number(7)),
          .status = static_cast<int64_t>(number(8)),
          .error_code = text(9),
          .error_message = text(10),
          .at = text(11),
          .latency_ms = number(12),
          .request = static_cast<uint64_t>(number(13)),
          .record_id = text(14),
          .payload = text(15),
          .kept = text(16),
          .created = text(17) == "true",
          .tries = numbers_in(text(18))};
}

std::string timestamp_literal(Time time) {
  return fmt::format("make_timestamp({})", unix_micros(time));
}

std::string condition_of(const OperationFilter& filter) {
  std::string condition = "true";
  if (filter.refused_only) condition += " AND outcome IN ('rejected', 'in_doubt', 'failed')";
  if (filter.key) condition += " AND key = " + duck::quote_text(*filter.key);
  if (filter.outcome) condition += " AND outcome = " + duck::quote_text(*filter.outcome);
  if (filter.error) condition += " AND error_code = " + duck::quote_text(*filter.error);
  if (filter.text)
    condition +=
        fmt::format(" AND contains(lower(concat_ws(' ', key, error_code, error_message)), lower({}))",
                    duck::quote_text(*filter.text));
  if (filter.since) condition += " AND \"at\" >= " + timestamp_literal(*filter.since);
  if (filter.until) condition += " AND \"at\" < " + timestamp_literal(*filter.until);
  return condition;
}

std::string page_of(const OperationFilter& filter) {
  std::string page;
  if (filter.limit > 0) page += fmt::format(" LIMIT {}", filter.limit);
  if (filter.offset > 0) page += fmt::format(" OFFSET {}", filter.offset);
  return page;
}

// For DuckDB's readers, or nothing. Not a pattern: the project's directory may have characters in its name
// that mean something in one.
std::string list_of_files(const Workspace& workspace, const std::string& directory) {
  std::string files;
  for (const auto& file : parquet_files(workspace, directory))
    files += (files.empty() ? "" : ", ") + duck::quote_text(file);
  return files;
}

std::string operations_directory(const Workspace& workspace, const std::string& sync) {
  return join_path(join_path(workspace.paths().root, "operations"), sync);
}

}  // namespace

std::string operations_of(const Workspace& workspace, const std::string& sync) {
  const std::string files = list_of_files(workspace, operations_directory(workspace, sync));
  return files.empty() ? "" : operations_in(files);
}

std::vector<std::string> parquet_files(const Workspace& workspace, const std::string& directory) {
  std::vector<std::string> files;
  if (!workspace.disk().bring(directory).ok()) return files;
  const auto names = workspace.disk().list(directory);
  if (!names.ok()) return files;
  for (const auto& name : *names)
    if (name.ends_with(".parquet")) files.push_back(join_path(directory, name));
  return files;
}

namespace {

Result<void> visit_operations(const std::string& sql, const std::function<void(const OperationRow&)>& visit) {
  auto query = Query::open();
  if (!query.ok()) return query.error();
  auto rows = query->connection.query(fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({})", sql));
  if (!rows.ok()) return rows.error();
  for (;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return chunk.error();
    if (!*chunk) return success();
    for (size_t row = 0; row < (*chunk)->rows(); ++row) {
      duck::Connection::TextRow texts;
      for (size_t i = 0; i < (*chunk)->columns(); ++i) {
        const duck::Vector column = (*chunk)->column(i);
        texts.push_back(column.valid(row) ? std::optional<std::string>(column.text(row)) : std::nullopt);
      }
      visit(read_operation(std::move(texts)));
    }
  }
}

// The file of a run, where it is; empty: a run without rows to send leaves none.
Result<std::string> operations_file(const Workspace& workspace, const std::string& sync,
                                    const std::string& run) {
  const std::string file = workspace.paths().operations(sync, run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  return *there ? duck::quote_text(file) : std::string();
}

}  // namespace

Result<void> for_each_operation(const Workspace& workspace, const std::string& sync, const std::string& run,
                                const OperationFilter& filter,
                                const std::function<void(const OperationRow&)>& visit) {
  const auto file = operations_file(workspace, sync, run);
  if (!file.ok()) return file.error();
  if (file->empty()) return success();
  return visit_operations(fmt::format("SELECT {} FROM {} WHERE {}{}", kColumns, operations_in(*file),
                                      condition_of(filter), page_of(filter)),
                          visit);
}

Result<uint64_t> count_operations(const Workspace& workspace, const std::string& sync, const std::string& run,
                                  const OperationFilter& filter) {
  const auto file = operations_file(workspace, sync, run);
  if (!file.ok()) return file.error();
  if (file->empty()) return uint64_t{0};
  auto query = Query::open();
  if (!query.ok()) return query.error();
  return query->connection.number(
      fmt::format("SELECT count(*) FROM {} WHERE {}", operations_in(*file), condition_of(filter)));
}

Result<void> for_each_operation(const Workspace& workspace, const std::vector<std::string>& syncs,
                                const OperationFilter& filter,
                                const std::function<void(const OperationRow&)>& visit) {
  std::string files;
  for (const auto& sync : syncs) {
    const std::string more = list_of_files(workspace, operations_directory(workspace, sync));
    if (!more.empty()) files += (files.empty() ? "" : ", ") + more;
  }
  if (files.empty()) return success();
  return visit_operations(
      fmt::format("SELECT {} FROM {} WHERE {} ORDER BY \"at\" DESC, run DESC, sync, key{}", kColumns,
                  operations_in(files), condition_of(filter), page_of(filter)),
      visit);
}

namespace {

constexpr const char* kRequestColumns =
    "method, url, error, request_body, reply_body, \"rows\", status, latency_ms, request, operation, "
    "strftime(\"at\", '%Y-%m-%dT%H:%M:%S.%gZ'), request_headers, reply_headers";

RequestRow read_request(const duck::Connection::TextRow& row) {
  const auto text = [&](size_t i) { return row[i].value_or(""); };
  return {.method = text(0),
          .url = text(1),
          .error = text(2),
          .request_body = text(3),
          .reply_body = text(4),
          .rows = std::stoull(row[5].value_or("0")),
          .status = std::stoll(row[6].value_or("0")),
          .latency_ms = std::stod(row[7].value_or("0")),
          .number = std::stoull(row[8].value_or("0")),
          .operation = text(9),
          .at = text(10),
          .request_headers = text(11),
          .reply_headers = text(12)};
}

// Those of these numbers that are kept, by their numbers.
Result<std::map<uint64_t, RequestRow>> find_requests(const Workspace& workspace, const std::string& sync,
                                                     const std::string& run, std::vector<uint64_t> numbers) {
  std::map<uint64_t, RequestRow> found;
  std::erase(numbers, 0);
  const std::string file = workspace.paths().requests(sync, run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (!*there || numbers.empty()) return found;
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  auto query = Query::open();
  if (!query.ok()) return query.error();
  auto rows =
      query->connection.texts(fmt::format("SELECT {} FROM {} WHERE request IN ({})", kRequestColumns,
                                          requests_in(duck::quote_text(file)), fmt::join(numbers, ", ")));
  if (!rows.ok()) return rows.error();
  for (const auto& row : *rows) {
    RequestRow request = read_request(row);
    found.emplace(request.number, std::move(request));
  }
  return found;
}

}  // namespace

Result<std::optional<RequestRow>> find_request(const Workspace& workspace, const std::string& sync,
                                               const std::string& run, uint64_t request) {
  auto found = find_requests(workspace, sync, run, {request});
  if (!found.ok()) return found.error();
  if (found->empty()) return std::optional<RequestRow>();
  return std::optional<RequestRow>(std::move(found->begin()->second));
}

namespace {

// What the destination is known to hold of a row, operation by operation.
class KnownValues {
 public:
  // Of the fields that travel in this payload, as JSON; of a removal all of them.
  std::string before(const OperationRow& operation) {
    std::string out;
    const auto add = [&](std::string_view name, const std::string& value) {
      out += out.empty() ? "{" : ",";
      append_json_string(out, name);
      out += ':' + value;
    };
    if (operation.change == "removed")
      for (const auto& [name, value] : values_) add(name, value);
    for_each_field(operation.payload, [&](std::string_view name, const std::string&) {
      if (const auto known = values_.find(name); known != values_.end()) add(name, known->second);
    });
    return out.empty() ? out : out + '}';
  }
  void learn(const OperationRow& operation) {
    if (operation.outcome != "accepted") return;
    if (operation.change == "removed") return values_.clear();
    for_each_field(operation.payload, [&](std::string_view name, const std::string& value) {
      values_.insert_or_assign(std::string(name), value);
    });
  }

 private:
  template <class Visit>
  void for_each_field(const std::string& payload, Visit visit) {
    simdjson::dom::object fields;
    if (payload.empty() || parser_.parse(payload).get_object().get(fields) != simdjson::SUCCESS) return;
    for (const auto field : fields) visit(field.key, simdjson::minify(field.value));
  }
  simdjson::dom::parser parser_;
  std::map<std::string, std::string, std::less<>> values_;  // JSON, by field
};

Result<TracedOperation> traced(const Workspace& workspace, const std::string& sync, KeyHash key,
                               OperationRow operation, KnownValues& known) {
  TracedOperation traced;
  std::vector<uint64_t> numbers = operation.tries;
  numbers.push_back(operation.request);
  auto requests = find_requests(workspace, sync, operation.run, std::move(numbers));
  if (!requests.ok()) return requests.error();
  if (const auto last = requests->find(operation.request); last != requests->end())
    traced.request = last->second;
  for (const uint64_t number : operation.tries)
    if (const auto one = requests->find(number); one != requests->end()) traced.tries.push_back(one->second);
  auto read = values_read(workspace, sync, operation.run, key);
  if (!read.ok()) return read.error();
  traced.before_was_read = read->has_value();
  traced.before = *read ? **read : known.before(operation);
  known.learn(operation);
  traced.operation = std::move(operation);
  return traced;
}

}  // namespace

Result<Trace> trace_key(const Workspace& workspace, const config::Sync& sync, const std::string& key) {
  const config::Model* model = workspace.project().model(*sync.model);
  const auto hash = parse_key(key, model->primary_key.size());
  if (!hash.ok()) return hash.error();
  Trace trace;
  trace.key = key;
  auto snapshot = Snapshot::open(workspace.disk(), workspace.paths().snapshot(sync.name), Verify::headers);
  if (!snapshot.ok()) return snapshot.error();
  const auto found = snapshot->find(*hash);
  if (!found.ok()) return found.error();
  if (*found) {
    auto details = snapshot->details((*found)->slot);
    if (!details.ok()) return details.error();
    if (!details->key.empty()) trace.key = details->key;
    trace.state = KeyState{.accepted = (*found)->accepted,
                           .gone = (*found)->gone,
                           .foreign = (*found)->foreign,
                           .details = *std::move(details)};
  }
  const std::string directory = operations_directory(workspace, sync.name);
  const std::string files = list_of_files(workspace, directory);
  if (files.empty()) return trace;
  auto query = Query::open();
  if (!query.ok()) return query.error();
  auto rows = query->connection.texts(
      fmt::format("SELECT {} FROM {} WHERE key_hi = {} AND key_lo = {} ORDER BY \"at\", run", kColumns,
                  operations_in(files), hash->hi, hash->lo));
  if (!rows.ok()) return rows.error();
  KnownValues known;
  for (auto& row : *rows) {
    auto operation = traced(workspace, sync.name, *hash, read_operation(std::move(row)), known);
    if (!operation.ok()) return operation.error();
    if (!trace.state) trace.key = operation->operation.key;
    trace.operations.push_back(*std::move(operation));
  }
  return trace;
}

namespace {

// A member of a payload as text; outer nullopt: it did not travel then.
std::optional<std::optional<std::string>> member(simdjson::dom::element payload, const std::string& name) {
  simdjson::dom::element value;
  if (payload.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  if (value.is_null()) return std::optional<std::string>();
  std::string_view text;
  return std::optional<std::string>(value.get(text) == simdjson::SUCCESS ? std::string(text)
                                                                         : simdjson::minify(value));
}

}  // namespace

void add_values_before(const Workspace& workspace, const std::string& sync, std::vector<SampleRow>& samples) {
  const std::string directory = operations_directory(workspace, sync);
  std::string keys;
  for (const auto& sample : samples)
    if (sample.change == "changed")
      keys += fmt::format("{}({}, {})", keys.empty() ? "" : ", ", sample.key_hash.hi, sample.key_hash.lo);
  const std::string files = list_of_files(workspace, directory);
  if (keys.empty() || files.empty()) return;
  auto query = Query::open();
  if (!query.ok()) return;
  // Newest first: the first payload that holds a field is what was accepted for it last.
  auto rows = query->connection.texts(
      fmt::format("SELECT key_hi, payload FROM read_parquet([{}], union_by_name = true) WHERE outcome = "
                  "'accepted' AND (key_hi, key_lo) IN ({}) ORDER BY \"at\" DESC",
                  files, keys));
  if (!rows.ok()) return;
  simdjson::dom::parser parser;
  for (const auto& row : *rows) {
    simdjson::dom::element payload;
    if (!row[1] || parser.parse(*row[1]).get(payload) != simdjson::SUCCESS) continue;
    for (auto& sample : samples) {
      if (fmt::to_string(sample.key_hash.hi) != row[0]) continue;
      for (auto& field : sample.fields)
        if (!field.before) field.before = member(payload, field.name);
    }
  }
}

}  // namespace penstock
