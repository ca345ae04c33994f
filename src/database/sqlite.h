// SQLite files of our own: made, brought up to date, asked and changed. One way for all of them.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace penstock::sqlite {

// What is known of a kind of file. Lives as long as its databases: a constant.
struct File {
  std::string_view what;        // for messages: "the history of runs"
  std::string_view if_damaged;  // what to do then
  // What leads from each version (PRAGMA user_version) to the next: a new file goes through all of them.
  std::span<const char* const> steps;
  std::string_view modes;   // further PRAGMAs of a connection
  bool is_private = false;  // nobody but its owner may read it
};

// A statement whose values are bound in their order, then its rows. Of one thread at a time. Ends before its
// database does.
class Statement {
 public:
  Statement& bind(std::string_view text);
  template <std::integral Number>
  Statement& bind(Number number) {
    sqlite3_bind_int64(handle_.get(), next_++, static_cast<sqlite3_int64>(number));
    return *this;
  }
  Statement& bind(Time time) { return bind(unix_micros(time)); }
  // NULL for none.
  template <class Value>
  Statement& bind(const std::optional<Value>& value) {
    return value ? bind(*value) : bind_null();
  }
  Statement& bind_null();

  // True while there is a row. Errors are of kind `disk`.
  Result<bool> step();

  std::string text(int column) const;
  int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  Time time(int column) const { return from_unix_micros(number(column)); }
  std::optional<Time> time_if(int column) const;  // nullopt: NULL

 private:
  friend class Database;
  Statement(sqlite3_stmt* handle, const File& file) : handle_(handle, &sqlite3_finalize), file_(&file) {}
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> handle_;
  const File* file_;
  int next_ = 1;
};

// Of one thread at a time; several processes may have the same file open. Errors are of kind `disk`.
class Database {
 public:
  // Makes the file where there is none, and brings an older one up to date.
  static Result<Database> open(const std::string& path, const File& file);
  // A file that nobody can write to, as it is: maybe of an older version().
  static Result<Database> open_read_only(const std::string& path, const File& file);

  // A statement that gives rows.
  template <class... Values>
  Result<Statement> ask(std::string_view sql, const Values&... values) {
    auto statement = prepare(sql);
    if (statement.ok()) (statement->bind(values), ...);
    return statement;
  }
  // Runs a statement that gives no rows; the number of rows that it changed.
  template <class... Values>
  Result<int64_t> change(std::string_view sql, const Values&... values) {
    auto statement = ask(sql, values...);
    if (!statement.ok()) return statement.error();
    return finish(*statement);
  }
  // The same for one whose values are bound by the caller.
  Result<int64_t> finish(Statement& statement);
  // All or nothing: an error of `steps` undoes what they did. Other processes wait meanwhile.
  Result<void> in_one_step(const std::function<Result<void>()>& steps);
  int64_t version() const { return version_; }

 private:
  Database(sqlite3* handle, const File& file) : handle_(handle, &sqlite3_close), file_(&file) {}
  Result<Statement> prepare(std::string_view sql);
  Result<void> execute(const char* sql);
  Result<void> set_modes();
  Result<int64_t> read_version();
  Result<void> bring_up_to_date(const std::string& path);

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle_;
  const File* file_;
  int64_t version_ = 0;
};

}  // namespace penstock::sqlite
