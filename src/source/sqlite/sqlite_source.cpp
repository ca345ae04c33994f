#include "source/sqlite/sqlite_source.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <set>

#include "source/sqlite/cells.h"

namespace penstock {
namespace {

using namespace declare;
using sqlite::Carrier;
using sqlite::Cells;

// Rows that are looked at where a column's type is declared nowhere.
constexpr size_t kRowsSeen = 1000;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteFile = std::shared_ptr<sqlite3>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

struct SqliteColumn {
  std::string name;
  Carrier carrier = Carrier::text;
};

Error sqlite_error(sqlite3* database, int code) {
  const std::string message = sqlite3_errmsg(database);
  switch (code & 0xff) {
    case SQLITE_INTERRUPT:
      return {ErrorKind::interrupted, "the source's query was interrupted", ""};
    case SQLITE_ERROR:  // the statement itself
    case SQLITE_READONLY:
      return {ErrorKind::config, message, ""};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::source, message,
              "another program writes to the file: try again, or raise `busy_timeout`"};
    case SQLITE_NOTADB:
      return {ErrorKind::source, message, "name an SQLite file in `path`"};
    default:
      return {ErrorKind::source, message, ""};
  }
}

Result<Statement> prepare(const SqliteFile& file, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(file.get(), sql.c_str(), static_cast<int>(sql.size()), &statement, &rest);
  if (code != SQLITE_OK) return sqlite_error(file.get(), code);
  Statement owned(statement);
  if (owned == nullptr) return Error{ErrorKind::config, "the SQL is empty", ""};
  if (rest != nullptr && std::string_view(rest).find_first_not_of(" \n\t;") != std::string_view::npos)
    return Error{ErrorKind::config, "expected one SELECT, found several statements", ""};
  if (sqlite3_stmt_readonly(statement) == 0)
    return Error{ErrorKind::config, "a model only reads: its SQL must be one SELECT", ""};
  return owned;
}

std::string in_brackets(const std::string& select, const std::string& sql) {
  return fmt::format("SELECT {} FROM (\n{}\n)", select, sql);
}

class SqlitePiece final : public duck::Piece {
 public:
  SqlitePiece(std::shared_ptr<const std::vector<SqliteColumn>> columns, uint64_t first_row)
      : columns_(std::move(columns)), first_row_(first_row) {}
  Cells& cells() { return cells_; }

  Result<size_t> fill(const duck::Output& output) override {
    for (size_t i = 0; i < columns_->size(); ++i) {
      const duck::Writable out = output.column(i);
      for (size_t row = 0; row < cells_.rows; ++row) {
        const sqlite::Cell& cell = cells_.all[row * columns_->size() + i];
        if (cell.storage == SQLITE_NULL)
          out.set_null(row);
        else if (const char* why = sqlite::put((*columns_)[i].carrier, cells_, cell, out, row))
          return bad_cell((*columns_)[i], row, why);
      }
    }
    return std::exchange(cells_.rows, 0);
  }

 private:
  Error bad_cell(const SqliteColumn& column, size_t row, const char* why) const {
    return {
        ErrorKind::source,
        fmt::format("row {} of the result: a value in the column '{}', which is {}, {}", first_row_ + row + 1,
                    column.name, sqlite::type_of(column.carrier).name(), why),
        fmt::format(
            "mend the row, CAST it in the model, or say in the source what it is: types: {{ {}: VARCHAR }}",
            column.name)};
  }

  std::shared_ptr<const std::vector<SqliteColumn>> columns_;
  uint64_t first_row_;
  Cells cells_;
};

class SqliteReading final : public duck::Stream {
 public:
  SqliteReading(SqliteFile file, Statement statement, std::vector<SqliteColumn> columns)
      : file_(std::move(file)),
        statement_(std::move(statement)),
        columns_(std::make_shared<const std::vector<SqliteColumn>>(std::move(columns))) {}

  Result<std::unique_ptr<duck::Piece>> next() override {
    auto piece = std::make_unique<SqlitePiece>(columns_, rows_);
    // To step on after the end would begin anew.
    while (!ended_ && piece->cells().rows < duck::kChunkRows) {
      const int code = sqlite3_step(statement_.get());
      ended_ = code != SQLITE_ROW;
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return sqlite_error(file_.get(), code);
      piece->cells().take(statement_.get(), static_cast<int>(columns_->size()));
    }
    rows_ += piece->cells().rows;
    if (piece->cells().rows == 0) return std::unique_ptr<duck::Piece>();
    return std::unique_ptr<duck::Piece>(std::move(piece));
  }

 private:
  SqliteFile file_;
  Statement statement_;
  std::shared_ptr<const std::vector<SqliteColumn>> columns_;
  uint64_t rows_ = 0;
  bool ended_ = false;
};

class SqliteTable final : public duck::StreamTable {
 public:
  SqliteTable(SqliteFile file, std::string sql, std::vector<SqliteColumn> columns)
      : file_(std::move(file)), sql_(std::move(sql)), carried_(std::move(columns)) {
    for (const auto& column : carried_) columns_.push_back({column.name, sqlite::type_of(column.carrier)});
  }

  const std::vector<duck::Column>& columns() const override { return columns_; }

  Result<std::unique_ptr<duck::Stream>> open(std::span<const size_t> wanted) override {
    std::string select;
    std::vector<SqliteColumn> chosen;
    for (const size_t number : wanted) {
      select += (select.empty() ? "" : ", ") + duck::quote_name(carried_[number].name);
      chosen.push_back(carried_[number]);
    }
    auto statement = prepare(file_, in_brackets(select, sql_));
    if (!statement.ok()) return statement.error();
    return std::unique_ptr<duck::Stream>(new SqliteReading(file_, *std::move(statement), std::move(chosen)));
  }

