#include "ledger/run_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "base/percent.h"

namespace penstock {
namespace {

constexpr uint64_t kSchemaVersion = 2;
// What leads from each version to the next: a new file goes through all of them.
constexpr const char* kSteps[kSchemaVersion] = {R"(
CREATE TABLE runs (
  run TEXT PRIMARY KEY, sync TEXT NOT NULL, status TEXT NOT NULL, kind TEXT NOT NULL,
  started INTEGER NOT NULL, finished INTEGER,
  rows INTEGER, added INTEGER, changed INTEGER, removed INTEGER, unchanged INTEGER, invalid INTEGER, waiting INTEGER,
  sent INTEGER, accepted INTEGER, rejected INTEGER, skipped INTEGER, in_doubt INTEGER, failed INTEGER,
  requests INTEGER, throttled INTEGER, error TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_sync ON runs(sync, started);
PRAGMA user_version = 1;
)",
                                                R"(
ALTER TABLE runs ADD COLUMN confirmed TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
CREATE TABLE approvals (
  plan TEXT NOT NULL, sync TEXT NOT NULL, approved_by TEXT NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (plan, approved_by)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
)"};
Error store_error(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_extended_errcode(database);
  Error error{ErrorKind::disk,
              fmt::format("cannot {} the history of runs: {}", doing, sqlite3_errmsg(database)), ""};
  // SQLite's own mapped file gives an I/O error where the disk is full.
  if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR)
    error.remedy =
        "see that this disk is well and has free space, then run the same command again: what was recorded "
        "is "
        "kept";
  else if ((code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_CANTOPEN)
    error.remedy = "make the state directory writable for the user that runs penstock";
  else if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    error.remedy =
        "restore penstock.db from a backup, or move it away: only the history is lost, no sync's state";
  return error;
}

class Statement {
 public:
  static Result<Statement> prepare(sqlite3* database, const std::string& sql) {
    Statement statement(database);
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement.handle_, nullptr) != SQLITE_OK)
      return store_error(database, "read");
    return statement;
  }
  Statement(Statement&& other) noexcept
      : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)), next_(other.next_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  Statement& bind(std::string_view text) {
    sqlite3_bind_text(handle_, next_++, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(uint64_t number) {
    sqlite3_bind_int64(handle_, next_++, static_cast<sqlite3_int64>(number));
    return *this;
  }
  Statement& bind_time(std::optional<Time> time) {
    if (time)
      sqlite3_bind_int64(handle_, next_, unix_micros(*time));
    else
      sqlite3_bind_null(handle_, next_);
    ++next_;
    return *this;
  }
  // True while there is a row.
  Result<bool> step(std::string_view doing) {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return store_error(database_, doing);
  }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return bytes == nullptr ? ""
                            : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column)));
  }
  uint64_t number(int column) const { return static_cast<uint64_t>(sqlite3_column_int64(handle_, column)); }
  bool is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

 private:
  explicit Statement(sqlite3* database) : database_(database) {}
  sqlite3* database_;
  sqlite3_stmt* handle_ = nullptr;
  int next_ = 1;
};

// The statement ends here: one that is left open is a reader of the database as it was, and who then asks to
// write is refused at once, without a wait, when another process has written in between.
Result<uint64_t> schema_version(sqlite3* database) {
  auto statement = Statement::prepare(database, "PRAGMA user_version");
  if (!statement.ok()) return statement.error();
  if (auto row = statement->step("read"); !row.ok()) return row.error();
  return statement->number(0);
}

RunRow read_run(const Statement& statement) {
  RunRow run;
  int column = 0;
  for (const auto& [name, value] : kRunTexts) run.*value = statement.text(column++);
  for (const auto& [name, value] : kRunCounts) run.*value = statement.number(column++);
  run.started = from_unix_micros(static_cast<int64_t>(statement.number(column++)));
  if (!statement.is_null(column))
    run.finished = from_unix_micros(static_cast<int64_t>(statement.number(column)));
  return run;
}

// In an SQLite file.
class SqliteRuns final : public RunRecords {
 public:
  static Result<std::unique_ptr<SqliteRuns>> open(const std::string& path);
  static Result<std::unique_ptr<SqliteRuns>> open_read_only(const std::string& path);
  SqliteRuns(const SqliteRuns&) = delete;
  SqliteRuns& operator=(const SqliteRuns&) = delete;
  ~SqliteRuns() override { sqlite3_close(database_); }

  Result<void> put(const RunRow& run) override;
  Result<std::optional<RunRow>> find(const std::string& run) override;
  Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit) override;
  Result<void> put(const ApprovalRow& approval) override;
  Result<std::vector<ApprovalRow>> approvals(const std::string& plan) override;

 private:
  explicit SqliteRuns(sqlite3* database) : database_(database) {}
  Result<void> execute(const char* sql);
  Result<void> bring_up_to_date();
  std::string columns() const;
  sqlite3* database_;
  uint64_t version_ = 0;  // of the file's format
};

Result<void> SqliteRuns::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return store_error(database_, "write");
  return success();
}

// Two processes may do it at once: the second finds it done.
Result<void> SqliteRuns::bring_up_to_date() {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun.ok()) return begun;
  auto version = schema_version(database_);
  if (!version.ok()) return version.error();
  for (uint64_t step = *version; step < kSchemaVersion; ++step)
    if (auto taken = execute(kSteps[step]); !taken.ok()) return taken;
  return execute("COMMIT");
}

