#include <fmt/format.h>

#include "database/postgres.h"
#include "source/postgres/postgres_source.h"
#include "source/postgres/reading.h"
#include "sync_log/columns.h"
#include "sync_log/engines.h"
#include "warehouse_plan/copied_text.h"

namespace penstock {
namespace {

constexpr Duration kConnectMax = 15s;

std::string type_in_postgres(LogType type) {
  switch (type) {
    case LogType::name:
      return "text NOT NULL";
    case LogType::text:
      return "text";
    case LogType::count:
      return "bigint";
    case LogType::real:
      return "double precision";
    case LogType::flag:
      return "boolean";
    case LogType::time:
      return "timestamptz";
  }
  die("a LogType without a type");
}

// Times of ours are UTC, whatever the session's zone.
std::string text_for_postgres(std::span<const LogColumn> columns) {
  std::string list;
  for (const auto& column : columns) {
    const std::string name = duck::quote_name(column.name);
    list += list.empty() ? "" : ", ";
    list += column.type == LogType::time ? fmt::format("CAST({} AS VARCHAR) || '+00'", name)
                                         : fmt::format("CAST({} AS VARCHAR)", name);
  }
  return list;
}

class PostgresLog final : public LogTables {
 public:
  PostgresLog(std::string schema, postgres::Login login, Duration time_max)
      : schema_(std::move(schema)), connection_(std::move(login)), time_max_(time_max) {}

  Result<void> prepare() override {
    return in_transaction([&]() -> Result<void> {
      // To be told that something is there already takes the right to make it.
      const auto statements = {
          std::pair(fmt::format("SELECT to_regnamespace({})", duck::quote_text(duck::quote_name(schema_))),
                    "CREATE SCHEMA " + duck::quote_name(schema_)),
          std::pair(there(table("runs")),
                    fmt::format("CREATE TABLE {} ({}, PRIMARY KEY (project, run))", table("runs"),
                                column_definitions(columns_of_runs(), type_in_postgres))),
          std::pair(there(table("operations")),
                    fmt::format("CREATE TABLE {0} ({1}); CREATE INDEX ON {0} (run)", table("operations"),
                                column_definitions(columns_of_operations(), type_in_postgres)))};
      for (const auto& [question, statement] : statements) {
        auto found = run(question);
        if (!found.ok()) return failed(found.trouble);
        if (!found.rows->is_null(0, 0)) continue;
        if (auto made = run(statement); !made.ok()) return failed(made.trouble);
      }
      return success();
    });
  }

  Result<void> write(const std::string& project, const LoggedRun& logged) override {
    auto staged = StagedRun::stage(project, logged);
    if (!staged.ok()) return staged.error();
    return in_transaction([&]() -> Result<void> {
      for (const char* name : {"operations", "runs"}) {
        const std::string sql = fmt::format("DELETE FROM {} WHERE project = $1 AND run = $2", table(name));
        connection_.set_deadline(time_max_ + kConnectMax);
        auto removed = connection_.run(sql, {project, logged.run.run});
        if (!removed.ok()) return failed(removed.trouble);
      }
      if (auto copied = copy(*staged, "runs", staged->run_sql(), columns_of_runs()); !copied.ok())
        return copied;
      if (!staged->has_operations()) return success();
      return copy(*staged, "operations", staged->operations_sql(), columns_of_operations());
    });
  }

 private:
  std::string table(const char* name) const {
    return duck::quote_name(schema_) + "." + duck::quote_name(name);
  }
  static std::string there(const std::string& table) {
    return fmt::format("SELECT to_regclass({})", duck::quote_text(table));
  }

  Error failed(const postgres::Trouble& trouble) const {
    Error error = postgres::as_error(trouble, "", 0);
    if (error.kind == ErrorKind::config) error.kind = ErrorKind::source;
    if (trouble.sqlstate == "42501")
      error.remedy =
          fmt::format("the source's user needs a schema of its own: CREATE SCHEMA {} AUTHORIZATION <user>",
                      duck::quote_name(schema_));
    return error;
  }

  postgres::Outcome run(const std::string& sql) {
    connection_.set_deadline(time_max_ + kConnectMax);
    return connection_.run(sql);
  }

  template <class Work>
  Result<void> in_transaction(Work work) {
    connection_.set_deadline(kConnectMax);
    if (!connection_.is_open())
      if (auto trouble = connection_.open()) return failed(*trouble);
    if (auto begun = run("BEGIN; SET LOCAL client_min_messages = warning"); !begun.ok())
      return failed(begun.trouble);
    if (auto worked = work(); !worked.ok()) {
      if (connection_.is_open()) (void)run("ROLLBACK");
      return worked;
    }
    auto committed = run("COMMIT");
    return committed.ok() ? success() : Result<void>(failed(committed.trouble));
  }

  Result<void> copy(StagedRun& staged, const char* name, const std::string& sql,
                    std::span<const LogColumn> columns) {
    const std::string into = fmt::format("COPY {}({}) FROM STDIN", table(name), column_names(columns));
    auto sent =
        send_as_text(staged.connection(), fmt::format("SELECT {} FROM ({})", text_for_postgres(columns), sql),
                     [&](const std::string& text) -> Result<void> {
                       connection_.set_deadline(time_max_ + kConnectMax);
                       auto copied = connection_.copy_in(into, text);
                       return copied.ok() ? success() : Result<void>(failed(copied.trouble));
                     });
    return sent.ok() ? success() : Result<void>(sent.error());
  }

  std::string schema_;
  postgres::Connection connection_;
  Duration time_max_;
};

}  // namespace

Result<std::unique_ptr<LogTables>> open_postgres_log(const config::Source& source, const std::string& schema,
                                                     const declare::Resolver& resolver, const OpenOptions&) {
  auto login = postgres_login(source, resolver);
  if (!login.ok()) return login.error();
  return std::unique_ptr<LogTables>(
      new PostgresLog(schema, *std::move(login), source.settings.get<Duration>("statement_timeout")));
}

}  // namespace penstock
