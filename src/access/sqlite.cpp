#include "access/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace penstock::access {
namespace {

constexpr int64_t kSchemaVersion = 2;
// What leads from each version to the next: a new file goes through all of them. docs/formats.md has them.
constexpr const char* kSteps[kSchemaVersion] = {R"(
CREATE TABLE users (
  name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, password TEXT NOT NULL,
  added INTEGER NOT NULL, last_login INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,
  began INTEGER NOT NULL, seen INTEGER NOT NULL, ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions(user, began);
CREATE TABLE tokens (
  name TEXT PRIMARY KEY COLLATE NOCASE, hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, scopes TEXT NOT NULL,
  added_by TEXT NOT NULL, added INTEGER NOT NULL, expires INTEGER, last_used INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE tries (
  who TEXT PRIMARY KEY, failures INTEGER NOT NULL, last INTEGER NOT NULL, not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_by_time ON tries(last);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  target TEXT NOT NULL, result TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_who ON audit(who, id);
CREATE INDEX audit_by_action ON audit(action, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
PRAGMA user_version = 1;
)",
                                                R"(
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_by_subject ON users(subject) WHERE subject <> '';
PRAGMA user_version = 2;
)"};

Error sqlite_error(sqlite3* database) {
  const int code = sqlite3_extended_errcode(database) & 0xff;
  Error error{ErrorKind::disk,
              fmt::format("cannot use the file of users and tokens: {}", sqlite3_errmsg(database)), ""};
  if (code == SQLITE_FULL || code == SQLITE_IOERR)
    error.remedy = "see that this disk is well and has free space";
  else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
    error.remedy = "make the state directory and access.db writable for the user that runs penstock";
  else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    error.remedy = "restore access.db from a backup, or move it away and add the users anew";
  else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    error.remedy = "another process keeps it busy: try again";
  return error;
}

// SQLite gives its other files (-wal, -shm) the mode of the first one.
Result<void> make_private(const std::string& path) {
  const auto failed = [&](std::string_view doing) {
    return Error{ErrorKind::disk, fmt::format("cannot {} {}: {}", doing, path, std::strerror(errno)),
                 "make the state directory writable for the user that runs penstock"};
  };
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failed("open");
  struct stat facts{};
  const bool is_open_to_others = ::fstat(file, &facts) == 0 && (facts.st_mode & 0077) != 0;
  const bool done = !is_open_to_others || ::fchmod(file, 0600) == 0;
  ::close(file);
  return done ? success() : failed("take from others");
}

}  // namespace

Result<Statement> Statement::prepare(sqlite3* database, const char* sql) {
  Statement statement(database);
  if (sqlite3_prepare_v2(database, sql, -1, &statement.handle_, nullptr) != SQLITE_OK)
    return sqlite_error(database);
  return statement;
}

void Statement::bind(std::string_view text) {
  sqlite3_bind_text(handle_, next_++, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void Statement::bind(int64_t number) {
  sqlite3_bind_int64(handle_, next_++, number);
}

void Statement::bind_null() {
  sqlite3_bind_null(handle_, next_++);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_error(database_);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) return "";
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<Time> Statement::time_if(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
  return time(column);
}

Result<void> Sqlite::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_error(database_);
  return success();
}

Result<void> Sqlite::in_one_step(const std::function<Result<void>()>& steps) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun.ok()) return begun;
  auto done = steps();
  if (done.ok()) done = execute("COMMIT");
  if (!done.ok()) (void)execute("ROLLBACK");
  return done;
}

// The statement ends here: one that is left open is a reader of the file as it was.
Result<int64_t> Sqlite::version() {
  auto statement = Statement::prepare(database_, "PRAGMA user_version");
  if (!statement.ok()) return statement.error();
  if (auto row = statement->step(); !row.ok()) return row.error();
  return statement->number(0);
}

// Of two processes that find a new file at the same time, one is refused here without being made to wait.
Result<void> Sqlite::set_modes() {
  constexpr const char* kModes =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete "
      "= ON;";
  auto set = execute(kModes);
  for (int i = 0; i < 500 && !set.ok() && sqlite3_errcode(database_) == SQLITE_BUSY; ++i) {
    sqlite3_sleep(20);
    set = execute(kModes);
  }
  return set;
}

// Two processes may do it at once: the second finds it done.
Result<void> Sqlite::bring_up_to_date(const std::string& path) {
  auto found = version();
  if (!found.ok()) return found.error();
  if (*found == kSchemaVersion) return success();
  return in_one_step([&]() -> Result<void> {
    auto from = version();
    if (!from.ok()) return from.error();
    if (*from > kSchemaVersion)
      return Error{ErrorKind::disk, fmt::format("{} was written by a newer version of penstock", path),
                   "use that version, or a newer one"};
    for (int64_t step = *from; step < kSchemaVersion; ++step)
      if (auto taken = execute(kSteps[step]); !taken.ok()) return taken;
    return success();
  });
}

Result<std::unique_ptr<Sqlite>> Sqlite::open(const std::string& path) {
  if (auto made = make_private(path); !made.ok()) return made.error();
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<Sqlite> opened(new Sqlite(database));
  if (code != SQLITE_OK) return sqlite_error(database);
  sqlite3_busy_timeout(database, 10'000);
  if (auto set = opened->set_modes(); !set.ok()) return set.error();
  if (auto done = opened->bring_up_to_date(path); !done.ok()) return done.error();
  return opened;
}

}  // namespace penstock::access
