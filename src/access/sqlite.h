// The one SQLite file, as values. Private to access/.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace penstock::access {

// A statement whose values are bound. One thread at a time.
class Statement {
 public:
  static Result<Statement> prepare(sqlite3* database, const char* sql);
  Statement(Statement&& other) noexcept
      : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)), next_(other.next_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  void bind(std::string_view text);
  void bind(int64_t number);
  void bind(Time time) { bind(unix_micros(time)); }
  template <class Value>
  void bind(const std::optional<Value>& value) {
    if (value)
      bind(*value);
    else
      bind_null();
  }
  void bind_null();

  // True while there is a row.
  Result<bool> step();
  std::string text(int column) const;
  int64_t number(int column) const { return sqlite3_column_int64(handle_, column); }
  Time time(int column) const { return from_unix_micros(number(column)); }
  std::optional<Time> time_if(int column) const;

 private:
  explicit Statement(sqlite3* database) : database_(database) {}
  sqlite3* database_;
  sqlite3_stmt* handle_ = nullptr;
  int next_ = 1;
};

// Errors are of kind `disk`. One thread at a time.
class Sqlite {
 public:
  // Creates the file, which nobody but its owner may read, and brings its tables up to date.
  static Result<std::unique_ptr<Sqlite>> open(const std::string& path);
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite() { sqlite3_close(database_); }

  template <class... Values>
  Result<Statement> ask(const char* sql, const Values&... values) {
    auto statement = Statement::prepare(database_, sql);
    if (statement.ok()) (statement->bind(values), ...);
    return statement;
  }
  // Runs a statement that gives no rows; the number of rows that it changed.
  template <class... Values>
  Result<int64_t> change(const char* sql, const Values&... values) {
    auto statement = ask(sql, values...);
    if (!statement.ok()) return statement.error();
    if (auto done = statement->step(); !done.ok()) return done.error();
    return static_cast<int64_t>(sqlite3_changes(database_));
  }
  // All or nothing: an error of `steps` undoes what they did. Other processes wait meanwhile.
  Result<void> in_one_step(const std::function<Result<void>()>& steps);

 private:
  explicit Sqlite(sqlite3* database) : database_(database) {}
  Result<void> execute(const char* sql);
  Result<int64_t> version();
  Result<void> set_modes();
  Result<void> bring_up_to_date(const std::string& path);
  sqlite3* database_;
};

}  // namespace penstock::access
