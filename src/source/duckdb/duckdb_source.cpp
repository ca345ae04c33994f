#include "source/duckdb/duckdb_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace penstock {
namespace {

using namespace declare;

// files: { customers: "data/*.parquet" } or { path: [...], format: csv, options: { delim: ";" } }
struct FileTable {
  std::vector<std::string> path;
  std::string format;
  std::vector<Named<std::string>> options;
};

const Of<FileTable>& file_table_shape() {
  static const Of<FileTable> shape =
      structure<FileTable>(
          "table of files", "Files that are queried in place as one table.",
          {field<&FileTable::path>("path", list(text()).or_one().not_empty())
               .required()
               .help("A file, a glob, or a list of them; relative to the project.")
               .example("data/customers/*.parquet"),
           field<&FileTable::format>("format", choice_of({{"csv", "CSV and TSV, plain or gzipped"},
                                                          {"parquet", "Parquet"},
                                                          {"json", "JSON, and JSON lines"}}))
               .help("What is in them.")
               .otherwise("told by the file's name"),
           field<&FileTable::options>("options", map_of(any_text()))
               .help("Options of DuckDB's reader, such as `delim` and `dateformat`. A CSV file is read from "
                     "its first "
                     "line on unless `skip` says otherwise.")})
          .shorthand("path");
  return shape;
}

std::string absolute(const std::string& path, const OpenOptions& options) {
  return path.starts_with('/') || path.find("://") != std::string::npos
             ? path
             : (std::filesystem::path(options.project_directory) / path).lexically_normal().string();
}

std::string format_of(const std::string& path) {
  const auto holds = [&](std::string_view ending) {
    return path.ends_with(ending) || path.ends_with(std::string(ending) + ".gz") ||
           path.ends_with(std::string(ending) + ".zst");
  };
  if (holds(".parquet")) return "parquet";
  if (holds(".json") || holds(".jsonl") || holds(".ndjson")) return "json";
  return "csv";
}

std::string reader_sql(const FileTable& table, const OpenOptions& options) {
  std::string paths;
  for (const auto& path : table.path)
    paths += (paths.empty() ? "" : ", ") + duck::quote_text(absolute(path, options));
  const std::string format = table.format.empty() ? format_of(table.path[0]) : table.format;
  std::string arguments;
  for (const auto& option : table.options)
    arguments += fmt::format(", {} = {}", option.name, duck::quote_text(option.value));
  // A CSV file begins with its first line. Left to guess, DuckDB skips all lines that do not look like the
  // last ones: one row with a value too many, and the rows above it would be gone without a word.
  const bool skips = std::any_of(table.options.begin(), table.options.end(),
                                 [](const auto& option) { return option.name == "skip"; });
  if (format == "csv" && !skips) arguments += ", skip = 0";
  return fmt::format("read_{}([{}]{})", format, paths, arguments);
}

Result<void> add_file_table(duck::Connection& connection, const config::Source& source,
                            const Named<FileTable>& table, const OpenOptions& options) {
  auto created = connection.run(fmt::format("CREATE TEMP VIEW {} AS SELECT * FROM {}",
                                            duck::quote_name(table.name), reader_sql(table.value, options)));
  if (created.ok()) return success();
  Error error = created.error();
  error.message = fmt::format("{}: the files of table '{}' in source '{}' cannot be read: {}",
                              table.name_place.show(), table.name, source.name, error.message);
  if (error.remedy.empty())
    error.remedy = "check the path (relative to the project's directory) and the format";
  return error;
}

Result<void> attach(duck::Connection& connection, const config::Source& source, const Reference& path,
                    const Resolver& resolver, const OpenOptions& options) {
  auto resolved = resolve(path, resolver);
  if (!resolved.ok()) return resolved.error();
  const std::string file = absolute(*resolved, options);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return Error{ErrorKind::source,
                 fmt::format("{}: source '{}': there is no file {}",
                             source.settings.entry("path")->node.place.show(), source.name, file),
                 "create it, or mend `path` (relative to the project's directory)"};
  auto attached = connection.attach(file, "warehouse");
  if (attached.ok()) return success();
  Error error = attached.error();
  error.message = fmt::format("source '{}': cannot open {}: {}", source.name, file, error.message);
  return error;
}

}  // namespace

