#include "database/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/percent.h"

namespace penstock::sqlite {
namespace {

constexpr int kBusyMillis = 10'000;

Error sqlite_error(sqlite3* database, std::string_view doing, const File& file) {
  const int code = sqlite3_extended_errcode(database) & 0xff;
  Error error{ErrorKind::disk, fmt::format("cannot {} {}: {}", doing, file.what, sqlite3_errmsg(database)),
              ""};
  // SQLite's own mapped file gives an I/O error where the disk is full.
  if (code == SQLITE_FULL || code == SQLITE_IOERR)
    error.remedy =
        "see that this disk is well and has free space, then run the same command again: what was recorded "
        "is kept";
  else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
    error.remedy = "make the state directory and its files writable for the user that runs penstock";
  else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    error.remedy = file.if_damaged;
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

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text64(handle_.get(), next_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_null() {
  sqlite3_bind_null(handle_.get(), next_++);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const bool reads = sqlite3_stmt_readonly(handle_.get()) != 0;
  return sqlite_error(sqlite3_db_handle(handle_.get()), reads ? "read" : "write", *file_);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return bytes == nullptr
             ? ""
             : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column)));
}

std::optional<Time> Statement::time_if(int column) const {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return time(column);
}

Result<Database> Database::open(const std::string& path, const File& file) {
  if (file.is_private)
    if (auto made = make_private(path); !made.ok()) return made.error();
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Database database(handle, file);
  if (code != SQLITE_OK) return sqlite_error(handle, "open", file);
  sqlite3_busy_timeout(handle, kBusyMillis);
  if (auto set = database.set_modes(); !set.ok()) return set.error();
  if (auto done = database.bring_up_to_date(path); !done.ok()) return done.error();
  return database;
}

Result<Database> Database::open_read_only(const std::string& path, const File& file) {
  sqlite3* handle = nullptr;
  const std::string uri = fmt::format("file:{}?immutable=1", percent_encode_path(path));
  const int code = sqlite3_open_v2(uri.c_str(), &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  Database database(handle, file);
  if (code != SQLITE_OK) return sqlite_error(handle, "open", file);
  auto version = database.read_version();
  if (!version.ok()) return version.error();
  database.version_ = *version;
  return database;
}

// Of two processes that find a new file at the same time, one is refused here without being made to wait.
Result<void> Database::set_modes() {
  const std::string modes = fmt::format("PRAGMA journal_mode = WAL; {}", file_->modes);
  auto set = execute(modes.c_str());
  for (int i = 0; i < 500 && !set.ok() && sqlite3_errcode(handle_.get()) == SQLITE_BUSY; ++i) {
    sqlite3_sleep(20);
    set = execute(modes.c_str());
  }
  return set;
}

// The statement ends here: one that is left open is a reader of the database as it was, and who then asks to
// write is refused at once, without a wait, when another process has written in between.
Result<int64_t> Database::read_version() {
  auto statement = ask("PRAGMA user_version");
  if (!statement.ok()) return statement.error();
  if (auto row = statement->step(); !row.ok()) return row.error();
  return statement->number(0);
}

// Two processes may do it at once: the second finds it done.
Result<void> Database::bring_up_to_date(const std::string& path) {
  const auto known = static_cast<int64_t>(file_->steps.size());
  version_ = known;
  auto found = read_version();
  if (!found.ok()) return found.error();
  if (*found > known)
    return Error{ErrorKind::disk, fmt::format("{} was written by a newer version of penstock", path),
                 "use that version, or a newer one"};
  if (*found == known) return success();
  return in_one_step([&]() -> Result<void> {
    auto from = read_version();
    if (!from.ok()) return from.error();
    for (int64_t step = *from; step < known; ++step)
      if (auto taken = execute(file_->steps[static_cast<size_t>(step)]); !taken.ok()) return taken;
    return execute(fmt::format("PRAGMA user_version = {}", known).c_str());
  });
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(handle_.get(), "write", *file_);
  return success();
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK)
    return sqlite_error(handle_.get(), "read", *file_);
  return Statement(statement, *file_);
}

Result<int64_t> Database::finish(Statement& statement) {
  if (auto done = statement.step(); !done.ok()) return done.error();
  return sqlite3_changes64(handle_.get());
}

Result<void> Database::in_one_step(const std::function<Result<void>()>& steps) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun.ok()) return begun;
  auto done = steps();
  if (done.ok()) done = execute("COMMIT");
  if (!done.ok()) (void)execute("ROLLBACK");
  return done;
}

}  // namespace penstock::sqlite