std::string SqliteRuns::columns() const {
  std::vector<std::string> columns = run_columns();
  // A file of version 1 that nobody can write to has not all of them.
  if (version_ < 2)
    for (auto& name : columns)
      if (name == "confirmed" || name == "plan" || name == "approved_by") name = "''";
  return fmt::format("{}", fmt::join(columns, ", "));
}

Result<std::unique_ptr<SqliteRuns>> SqliteRuns::open(const std::string& path) {
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  std::unique_ptr<SqliteRuns> store(new SqliteRuns(database));
  if (code != SQLITE_OK) return store_error(database, "open");
  sqlite3_busy_timeout(database, 10'000);
  const char* modes = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";
  auto set = store->execute(modes);
  // Of two processes that find a new database at the same time, one is refused here without being made to
  // wait.
  for (int i = 0; i < 500 && !set.ok() && sqlite3_errcode(database) == SQLITE_BUSY; ++i) {
    sqlite3_sleep(20);
    set = store->execute(modes);
  }
  if (!set.ok()) return set.error();
  auto found = schema_version(database);
  if (!found.ok()) return found.error();
  if (*found > kSchemaVersion)
    return Error{ErrorKind::disk, fmt::format("{} was written by a newer version of penstock", path),
                 "use that version, or a newer one"};
  if (*found < kSchemaVersion)
    if (auto done = store->bring_up_to_date(); !done.ok()) return done.error();
  store->version_ = kSchemaVersion;
  return store;
}

bool is_read_only(const std::string& path) {
  return ::access(path.c_str(), W_OK) != 0 && (errno == EROFS || errno == EACCES);
}

// Questions can be asked of a state that nobody can write to, such as a backup: then it does not change
// either.
Result<std::unique_ptr<SqliteRuns>> SqliteRuns::open_read_only(const std::string& path) {
  sqlite3* database = nullptr;
  const std::string uri = fmt::format("file:{}?immutable=1", percent_encode_path(path));
  const int code = sqlite3_open_v2(uri.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  std::unique_ptr<SqliteRuns> store(new SqliteRuns(database));
  if (code != SQLITE_OK) return store_error(database, "open");
  auto version = schema_version(database);
  if (!version.ok()) return version.error();
  store->version_ = *version;
  return store;
}

Result<void> SqliteRuns::put(const RunRow& run) {
  const std::vector<std::string> columns = run_columns(), marks(columns.size(), "?");
  auto statement =
      Statement::prepare(database_, fmt::format("INSERT OR REPLACE INTO runs({}) VALUES ({})",
                                                fmt::join(columns, ", "), fmt::join(marks, ", ")));
  if (!statement.ok()) return statement.error();
  for (const auto& [name, value] : kRunTexts) statement->bind(run.*value);
  for (const auto& [name, value] : kRunCounts) statement->bind(run.*value);
  statement->bind_time(run.started).bind_time(run.finished);
  if (auto done = statement->step("write"); !done.ok()) return done.error();
  return success();
}

Result<std::optional<RunRow>> SqliteRuns::find(const std::string& run) {
  auto statement = Statement::prepare(database_, fmt::format("SELECT {} FROM runs WHERE run = ?", columns()));
  if (!statement.ok()) return statement.error();
  statement->bind(run);
  auto row = statement->step("read");
  if (!row.ok()) return row.error();
  return *row ? std::optional(read_run(*statement)) : std::nullopt;
}

Result<std::vector<RunRow>> SqliteRuns::list(const std::string& sync, uint64_t limit) {
  auto statement = Statement::prepare(
      database_,
      fmt::format("SELECT {} FROM runs WHERE ?1 = '' OR sync = ?1 ORDER BY started DESC, run DESC LIMIT ?2",
                  columns()));
  if (!statement.ok()) return statement.error();
  statement->bind(sync).bind(limit);
  std::vector<RunRow> runs;
  for (;;) {
    auto row = statement->step("read");
    if (!row.ok()) return row.error();
    if (!*row) return runs;
    runs.push_back(read_run(*statement));
  }
}

Result<void> SqliteRuns::put(const ApprovalRow& approval) {
  auto statement = Statement::prepare(
      database_, "INSERT OR REPLACE INTO approvals(plan, sync, approved_by, at, note) VALUES (?,?,?,?,?)");
  if (!statement.ok()) return statement.error();
  statement->bind(approval.plan)
      .bind(approval.sync)
      .bind(approval.by)
      .bind_time(approval.at)
      .bind(approval.note);
  if (auto done = statement->step("write"); !done.ok()) return done.error();
  return success();
}

Result<std::vector<ApprovalRow>> SqliteRuns::approvals(const std::string& plan) {
  std::vector<ApprovalRow> approvals;
  if (version_ < 2) return approvals;
  auto statement = Statement::prepare(
      database_,
      "SELECT plan, sync, approved_by, at, note FROM approvals WHERE plan = ? ORDER BY at, approved_by");
  if (!statement.ok()) return statement.error();
  statement->bind(plan);
  for (;;) {
    auto row = statement->step("read");
    if (!row.ok()) return row.error();
    if (!*row) return approvals;
    approvals.push_back({statement->text(0), statement->text(1), statement->text(2),
                         from_unix_micros(static_cast<int64_t>(statement->number(3))), statement->text(4)});
  }
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
  auto records = SqliteRuns::open(path);
  if (!records.ok()) return records.error();
  return RunStore(*std::move(records));
}

Result<std::optional<RunStore>> RunStore::open_existing(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return std::optional<RunStore>();
  auto records = is_read_only(path) ? SqliteRuns::open_read_only(path) : SqliteRuns::open(path);
  if (!records.ok()) return records.error();
  return std::optional<RunStore>(RunStore(*std::move(records)));
}

}  // namespace penstock