const Of<Settings>& duckdb_settings() {
  static const Of<Settings> shape =
      settings("duckdb source", "A DuckDB database file, or CSV, Parquet and JSON files in place.",
               {setting("path", reference_text())
                    .help("The database file, relative to the project. It is only read.")
                    .example("warehouse.duckdb"),
                setting("files", map_of(identifier(), file_table_shape()))
                    .help("Tables made of files: a name, and where its files are.")
                    .example("{ customers: data/customers/*.parquet }"),
                setting("memory_limit", text("an amount of memory such as 1GB"))
                    .by_default("1GB")
                    .help("DuckDB's buffers; beyond it, large joins and sorts spill to disk."),
                setting("threads", integer({.min = 1, .max = 1024}, "a number of threads"))
                    .help("Threads that DuckDB uses.")
                    .otherwise("one for each core"),
                planning_schema_setting()});
  return shape;
}

namespace {

class DuckdbWarehouse final : public Warehouse {
 public:
  explicit DuckdbWarehouse(OpenedModel opened) : opened_(std::move(opened)) {}

  Result<OpenedModel> open_query(const std::string& sql) override {
    OpenedModel opened = std::move(opened_);
    // On lines of its own: the text may end in a comment.
    opened.relation = fmt::format("(\n{}\n)", sql);
    if (!opened.connection->is_one_statement(sql)) {
      auto one = opened.connection->check_is_one_select(sql);
      return as_mistake(one.ok() ? Error{ErrorKind::config, "the SQL is no SELECT", ""} : one.error());
    }
    if (auto understood = understand(opened); !understood.ok()) {
      // Of what is no SELECT, DuckDB says that it does not belong into brackets.
      const auto one = opened.connection->check_is_one_select(sql);
      return as_mistake(one.ok() ? understood.error() : one.error());
    }
    return opened;
  }

  Result<std::vector<SourceTable>> tables() override {
    auto rows = opened_.connection->texts(
        "SELECT CASE WHEN table_catalog = 'temp' OR table_schema = 'main' THEN table_name ELSE table_schema "
        "|| "
        "'.' || table_name END, coalesce(table_comment, '') FROM information_schema.tables ORDER BY 1");
    if (!rows.ok()) return rows.error();
    std::vector<SourceTable> all;
    for (auto& row : *rows) all.push_back({*row[0], *row[1]});
    return all;
  }

 private:
  // The files are there, so what DuckDB does not like is the SQL.
  static Error as_mistake(Error error) {
    if (error.kind == ErrorKind::source) error.kind = ErrorKind::config;
    return error;
  }
  OpenedModel opened_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_duckdb(const config::Source& source, const Resolver& resolver,
                                               const OpenOptions& options) {
  duck::Options database_options{.path = "",
                                 .memory_limit = source.settings.get<std::string>("memory_limit"),
                                 .temporary_directory = options.temporary_directory,
                                 .threads = options.threads};
  if (const auto* threads = source.settings.find<int64_t>("threads");
      threads != nullptr && options.threads == 0)
    database_options.threads = static_cast<int>(*threads);
  auto opened = open_memory(database_options);
  if (!opened.ok()) return std::move(opened).error().in(fmt::format("source '{}'", source.name));
  if (const auto* path = source.settings.find<Reference>("path"))
    if (auto attached = attach(*opened->connection, source, *path, resolver, options); !attached.ok())
      return attached.error();
  if (const auto* files = source.settings.find<std::vector<Named<FileTable>>>("files"))
    for (const auto& table : *files)
      if (auto added = add_file_table(*opened->connection, source, table, options); !added.ok())
        return added.error();
  return std::unique_ptr<Warehouse>(new DuckdbWarehouse(*std::move(opened)));
}

}  // namespace penstock
