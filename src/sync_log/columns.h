// The columns of the tables, and one run as rows of them in a DuckDB of our own. Private to this folder.
#pragma once

#include <span>
#include <string>

#include "duck/duck.h"
#include "sync_log/sync_log.h"

namespace penstock {

enum class LogType { name, text, count, real, flag, time };  // a name is a text that is always there

struct LogColumn {
  const char* name;
  LogType type;
};
std::span<const LogColumn> columns_of_runs();
std::span<const LogColumn> columns_of_operations();

// "a", "b"
std::string column_names(std::span<const LogColumn> columns);
// "a" text, "b" bigint: with the types of an engine.
std::string column_definitions(std::span<const LogColumn> columns, std::string (*type_in_engine)(LogType));

// One run, in a database in memory.
class StagedRun {
 public:
  static Result<StagedRun> stage(const std::string& project, const LoggedRun& run);
  duck::Connection& connection() { return connection_; }
  // SELECTs with these columns. Texts have no NUL bytes, which PostgreSQL does not take.
  std::string run_sql() const;
  std::string operations_sql() const;
  bool has_operations() const { return !operations_.empty(); }

 private:
  StagedRun(duck::Database database, duck::Connection connection, std::string project, std::string operations)
      : database_(std::move(database)),
        connection_(std::move(connection)),
        project_(std::move(project)),
        operations_(std::move(operations)) {}
  duck::Database database_;
  duck::Connection connection_;
  std::string project_;
  std::string operations_;  // the file
};

}  // namespace penstock
