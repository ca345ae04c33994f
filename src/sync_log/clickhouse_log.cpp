#include <fmt/format.h>

#include "source/clickhouse/clickhouse_source.h"
#include "source/clickhouse/form.h"
#include "sync_log/columns.h"
#include "sync_log/engines.h"
#include "warehouse_plan/copied_text.h"

namespace penstock {
namespace {

// Both of the servers that are tried: 18.16, which Debian 12 has, and those of 2026. The older one knows no
// time finer than a second (clickhouse.com/docs/sql-reference/data-types/datetime64, seen 2026-11-28:
// DateTime64 came in 20.1).
constexpr std::string_view kFineTime = "DateTime64(3, 'UTC')";
constexpr std::string_view kPlainTime = "DateTime('UTC')";

template <bool is_fine>
std::string type_in_clickhouse(LogType type) {
  switch (type) {
    case LogType::name:
      return "String";
    case LogType::text:
      return "Nullable(String)";
    case LogType::count:
      return "Nullable(Int64)";
    case LogType::real:
      return "Nullable(Float64)";
    case LogType::flag:
      return "Nullable(UInt8)";
    case LogType::time:
      return fmt::format("Nullable({})", is_fine ? kFineTime : kPlainTime);
  }
  die("a LogType without a type");
}

class ClickhouseLog final : public LogTables {
 public:
  ClickhouseLog(std::shared_ptr<clickhouse::Server> server, std::string database)
      : server_(std::move(server)), database_(std::move(database)) {}

  Result<void> prepare() override {
    is_fine_ = server_->rows("SELECT toDateTime64('2026-01-01 00:00:00', 3)", 0).ok();
    auto there = server_->rows(
        "SELECT count() FROM system.databases WHERE name = " + clickhouse::quote_text(database_), 0);
    if (!there.ok()) return failed(there.error());
    std::vector<std::string> statements;
    if ((*there)[0][0] == "0")
      statements.push_back("CREATE DATABASE IF NOT EXISTS " + clickhouse::quote_name(database_));
    const std::pair<const char*, std::span<const LogColumn>> tables[] = {
        {"runs", columns_of_runs()}, {"operations", columns_of_operations()}};
    for (const auto& [name, columns] : tables) {
      auto found =
          server_->rows(fmt::format("SELECT count() FROM system.tables WHERE database = {} AND name = '{}'",
                                    clickhouse::quote_text(database_), name),
                        0);
      if (!found.ok()) return failed(found.error());
      if ((*found)[0][0] != "0") continue;
      statements.push_back(fmt::format(
          "CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = MergeTree() PARTITION BY "
          "tuple() ORDER BY (project, run)",
          table(name),
          column_definitions(columns, is_fine_ ? type_in_clickhouse<true> : type_in_clickhouse<false>)));
    }
    for (const auto& statement : statements)
      if (auto written = server_->write(statement); !written.ok()) return failed(written.error());
    return success();
  }

  Result<void> write(const std::string& project, const LoggedRun& logged) override {
    auto staged = StagedRun::stage(project, logged);
    if (!staged.ok()) return staged.error();
    const std::string of_run = fmt::format("project = {} AND run = {}", clickhouse::quote_text(project),
                                           clickhouse::quote_text(logged.run.run));
    for (const char* name : {"operations", "runs"}) {
      auto before = server_->rows(fmt::format("SELECT count() FROM {} WHERE {}", table(name), of_run), 0);
      if (!before.ok()) return failed(before.error());
      if ((*before)[0][0] == "0") continue;
      // It touches what is there by now, and nothing of what comes after it.
      auto removed = server_->write(fmt::format("ALTER TABLE {} DELETE WHERE {}", table(name), of_run));
      if (!removed.ok()) return failed(removed.error());
    }
    if (staged->has_operations())
      if (auto sent = insert(*staged, "operations", staged->operations_sql(), columns_of_operations());
          !sent.ok())
        return sent;
    return insert(*staged, "runs", staged->run_sql(), columns_of_runs());
  }

 private:
  std::string table(const char* name) const {
    return clickhouse::quote_name(database_) + "." + clickhouse::quote_name(name);
  }

  static Error failed(Error error) {
    if (error.kind == ErrorKind::config) error.kind = ErrorKind::source;
    return error;
  }

  std::string text_for(std::span<const LogColumn> columns) const {
    std::string list;
    for (const auto& column : columns) {
      list += list.empty() ? "" : ", ";
      const std::string name = duck::quote_name(column.name);
      switch (column.type) {
        case LogType::time:
          list += fmt::format("strftime({}, '{}')", name,
                              is_fine_ ? "%Y-%m-%d %H:%M:%S.%g" : "%Y-%m-%d %H:%M:%S");
          break;
        case LogType::flag:
          list += fmt::format("CAST(CAST({} AS TINYINT) AS VARCHAR)", name);
          break;
        default:
          list += fmt::format("CAST({} AS VARCHAR)", name);
      }
    }
    return list;
  }

  Result<void> insert(StagedRun& staged, const char* name, const std::string& sql,
                      std::span<const LogColumn> columns) {
    const std::string into =
        fmt::format("INSERT INTO {} ({}) FORMAT TabSeparated", table(name), column_names(columns));
    auto sent = send_as_text(staged.connection(), fmt::format("SELECT {} FROM ({})", text_for(columns), sql),
                             [&](std::string text) {
                               auto written = server_->write(into, std::move(text));
                               return written.ok() ? success() : Result<void>(failed(written.error()));
                             });
    return sent.ok() ? success() : Result<void>(sent.error());
  }

  std::shared_ptr<clickhouse::Server> server_;
  std::string database_;
  bool is_fine_ = false;
};

}  // namespace

Result<std::unique_ptr<LogTables>> open_clickhouse_log(const config::Source& source,
                                                       const std::string& schema,
                                                       const declare::Resolver& resolver,
                                                       const OpenOptions& options) {
  auto server = clickhouse_server(source, resolver, options);
  if (!server.ok()) return server.error();
  return std::unique_ptr<LogTables>(new ClickhouseLog(*std::move(server), schema));
}

}  // namespace penstock
