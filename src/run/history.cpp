#include "run/history.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "run/query.h"

namespace penstock {
namespace {

constexpr const char* kColumns =
    "run, sync, key, \"change\", why, operation, outcome, attempt, status, error_code, error_message, "
    "strftime(\"at\", '%Y-%m-%dT%H:%M:%S.%gZ'), latency_ms, request, record_id, payload, kept, created";

// Files of earlier versions lack some columns.
std::string operations_in(const std::string& files) {
  return fmt::format(
      "(SELECT * FROM read_parquet([{}], union_by_name = true) UNION ALL BY NAME SELECT CAST(NULL AS "
      "VARCHAR) AS "
      "kept, CAST(NULL AS BOOLEAN) AS created WHERE false)",
      files);
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
          .created = text(17) == "true"};
}

std::string condition_of(const OperationFilter& filter) {
  std::string condition = "true";
  if (filter.refused_only) condition += " AND outcome IN ('rejected', 'in_doubt', 'failed')";
  if (filter.key) condition += " AND key = " + duck::quote_text(*filter.key);
  return condition;
}

// The files of a directory for DuckDB's readers, or nothing. Not a pattern: the project's directory may have
// characters in its name that mean something in one.
std::string list_of_files(const Workspace& workspace, const std::string& directory) {
  if (!workspace.disk().bring(directory).ok()) return "";
  const auto names = workspace.disk().list(directory);
  std::string files;
  if (!names.ok()) return files;
  for (const auto& name : *names)
    if (name.ends_with(".parquet"))
      files += (files.empty() ? "" : ", ") + duck::quote_text(join_path(directory, name));
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

Result<void> for_each_operation(const Workspace& workspace, const std::string& sync, const std::string& run,
                                const OperationFilter& filter,
                                const std::function<void(const OperationRow&)>& visit) {
  const std::string file = workspace.paths().operations(sync, run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok()) return there.error();
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  if (!*there) return success();  // a run without rows to send leaves none
  auto query = Query::open();
  if (!query.ok()) return query.error();
  auto rows = query->connection.query(
      fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT {} FROM {} WHERE {}{})", kColumns,
                  operations_in(duck::quote_text(file)), condition_of(filter),
                  filter.limit > 0 ? fmt::format(" LIMIT {}", filter.limit) : ""));
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

Result<std::optional<RequestRow>> find_request(const Workspace& workspace, const std::string& sync,
                                               const std::string& run, uint64_t request) {
  const std::string file = workspace.paths().requests(sync, run);
  const auto there = workspace.disk().exists(file);
  if (!there.ok() || !*there || request == 0) return std::optional<RequestRow>();
  if (auto brought = workspace.disk().bring(file); !brought.ok()) return brought.error();
  auto query = Query::open();
  if (!query.ok()) return query.error();
  auto rows =
      query->connection.texts(fmt::format("SELECT method, url, error, request_body, reply_body, rows, "
                                          "status, latency_ms FROM read_parquet({}) WHERE request = {}",
                                          duck::quote_text(file), request));
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return std::optional<RequestRow>();
  auto& row = (*rows)[0];
  return std::optional<RequestRow>(RequestRow{.method = row[0].value_or(""),
                                              .url = row[1].value_or(""),
                                              .error = row[2].value_or(""),
                                              .request_body = row[3].value_or(""),
                                              .reply_body = row[4].value_or(""),
                                              .rows = std::stoull(row[5].value_or("0")),
                                              .status = std::stoll(row[6].value_or("0")),
                                              .latency_ms = std::stod(row[7].value_or("0"))});
}

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
  for (auto& row : *rows) {
    OperationRow operation = read_operation(std::move(row));
    if (!trace.state) trace.key = operation.key;
    auto request = find_request(workspace, sync.name, operation.run, operation.request);
    if (!request.ok()) return request.error();
    trace.operations.emplace_back(std::move(operation), *std::move(request));
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