  void cancel() override { sqlite3_interrupt(file_.get()); }

 private:
  SqliteFile file_;
  std::string sql_;
  std::vector<SqliteColumn> carried_;
  std::vector<duck::Column> columns_;
};

class SqliteWarehouse final : public Warehouse {
 public:
  SqliteWarehouse(SqliteFile file, std::vector<Named<std::string>> types, const OpenOptions& options)
      : file_(std::move(file)), types_(std::move(types)), options_(options) {}

  Result<OpenedModel> open_query(const std::string& sql) override {
    auto columns = describe(sql);
    if (!columns.ok()) return columns.error();
    return stream_into_duckdb(std::make_shared<SqliteTable>(file_, sql, *std::move(columns)), options_);
  }

  Result<std::vector<SourceTable>> tables() override {
    auto statement = prepare(file_,
                             "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT "
                             "LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1");
    if (!statement.ok()) return statement.error();
    std::vector<SourceTable> all;
    int code = SQLITE_OK;
    while ((code = sqlite3_step(statement->get())) == SQLITE_ROW)
      all.push_back({reinterpret_cast<const char*>(sqlite3_column_text(statement->get(), 0)), ""});
    if (code != SQLITE_DONE) return sqlite_error(file_.get(), code);
    return all;
  }

 private:
  // A column is what the source's `types` say, else what is declared, else what its first values are.
  Result<std::vector<SqliteColumn>> describe(const std::string& sql) {
    auto statement = prepare(file_, in_brackets("*", sql));
    if (!statement.ok()) return statement.error();
    std::vector<std::string> names;
    for (int i = 0; i < sqlite3_column_count(statement->get()); ++i)
      names.emplace_back(sqlite3_column_name(statement->get(), i));
    if (auto named = check_names(names); !named.ok()) return named.error();
    std::vector<SqliteColumn> columns;
    std::set<size_t> unsettled;
    for (size_t i = 0; i < names.size(); ++i) {
      const char* declared = sqlite3_column_decltype(statement->get(), static_cast<int>(i));
      auto carrier = carrier_set(names[i]);
      if (!carrier && declared != nullptr) carrier = sqlite::carrier_declared(declared);
      if (!carrier) unsettled.insert(i);
      columns.push_back({names[i], carrier.value_or(Carrier::text)});
    }
    if (!unsettled.empty())
      if (auto seen = look_at_rows(statement->get(), unsettled, columns); !seen.ok()) return seen.error();
    return columns;
  }

  std::optional<Carrier> carrier_set(const std::string& column) const {
    for (const auto& type : types_)
      if (type.name == column) return sqlite::carrier_named(type.value);
    return std::nullopt;
  }

  Result<void> look_at_rows(sqlite3_stmt* statement, const std::set<size_t>& unsettled,
                            std::vector<SqliteColumn>& columns) {
    std::vector<std::vector<int>> classes(columns.size());
    for (size_t row = 0; row < kRowsSeen; ++row) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return sqlite_error(file_.get(), code);
      for (const size_t i : unsettled)
        if (const int storage = sqlite3_column_type(statement, static_cast<int>(i)); storage != SQLITE_NULL)
          classes[i].push_back(storage);
    }
    for (const size_t i : unsettled) columns[i].carrier = sqlite::carrier_seen(classes[i]);
    return success();
  }

  SqliteFile file_;
  std::vector<Named<std::string>> types_;
  OpenOptions options_;
};

}  // namespace

const Of<Settings>& sqlite_settings() {
  static const Of<Settings> shape =
      settings("sqlite source", "An SQLite database file.",
               {setting("path", reference_text())
                    .required()
                    .help("The database file, relative to the project. It is only read.")
                    .example("app.sqlite"),
                setting("busy_timeout", duration())
                    .by_default("30s")
                    .help("How long to wait while another program holds the file."),
                setting("types", map_of(choice_of({{"BOOLEAN", "0 and 1"},
                                                   {"BIGINT", "whole numbers"},
                                                   {"DOUBLE", "numbers"},
                                                   {"VARCHAR", "texts, and whole numbers as their digits"},
                                                   {"BLOB", "bytes"}})))
                    .help("What columns of these names are, whatever is declared.")
                    .example("{ total: DOUBLE }")});
  return shape;
}

Result<std::unique_ptr<Warehouse>> open_sqlite(const config::Source& source, const Resolver& resolver,
                                               const OpenOptions& options) {
  auto path = resolve(source.settings.get<Reference>("path"), resolver);
  if (!path.ok()) return std::move(path).error().in(options.subject);
  const std::string file =
      (std::filesystem::path(options.project_directory) / *path).lexically_normal().string();
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return Error{ErrorKind::source,
                 fmt::format("{}: {}: there is no file {}", source.settings.entry("path")->node.place.show(),
                             options.subject, file),
                 "create it, or mend `path` (relative to the project's directory)"};
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_FULLMUTEX, nullptr);
  SqliteFile owned(database, CloseDatabase());
  if (code != SQLITE_OK) return sqlite_error(database, code).in(options.subject);
  const auto wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(source.settings.get<Duration>("busy_timeout"));
  sqlite3_busy_timeout(database, static_cast<int>(std::min<int64_t>(wait.count(), INT32_MAX)));
  std::vector<Named<std::string>> types;
  if (const auto* given = source.settings.find<std::vector<Named<std::string>>>("types")) types = *given;
  return std::unique_ptr<Warehouse>(new SqliteWarehouse(std::move(owned), std::move(types), options));
}

}  // namespace penstock
