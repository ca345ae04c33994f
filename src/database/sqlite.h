// An SQLite file of our own, with a version and steps that lead from each to the next.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace penstock::sqlite {

// Parameters in their order, then rows. Of one thread at a time. Ends before its database does.
class Statement {
 public:
  Statement& bind(std::string_view text);
  Statement& bind(int64_t number);
  Statement& bind(Time time) { return bind(unix_micros(time)); }
  Statement& bind(std::optional<Time> time);
  // True while there is a row. Errors are of kind `disk`.
  Result<bool> step();

  std::string text(int column) const;
  int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  Time time(int column) const { return from_unix_micros(number(column)); }
  std::optional<Time> time_or_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* handle, const std::string& what)
      : handle_(handle, &sqlite3_finalize), what_(what) {}
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> handle_;
  std::string what_;
  int next_ = 1;
};

// Of one thread at a time; several processes may have the same file open.
class Database {
 public:
  // Creates the file (readable by its owner only) and brings an older one up to date: `steps` lead from each
  // version to the next. `what`: for messages, "the queue of runs". Errors are of kind `disk`.
  static Result<Database> open(const std::string& path, std::span<const char* const> steps, std::string what);

  // One or more statements without parameters.
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql) const;
  // Rows that the last statement changed.
  int64_t changed() const { return sqlite3_changes64(handle_.get()); }

  // What is written between begin and commit is written at once or not at all; rolled back without commit.
  class Transaction {
   public:
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<void> commit();

   private:
    friend class Database;
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
  };
  Result<Transaction> begin();

 private:
  Database(sqlite3* handle, std::string what) : handle_(handle, &sqlite3_close), what_(std::move(what)) {}
  Result<void> bring_up_to_date(std::span<const char* const> steps);
  Error error(std::string_view doing) const;

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle_;
  std::string what_;
};

}  // namespace penstock::sqlite
