#include <fmt/format.h>

#include <filesystem>
#include <mutex>

#include "base/disk.h"
#include "sync_log/columns.h"
#include "sync_log/engines.h"

namespace penstock {
namespace {

std::string type_in_file(LogType type) {
  switch (type) {
    case LogType::name:
      return "VARCHAR NOT NULL";
    case LogType::text:
      return "VARCHAR";
    case LogType::count:
      return "BIGINT";
    case LogType::real:
      return "DOUBLE";
    case LogType::flag:
      return "BOOLEAN";
    case LogType::time:
      return "TIMESTAMP";
  }
  die("a LogType without a type");
}

// Runs of this process end side by side, and a file is open for writing once.
std::mutex& one_at_a_time() {
  static std::mutex mutex;
  return mutex;
}

// The file is open for writing only while something is written: nobody else can read it meanwhile.
class DuckdbLog final : public LogTables {
 public:
  DuckdbLog(std::string file, std::string schema) : file_(std::move(file)), schema_(std::move(schema)) {}

  Result<void> prepare() override { return success(); }

  Result<void> write(const std::string& project, const LoggedRun& logged) override {
    const std::scoped_lock alone(one_at_a_time());
    auto staged = StagedRun::stage(project, logged);
    if (!staged.ok()) return staged.error();
    duck::Connection& connection = staged->connection();
    if (auto attached = connection.run(fmt::format("ATTACH {} AS penstock_log", duck::quote_text(file_)));
        !attached.ok())
      return not_written(attached.error());
    auto written = write_all(connection, project, logged, *staged);
    if (!written.ok()) (void)connection.run("ROLLBACK");
    // Others may use this database next.
    auto detached = connection.run("DETACH penstock_log");
    if (!written.ok()) return not_written(written.error());
    return detached.ok() ? success() : Result<void>(not_written(detached.error()));
  }

 private:
  std::string table(const char* name) const {
    return fmt::format("penstock_log.{}.{}", duck::quote_name(schema_), duck::quote_name(name));
  }

  Result<void> write_all(duck::Connection& connection, const std::string& project, const LoggedRun& logged,
                         const StagedRun& staged) const {
    std::vector<std::string> statements{
        "BEGIN", "CREATE SCHEMA IF NOT EXISTS penstock_log." + duck::quote_name(schema_),
        fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", table("runs"),
                    column_definitions(columns_of_runs(), type_in_file)),
        fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", table("operations"),
                    column_definitions(columns_of_operations(), type_in_file))};
    for (const char* name : {"operations", "runs"})
      statements.push_back(fmt::format("DELETE FROM {} WHERE project = {} AND run = {}", table(name),
                                       duck::quote_text(project), duck::quote_text(logged.run.run)));
    statements.push_back(insert("runs", columns_of_runs(), staged.run_sql()));
    if (staged.has_operations())
      statements.push_back(insert("operations", columns_of_operations(), staged.operations_sql()));
    statements.push_back("COMMIT");
    for (const auto& one : statements)
      if (auto run = connection.run(one); !run.ok()) return run.error();
    return success();
  }

  std::string insert(const char* name, std::span<const LogColumn> columns, const std::string& sql) const {
    const std::string names = column_names(columns);
    return fmt::format("INSERT INTO {} ({}) SELECT {} FROM ({})", table(name), names, names, sql);
  }

  Error not_written(Error error) const {
    error.message = fmt::format("{} cannot be written to: {}", file_, error.message);
    if (error.remedy.empty())
      error.remedy = "close other programs that have the file open, and let this user write it";
    return error;
  }

  std::string file_, schema_;
};

}  // namespace

Result<std::unique_ptr<LogTables>> open_duckdb_log(const config::Source& source, const std::string& schema,
                                                   const declare::Resolver& resolver,
                                                   const OpenOptions& options) {
  auto file = declare::resolve(source.settings.get<declare::Reference>("path"), resolver);
  if (!file.ok()) return file.error();
  const auto whole =
      std::filesystem::path(file->starts_with('/') ? *file : join_path(options.project_directory, *file))
          .lexically_normal();
  return std::unique_ptr<LogTables>(new DuckdbLog(whole.string(), schema));
}

}  // namespace penstock
