#include "database/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace penstock::sqlite {
namespace {

constexpr int kBusyMillis = 10'000;

Error sqlite_error(sqlite3* database, std::string_view doing, std::string_view what) {
  const int code = sqlite3_extended_errcode(database) & 0xff;
  Error error{ErrorKind::disk, fmt::format("cannot {} {}: {}", doing, what, sqlite3_errmsg(database)), ""};
  // SQLite's own mapped file gives an I/O error where the disk is full.
  if (code == SQLITE_FULL || code == SQLITE_IOERR)
    error.remedy = "see that this disk is well and has free space, then try again: what was recorded is kept";
  else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN)
    error.remedy = "make the state directory writable for the user that runs penstock";
  else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    error.remedy = "restore the file from a backup, or move it away";
  return error;
}

}  // namespace

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text64(handle_.get(), next_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int64_t number) {
  sqlite3_bind_int64(handle_.get(), next_++, number);
  return *this;
}

Statement& Statement::bind(std::optional<Time> time) {
  if (time) return bind(*time);
  sqlite3_bind_null(handle_.get(), next_++);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_error(sqlite3_db_handle(handle_.get()), "use", what_);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return bytes == nullptr
             ? ""
             : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

std::optional<Time> Statement::time_or_null(int column) const {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return time(column);
}

Result<Database> Database::open(const std::string& path, std::span<const char* const> steps,
                                std::string what) {
  // Made by hand, so that nobody else could read it even for a moment; SQLite gives its mode to the files
  // beside it.
  if (const int made = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600); made >= 0) ::close(made);
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle, std::move(what));
  if (code != SQLITE_OK) return database.error("open");
  sqlite3_busy_timeout(handle, kBusyMillis);
  auto set = database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  // Of two that find a new file at the same time, one is refused here without being made to wait.
  for (int i = 0; i < 500 && !set.ok() && sqlite3_errcode(handle) == SQLITE_BUSY; ++i) {
    ::usleep(10'000);
    set = database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  }
  if (!set.ok()) return set.error();
  if (auto current = database.bring_up_to_date(steps); !current.ok()) return current.error();
  return database;
}

// Two processes may do it at once: the second finds it done.
Result<void> Database::bring_up_to_date(std::span<const char* const> steps) {
  auto transaction = begin();
  if (!transaction.ok()) return transaction.error();
  int64_t version = 0;
  {
    auto statement = prepare("PRAGMA user_version");
    if (!statement.ok()) return statement.error();
    if (auto row = statement->step(); !row.ok()) return row.error();
    version = statement->number(0);
  }
  const auto known = static_cast<int64_t>(steps.size());
  if (version > known)
    return Error{
        ErrorKind::disk,
        fmt::format("{} was written by a newer program (version {}, known up to {})", what_, version, known),
        "install the newer version of penstock again"};
  for (int64_t step = version; step < known; ++step)
    if (auto taken = execute(steps[static_cast<size_t>(step)]); !taken.ok()) return taken;
  if (version < known)
    if (auto set = execute(fmt::format("PRAGMA user_version = {}", known).c_str()); !set.ok()) return set;
  return transaction->commit();
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error("write");
  return success();
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK)
    return error("read");
  return Statement(statement, what_);
}

Result<Database::Transaction> Database::begin() {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun.ok()) return begun.error();
  return Transaction(*this);
}

Database::Transaction::~Transaction() {
  if (database_ != nullptr)
    if (auto undone = database_->execute("ROLLBACK"); !undone.ok()) return;  // it was not begun any more
}

Result<void> Database::Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done.ok()) database_ = nullptr;
  return done;
}

Error Database::error(std::string_view doing) const {
  return sqlite_error(handle_.get(), doing, what_);
}

}  // namespace penstock::sqlite
