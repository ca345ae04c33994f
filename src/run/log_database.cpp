#include "run/log_database.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "ledger/operations.h"
#include "run/history.h"
#include "snapshot/snapshot.h"

namespace penstock {
namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE runs(run VARCHAR, sync VARCHAR, status VARCHAR, kind VARCHAR, started TIMESTAMP, finished TIMESTAMP,
                  seconds DOUBLE, "rows" UBIGINT, added UBIGINT, changed UBIGINT, removed UBIGINT, unchanged UBIGINT,
                  invalid UBIGINT, waiting UBIGINT, sent UBIGINT, accepted UBIGINT, rejected UBIGINT, skipped UBIGINT,
                  in_doubt UBIGINT, failed UBIGINT, requests UBIGINT, throttled UBIGINT, error VARCHAR,
                  confirmed VARCHAR, plan VARCHAR, approved_by VARCHAR);
CREATE TABLE waiting(sync VARCHAR, key VARCHAR, kind VARCHAR, attempts UBIGINT, since TIMESTAMP, next_try TIMESTAMP,
                     code VARCHAR, message VARCHAR);
)";

duck::Appender& text_or_null(duck::Appender& to, const std::string& text) {
  return text.empty() ? to.add_null() : to.add(text);
}

Result<void> fill_runs(duck::Connection& connection, const Workspace& workspace,
                       const std::vector<std::string>& syncs) {
  auto store = workspace.existing_runs();
  if (!store.ok()) return store.error();
  if (!*store) return success();
  auto to = duck::Appender::open(connection, "runs");
  if (!to.ok()) return to.error();
  for (const auto& sync : syncs) {
    auto runs = (*store)->list(sync, INT64_MAX);
    if (!runs.ok()) return runs.error();
    for (const RunRow& run : *runs) {
      to->add(run.run).add(run.sync).add(run.status).add(run.kind).add_time(unix_micros(run.started));
      if (run.finished)
        to->add_time(unix_micros(*run.finished)).add(run.seconds());
      else
        to->add_null().add_null();
      for (const auto& [name, value] : kRunCounts) to->add(run.*value);
      for (const std::string* text : {&run.error, &run.confirmed, &run.plan, &run.approved_by})
        text_or_null(*to, *text);
      if (auto ended = to->end_row(); !ended.ok()) return ended;
    }
  }
  return to->close();
}

Result<void> fill_waiting(duck::Connection& connection, const Workspace& workspace,
                          const std::vector<std::string>& syncs) {
  auto to = duck::Appender::open(connection, "waiting");
  if (!to.ok()) return to.error();
  for (const auto& sync : syncs) {
    const auto snapshot = Snapshot::open(workspace.disk(), workspace.paths().snapshot(sync), Verify::headers);
    if (!snapshot.ok()) return snapshot.error();
    auto visited = snapshot->for_each_waiting([&](const Found& found) -> Result<void> {
      const auto details = snapshot->details(found.slot);
      if (!details.ok()) return details.error();
      if (!details->waiting) return success();
      const Waiting& waiting = *details->waiting;
      to->add(sync).add(details->key).add(name_of(waiting.kind)).add(uint64_t{waiting.attempts});
      to->add_time(unix_micros(waiting.since)).add_time(unix_micros(waiting.next_try));
      text_or_null(text_or_null(*to, waiting.code), waiting.message);
      return to->end_row();
    });
    if (!visited.ok()) return visited;
  }
  return to->close();
}

// Files that may be read, and the view over those of a kind.
struct LogFiles {
  std::string allowed;  // a list of texts
  std::string view;
};
LogFiles files_of(const Workspace& workspace, const std::vector<std::string>& syncs, const char* kind,
                  std::string (*relation)(const std::string& files)) {
  std::string files;
  for (const auto& sync : syncs)
    for (const auto& file :
         parquet_files(workspace, join_path(join_path(workspace.paths().root, kind), sync)))
      files += (files.empty() ? "" : ", ") + duck::quote_text(file);
  std::string view = fmt::format("CREATE VIEW {} AS SELECT * FROM {}", kind, relation(files));
  return {std::move(files), std::move(view)};
}

