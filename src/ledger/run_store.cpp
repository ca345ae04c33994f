#include "ledger/run_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>

#include "database/sqlite.h"

namespace penstock {
namespace {

constexpr const char* kRunSteps[] = {R"(
CREATE TABLE runs (
  run TEXT PRIMARY KEY, sync TEXT NOT NULL, status TEXT NOT NULL, kind TEXT NOT NULL,
  started INTEGER NOT NULL, finished INTEGER,
  rows INTEGER, added INTEGER, changed INTEGER, removed INTEGER, unchanged INTEGER, invalid INTEGER, waiting INTEGER,
  sent INTEGER, accepted INTEGER, rejected INTEGER, skipped INTEGER, in_doubt INTEGER, failed INTEGER,
  requests INTEGER, throttled INTEGER, error TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_sync ON runs(sync, started);
)",
                                     R"(
ALTER TABLE runs ADD COLUMN confirmed TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
CREATE TABLE approvals (
  plan TEXT NOT NULL, sync TEXT NOT NULL, approved_by TEXT NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (plan, approved_by)
) STRICT, WITHOUT ROWID;
)"};

constexpr sqlite::File kRunFile{
    .what = "the history of runs",
    .if_damaged =
        "restore penstock.db from a backup, or move it away: only the history is lost, no sync's state",
    .steps = kRunSteps,
    .modes = "PRAGMA synchronous = NORMAL;"};

RunRow read_run(const sqlite::Statement& statement) {
  RunRow run;
  int column = 0;
  for (const auto& [name, value] : kRunTexts) run.*value = statement.text(column++);
  for (const auto& [name, value] : kRunCounts) run.*value = static_cast<uint64_t>(statement.number(column++));
  run.started = statement.time(column++);
  run.finished = statement.time_if(column);
  return run;
}

// In an SQLite file.
class SqliteRuns final : public RunRecords {
 public:
  explicit SqliteRuns(sqlite::Database database) : database_(std::move(database)) {}

  Result<void> put(const RunRow& run) override;
  Result<std::optional<RunRow>> find(const std::string& run) override;
  Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit) override;
  Result<void> put(const ApprovalRow& approval) override;
  Result<std::vector<ApprovalRow>> approvals(const std::string& plan) override;

 private:
  std::string columns() const;
  sqlite::Database database_;
};

std::string SqliteRuns::columns() const {
  std::vector<std::string> columns = run_columns();
  // A file of version 1 that nobody can write to has not all of them.
  if (database_.version() < 2)
    for (auto& name : columns)
      if (name == "confirmed" || name == "plan" || name == "approved_by") name = "''";
  return fmt::format("{}", fmt::join(columns, ", "));
}

Result<void> SqliteRuns::put(const RunRow& run) {
  const std::vector<std::string> columns = run_columns(), marks(columns.size(), "?");
  auto statement = database_.ask(fmt::format("INSERT OR REPLACE INTO runs({}) VALUES ({})",
                                             fmt::join(columns, ", "), fmt::join(marks, ", ")));
  if (!statement.ok()) return statement.error();
  for (const auto& [name, value] : kRunTexts) statement->bind(run.*value);
  for (const auto& [name, value] : kRunCounts) statement->bind(run.*value);
  statement->bind(run.started).bind(run.finished);
  auto done = database_.finish(*statement);
  return done.ok() ? success() : done.error();
}

Result<std::optional<RunRow>> SqliteRuns::find(const std::string& run) {
  auto statement = database_.ask(fmt::format("SELECT {} FROM runs WHERE run = ?", columns()), run);
  if (!statement.ok()) return statement.error();
  auto row = statement->step();
  if (!row.ok()) return row.error();
  return *row ? std::optional(read_run(*statement)) : std::nullopt;
}

Result<std::vector<RunRow>> SqliteRuns::list(const std::string& sync, uint64_t limit) {
  auto statement = database_.ask(
      fmt::format("SELECT {} FROM runs WHERE ?1 = '' OR sync = ?1 ORDER BY started DESC, run DESC LIMIT ?2",
                  columns()),
      sync, limit);
  if (!statement.ok()) return statement.error();
  std::vector<RunRow> runs;
  for (;;) {
    auto row = statement->step();
    if (!row.ok()) return row.error();
    if (!*row) return runs;
    runs.push_back(read_run(*statement));
  }
}

Result<void> SqliteRuns::put(const ApprovalRow& approval) {
  auto done = database_.change(
      "INSERT OR REPLACE INTO approvals(plan, sync, approved_by, at, note) VALUES (?,?,?,?,?)", approval.plan,
      approval.sync, approval.by, approval.at, approval.note);
  return done.ok() ? success() : done.error();
}

Result<std::vector<ApprovalRow>> SqliteRuns::approvals(const std::string& plan) {
  std::vector<ApprovalRow> approvals;
  if (database_.version() < 2) return approvals;
  auto statement = database_.ask(
      "SELECT plan, sync, approved_by, at, note FROM approvals WHERE plan = ? ORDER BY at, approved_by",
      plan);
  if (!statement.ok()) return statement.error();
  for (;;) {
    auto row = statement->step();
    if (!row.ok()) return row.error();
    if (!*row) return approvals;
    approvals.push_back(
        {statement->text(0), statement->text(1), statement->text(2), statement->time(3), statement->text(4)});
  }
}

bool is_read_only(const std::string& path) {
  return ::access(path.c_str(), W_OK) != 0 && (errno == EROFS || errno == EACCES);
}

}  // namespace

std::vector<std::string> run_columns() {
  std::vector<std::string> names;
  for (const auto& text : kRunTexts) names.emplace_back(text.name);
  for (const auto& count : kRunCounts) names.emplace_back(count.name);
  names.insert(names.end(), {"started", "finished"});
  return names;
}

Result<RunStore> RunStore::open(const std::string& path) {
  auto database = sqlite::Database::open(path, kRunFile);
  if (!database.ok()) return database.error();
  return RunStore(std::make_unique<SqliteRuns>(*std::move(database)));
}

// Questions can be asked of a state that nobody can write to, such as a backup: then it does not change
// either.
Result<std::optional<RunStore>> RunStore::open_existing(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return std::optional<RunStore>();
  auto database = is_read_only(path) ? sqlite::Database::open_read_only(path, kRunFile)
                                     : sqlite::Database::open(path, kRunFile);
  if (!database.ok()) return database.error();
  return std::optional<RunStore>(RunStore(std::make_unique<SqliteRuns>(*std::move(database))));
}

}  // namespace penstock
