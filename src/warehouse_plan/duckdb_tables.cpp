#include "warehouse_plan/duckdb_tables.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <mutex>

#include "warehouse_plan/statements.h"

namespace penstock {
namespace {

Error not_writable(Error error, const std::string& file) {
  error.message = fmt::format("the state of this sync cannot be written to {}: {}", file, error.message);
  if (error.remedy.empty())
    error.remedy =
        "`planner: warehouse` keeps it in that file: close other programs that have it open, and let this "
        "user write it; or set `planner: local`";
  return error;
}

class DuckdbTables final : public PlanTables {
 public:
  DuckdbTables(TableNames names, std::string project, std::string sync, std::string file)
      : PlanTables(std::move(names), std::move(project), std::move(sync)), file_(std::move(file)) {}

  // DuckDB's hash() may be another one in its next version.
  std::string digest_kind() const override { return fmt::format("duckdb {}", duckdb_library_version()); }

  std::string digest(std::string_view alias, const std::vector<std::string>& columns) const override {
    return fmt::format("hash({})", columns.empty() ? "0" : column_list(alias, columns));
  }

  Result<std::optional<Head>> head() override {
    std::optional<Head> found;
    auto looked = with_file(false, [&](duck::Connection& connection) -> Result<void> {
      auto there = connection.texts(
          fmt::format("SELECT 1 FROM information_schema.tables WHERE table_name = 'syncs' AND {} = "
                      "'\"' || table_schema || '\"' AND table_catalog = current_database()",
                      duck::quote_text(names_.schema)));
      if (!there.ok() || there->empty()) return there.ok() ? success() : Result<void>(there.error());
      auto lines = connection.texts(head_sql(names_, project_, sync_));
      if (!lines.ok()) return lines.error();
      if (!lines->empty()) found = read_head((*lines)[0]);
      return success();
    });
    if (!looked.ok()) return looked.error();
    return found;
  }

  Result<void> prepare() override {
    return in_transaction(
        [&](duck::Connection& connection) { return run_all(connection, create_schema_sql(names_)); });
  }

  Result<void> create(const std::string& model, const std::vector<std::string>& keys) override {
    if (auto prepared = prepare(); !prepared.ok()) return prepared;
    return in_transaction([&](duck::Connection& connection) {
      return run_all(connection, create_tables_sql(names_, model, keys, {"uuid", "ubigint"}));
    });
  }

  Result<void> apply(const Changes& changes) override {
    return in_transaction(
        [&](duck::Connection& connection) -> Result<void> {
          auto lines = connection.texts(head_sql(names_, project_, sync_));
          if (!lines.ok()) return lines.error();
          const uint64_t generation = lines->empty() ? 0 : read_head((*lines)[0]).generation;
          if (generation != changes.base) return pushed_by_another();
          std::vector<std::string> statements;
          for (const auto& [table, staged] : names_.of_sync()) {
            const size_t keys = staged == "entries" ? changes.key_columns : 0;
            for (auto& one :
                 replace_lines_sql(table, "penstock_changes." + staged, line_columns(keys), changes.is_all))
              statements.push_back(std::move(one));
          }
          for (auto& one : put_head_sql(names_, project_, sync_, changes.head))
            statements.push_back(std::move(one));
          return run_all(connection, statements);
        },
        changes.file);
  }

  Result<void> leave() override {
    return in_transaction([&](duck::Connection& connection) {
      return run_all(connection, {leave_sql(names_, project_, sync_)});
    });
  }

  void interrupt() override {
    const std::lock_guard lock(mutex_);
    if (working_ != nullptr) working_->interrupt();
  }

 private:
  using Work = std::function<Result<void>(duck::Connection&)>;

  static Result<void> run_all(duck::Connection& connection, const std::vector<std::string>& statements) {
    for (const auto& one : statements)
      if (auto run = connection.run(one); !run.ok()) return run.error();
    return success();
  }

  Result<void> with_file(bool writes, const Work& work, const std::string& changes = "") {
    auto connection = duck::Connection::open({});
    if (!connection.ok()) return connection.error();
    {
      const std::lock_guard lock(mutex_);
      working_ = &*connection;
    }
    Result<void> done = attach(*connection, writes, changes);
    if (done.ok()) done = work(*connection);
    const std::lock_guard lock(mutex_);
    working_ = nullptr;
    return done;
  }

  Result<void> attach(duck::Connection& connection, bool writes, const std::string& changes) {
    std::vector<std::string> statements{
        fmt::format("ATTACH {} AS warehouse{}", duck::quote_text(file_), writes ? "" : " (READ_ONLY)")};
    if (!changes.empty())
      statements.push_back(
          fmt::format("ATTACH {} AS penstock_changes (READ_ONLY)", duck::quote_text(changes)));
    statements.push_back("USE warehouse");
    return run_all(connection, statements);
  }

  Result<void> in_transaction(const Work& work, const std::string& changes = "") {
    auto done = with_file(
        true,
        [&](duck::Connection& connection) -> Result<void> {
          if (auto begun = connection.run("BEGIN"); !begun.ok()) return begun.error();
          auto worked = work(connection);
          auto ended = connection.run(worked.ok() ? "COMMIT" : "ROLLBACK");
          if (!worked.ok()) return worked;
          return ended.ok() ? success() : Result<void>(ended.error());
        },
        changes);
    if (done.ok() || done.error().kind == ErrorKind::locked || done.error().kind == ErrorKind::interrupted)
      return done;
    return not_writable(done.error(), file_);
  }

  std::string file_;
  std::mutex mutex_;
  duck::Connection* working_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<PlanTables>> open_duckdb_tables(const config::Source& source, TableNames names,
                                                       const std::string& project, const std::string& sync,
                                                       const declare::Resolver& resolver,
                                                       const OpenOptions& options) {
  const auto* path = source.settings.find<declare::Reference>("path");
  if (path == nullptr)
    return Error{
        ErrorKind::config,
        fmt::format("{}: source '{}' has no database file, in which the state of a sync could be kept",
                    source.place.show(), source.name),
        "set `planner: local`, which is as fast for files that are queried in place"};
  auto file = declare::resolve(*path, resolver);
  if (!file.ok()) return file.error();
  const auto whole =
      std::filesystem::path(file->starts_with('/') ? *file : join_path(options.project_directory, *file))
          .lexically_normal();
  return std::unique_ptr<PlanTables>(new DuckdbTables(std::move(names), project, sync, whole.string()));
}

}  // namespace penstock