// Interrupts a connection when its time is over.
class Deadline {
 public:
  Deadline(duck::Connection& connection, Duration time)
      : thread_([this, &connection, time](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          if (ended_.wait_for(lock, stop, time, [&] { return stop.stop_requested(); })) return;
          if (stop.stop_requested()) return;
          over_ = true;
          connection.interrupt();
        }) {}
  bool is_over() {
    const std::scoped_lock lock(mutex_);
    return over_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  bool over_ = false;
  std::jthread thread_;  // the last: it ends before the rest
};

// SQL that is wrong is its writer's to mend.
Error asked_wrong(Error error) {
  if (error.kind == ErrorKind::source) error.kind = ErrorKind::config;
  if (error.message.find("disabled by configuration") != std::string::npos ||
      error.message.find("configuration has been locked") != std::string::npos)
    error.remedy = "only the logs can be asked: operations, requests, runs, waiting";
  return error;
}

}  // namespace

Result<LogDatabase> LogDatabase::open(const Workspace& workspace, const std::vector<std::string>& syncs,
                                      const std::string& memory_limit) {
  duck::Options options;
  options.memory_limit = memory_limit;
  options.temporary_directory = workspace.paths().temporary();
  auto database = duck::Database::open(options);
  if (!database.ok()) return database.error();
  auto connection = database->connect();
  if (!connection.ok()) return connection.error();
  const LogFiles operations = files_of(workspace, syncs, "operations", operations_in);
  const LogFiles requests = files_of(workspace, syncs, "requests", requests_in);
  const std::string allowed = operations.allowed +
                              (operations.allowed.empty() || requests.allowed.empty() ? "" : ", ") +
                              requests.allowed;
  for (const auto& sql : {std::string(kTables), operations.view, requests.view})
    if (auto made = connection->run(sql); !made.ok()) return made.error();
  if (auto filled = fill_runs(*connection, workspace, syncs); !filled.ok()) return filled.error();
  if (auto filled = fill_waiting(*connection, workspace, syncs); !filled.ok()) return filled.error();
  for (const auto& sql :
       {fmt::format("SET allowed_paths = [{}]", allowed), std::string("SET enable_external_access = false"),
        std::string("SET lock_configuration = true")})
    if (auto set = connection->run(sql); !set.ok()) return set.error();
  return LogDatabase(Query{*std::move(database), *std::move(connection)});
}

Result<bool> LogDatabase::ask(const std::string& sql, const AskOptions& options,
                              const std::function<void(const std::vector<std::string>&)>& columns,
                              const std::function<void(const Cells&)>& row) {
  duck::Connection& connection = query_.connection;
  Deadline deadline(connection, options.time_max);
  const auto wrong = [&](Error error) {
    if (deadline.is_over())
      return Error{ErrorKind::interrupted,
                   fmt::format("the question took longer than {:g} s", in_seconds(options.time_max)),
                   "ask for less, or give it more time: --timeout"};
    return asked_wrong(std::move(error));
  };
  // As it stands, so that marks in messages are at their places.
  if (auto checked = connection.check_is_one_select(sql); !checked.ok()) {
    Error error = wrong(checked.error());
    if (error.message.starts_with("a model only reads"))
      error = {ErrorKind::config, "a question only reads: its SQL must be one SELECT", ""};
    return error;
  }
  auto described = connection.describe(sql);
  if (!described.ok()) return wrong(described.error());
  std::vector<std::string> names;
  std::string cells, aliases;
  for (size_t i = 0; i < described->size(); ++i) {
    names.push_back((*described)[i].name);
    const char* comma = i == 0 ? "" : ", ";
    aliases += fmt::format("{}c{}", comma, i);
    cells += options.as_json ? fmt::format("{}CAST(to_json(c{}) AS VARCHAR)", comma, i)
                             : fmt::format("{}CAST(c{} AS VARCHAR)", comma, i);
  }
  auto rows = connection.query(fmt::format(
      "SELECT {} FROM (\n{}\n) AS asked({}){}", cells, sql.substr(0, sql.find_last_not_of("; \t\r\n") + 1),
      aliases, options.limit > 0 ? fmt::format(" LIMIT {}", options.limit + 1) : ""));
  if (!rows.ok()) return wrong(rows.error());
  columns(names);
  for (uint64_t shown = 0;;) {
    auto chunk = rows->next();
    if (!chunk.ok()) return wrong(chunk.error());
    if (!*chunk) return false;
    for (size_t i = 0; i < (*chunk)->rows(); ++i) {
      if (options.limit > 0 && shown++ == options.limit) return true;
      Cells texts;
      for (size_t c = 0; c < (*chunk)->columns(); ++c) {
        const duck::Vector column = (*chunk)->column(c);
        texts.push_back(column.valid(i) ? std::optional<std::string>(column.text(i)) : std::nullopt);
      }
      row(texts);
    }
  }
}

}  // namespace penstock
