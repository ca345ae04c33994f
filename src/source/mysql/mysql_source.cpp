#include "source/mysql/mysql_source.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <mutex>

#include "source/mysql/decode.h"

namespace penstock {
namespace {

using namespace declare;

constexpr unsigned kConnectSeconds = 15;
// The server ends a statement in time; this is for a server that does not.
constexpr int64_t kGraceSeconds = 60;
constexpr unsigned kStatementTimeout = 1969;  // ER_STATEMENT_TIMEOUT of MariaDB
constexpr unsigned kQueryTimeout = 3024;      // ER_QUERY_TIMEOUT of MySQL

// The model's SQL stands on lines of its own, from the second on.
std::string with_line_of_model(std::string message) {
  const size_t at = message.rfind(" at line ");
  if (at == message.npos) return message;
  const int line = std::atoi(message.c_str() + at + 9);
  if (line > 1) message.replace(at, message.npos, fmt::format(" (line {} of the SQL)", line - 1));
  return message;
}

Error mysql_error(const mysql::Trouble& trouble) {
  switch (trouble.code) {
    case 0:
      return {ErrorKind::config, trouble.message, "write `url` as mysql://user@host:3306/database"};
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
      return {ErrorKind::source, "the server refuses the login: " + trouble.message,
              "check user and password, and from where the user may connect"};
    case ER_BAD_DB_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
      return {ErrorKind::source, trouble.message,
              "name a database in `url` that exists and that the user may read"};
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
      return {ErrorKind::source, trouble.message, "grant the user SELECT on it"};
    case kStatementTimeout:
    case kQueryTimeout:
      return {ErrorKind::source, "the server gave up the query: " + trouble.message,
              "raise `statement_timeout` of the source, or make the query cheaper"};
    case ER_QUERY_INTERRUPTED:
    case ER_CONNECTION_KILLED:
      return {ErrorKind::source, "the query was killed on the server: " + trouble.message,
              "ask who did, and run again"};
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
      return {ErrorKind::config, "a model only reads: " + trouble.message,
              "write one SELECT that changes nothing"};
    case CR_CONN_HOST_ERROR:
    case CR_CONNECTION_ERROR:
    case CR_UNKNOWN_HOST:
      return {ErrorKind::source, "the server cannot be reached: " + trouble.message,
              "check host and port in `url`, and whether the server runs"};
    case CR_SSL_CONNECTION_ERROR:
      return {ErrorKind::source, "no encrypted connection: " + trouble.message,
              "see `encryption` of the source"};
    default:
      break;
  }
  // The statement itself: 42 syntax, names and types.
  if (trouble.sqlstate.starts_with("42")) return {ErrorKind::config, with_line_of_model(trouble.message), ""};
  return {ErrorKind::source, fmt::format("{} ({})", trouble.message, trouble.code), ""};
}

// A connection, and who may end what it does.
class MysqlServer {
 public:
  MysqlServer(mysql::Login login, Duration time_max)
      : login_(std::move(login)),
        time_max_(std::chrono::duration_cast<std::chrono::seconds>(time_max).count()),
        connection_(login_) {}

  mysql::Connection& connection() { return connection_; }

  Result<void> open() {
    if (connection_.is_open()) return success();
    const auto answer = static_cast<unsigned>(std::min<int64_t>(time_max_ + kGraceSeconds, 31'000'000));
    if (auto trouble = connection_.open(kConnectSeconds, answer)) return mysql_error(*trouble);
    // The rows are taken as fast as they can be used, which may be slowly.
    const bool is_mariadb = connection_.server_version().find("MariaDB") != std::string::npos;
    auto set = connection_.run(
        is_mariadb
            ? fmt::format("set session max_statement_time = {}, net_write_timeout = 3600", time_max_)
            : fmt::format("set session max_execution_time = {}, net_write_timeout = 3600", time_max_ * 1000));
    return set.ok() ? success() : Result<void>(mysql_error(*set.trouble));
  }

  // All that a query sees is of one moment.
  Result<void> begin(const std::string& sql, std::vector<mysql::Field>& fields) {
    if (auto opened = open(); !opened.ok()) return opened;
    auto begun = connection_.run("start transaction with consistent snapshot, read only");
    if (!begun.ok()) return failed(*begun.trouble);
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return Error{ErrorKind::interrupted, "the source's query was interrupted", ""};
      session_ = connection_.session_id();
    }
    if (auto trouble = connection_.begin(sql, fields)) return failed(*trouble);
    return success();
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      session_ = 0;
    }
    if (connection_.is_open() && !connection_.run("rollback").ok()) connection_.close();
  }

  Error failed(const mysql::Trouble& trouble) {
    const std::lock_guard lock(mutex_);
    session_ = 0;
    return cancelled_ ? Error{ErrorKind::interrupted, "the source's query was interrupted", ""}
                      : mysql_error(trouble);
  }

  void cancel() {
    unsigned long session = 0;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      session = session_;
    }
    if (session == 0) return;
    mysql::Connection other(login_);
    if (!other.open(5, 10)) (void)other.run(fmt::format("kill query {}", session));
  }

 private:
  mysql::Login login_;
  int64_t time_max_;
  mysql::Connection connection_;
  std::mutex mutex_;  // of what follows
  unsigned long session_ = 0;
  bool cancelled_ = false;
};

using Columns = std::shared_ptr<const std::vector<const mysql::Carried*>>;

// Rows as the server wrote them, to be decoded by another thread.
class MysqlPiece final : public duck::Piece {
 public:
  MysqlPiece(Columns columns, uint64_t first_row) : columns_(std::move(columns)), first_row_(first_row) {}

  void take(MYSQL_ROW row, const unsigned long* lengths) {
    for (size_t i = 0; i < columns_->size(); ++i) {
      cells_.push_back({bytes_.size(), row[i] == nullptr ? kNull : lengths[i]});
      if (row[i] != nullptr) bytes_.append(row[i], lengths[i]);
    }
    ++rows_;
  }
  size_t rows() const { return rows_; }

  Result<size_t> fill(const duck::Output& output) override {
    for (size_t i = 0; i < columns_->size(); ++i) {
      const mysql::Carried& column = *(*columns_)[i];
      const duck::Writable out = output.column(i);
      for (size_t row = 0; row < rows_; ++row) {
        const Cell& cell = cells_[row * columns_->size() + i];
        if (cell.size == kNull)
          out.set_null(row);
        else if (const char* why =
                     column.put(column, std::string_view(bytes_).substr(cell.from, cell.size), out, row))
          return Error{
              ErrorKind::source,
              fmt::format("row {} of the result: a value in the column '{}' {}", first_row_ + row + 1,
                          column.name, why),
              column.type.id() == DUCKDB_TYPE_VARCHAR
                  ? "mend the row, or leave it out of the model"
                  : "mend the row, or set `zero_dates: null` in the source where that is what it is"};
      }
    }
    return std::exchange(rows_, 0);
  }

 private:
  static constexpr size_t kNull = SIZE_MAX;
  struct Cell {
    size_t from, size;
  };
  Columns columns_;
  uint64_t first_row_;
  std::string bytes_;
  std::vector<Cell> cells_;
  size_t rows_ = 0;
};

class MysqlReading final : public duck::Stream {
 public:
  MysqlReading(std::shared_ptr<MysqlServer> server, Columns columns)
      : server_(std::move(server)), columns_(std::move(columns)) {}
  ~MysqlReading() override {
    if (!ended_) server_->connection().close();
  }

  Result<std::unique_ptr<duck::Piece>> next() override {
    auto piece = std::make_unique<MysqlPiece>(columns_, rows_);
    while (!ended_ && piece->rows() < duck::kChunkRows) {
      const unsigned long* lengths = nullptr;
      std::optional<mysql::Trouble> failed;
      MYSQL_ROW row = server_->connection().next(&lengths, failed);
      if (row != nullptr) {
        piece->take(row, lengths);
        continue;
      }
      ended_ = true;
      if (failed) return server_->failed(*failed);
      server_->end();
    }
    rows_ += piece->rows();
    if (piece->rows() == 0) return std::unique_ptr<duck::Piece>();
    return std::unique_ptr<duck::Piece>(std::move(piece));
  }

 private:
  std::shared_ptr<MysqlServer> server_;
  Columns columns_;
  uint64_t rows_ = 0;
  bool ended_ = false;
};

class MysqlTable final : public duck::StreamTable {
 public:
  MysqlTable(std::shared_ptr<MysqlServer> server, std::string sql, std::vector<mysql::Carried> columns)
      : server_(std::move(server)), sql_(std::move(sql)), carried_(std::move(columns)) {
    for (auto& column : carried_) columns_.push_back({column.name, duck::Type(std::move(column.type))});
    for (size_t i = 0; i < carried_.size(); ++i) carried_[i].type = duck::Type::of(columns_[i].type.id());
  }

  const std::vector<duck::Column>& columns() const override { return columns_; }

  Result<std::unique_ptr<duck::Stream>> open(std::span<const size_t> wanted) override {
    std::string select;
    auto chosen = std::make_shared<std::vector<const mysql::Carried*>>();
    for (const size_t number : wanted) {
      select += (select.empty() ? "" : ", ") + carried_[number].sql;
      chosen->push_back(&carried_[number]);
    }
    std::vector<mysql::Field> fields;
    if (auto begun =
            server_->begin(fmt::format("select {} from (\n{}\n) as penstock_model", select, sql_), fields);
        !begun.ok())
      return begun.error();
    return std::unique_ptr<duck::Stream>(new MysqlReading(server_, std::move(chosen)));
  }

  void cancel() override { server_->cancel(); }

 private:
  std::shared_ptr<MysqlServer> server_;
  std::string sql_;
  std::vector<mysql::Carried> carried_;
  std::vector<duck::Column> columns_;
};

class MysqlWarehouse final : public Warehouse {
 public:
  MysqlWarehouse(std::shared_ptr<MysqlServer> server, mysql::ZeroDates zero_dates, const OpenOptions& options)
      : server_(std::move(server)), zero_dates_(zero_dates), options_(options) {}

  std::string quoted_table(std::string_view name) const override { return mysql::quoted_table(name); }

  Result<OpenedModel> open_query(const std::string& sql) override {
    std::vector<mysql::Field> fields;
    if (auto begun =
            server_->begin(fmt::format("select * from (\n{}\n) as penstock_model limit 0", sql), fields);
        !begun.ok())
      return begun.error();
    if (auto drained = drain(); !drained.ok()) return drained.error();
    std::vector<std::string> names;
    for (const auto& field : fields) names.push_back(field.name);
    if (auto named = check_names(names); !named.ok()) return named.error();
    std::vector<mysql::Carried> columns;
    for (const auto& field : fields) columns.push_back(mysql::carried(field, zero_dates_));
    return stream_into_duckdb(std::make_shared<MysqlTable>(server_, sql, std::move(columns)), options_);
  }

  Result<std::vector<SourceTable>> tables() override {
    if (auto opened = server_->open(); !opened.ok()) return opened.error();
    auto listed = server_->connection().run(
        "select if(table_schema = database(), table_name, concat(table_schema, '.', table_name)), "
        "table_comment from "
        "information_schema.tables where table_schema not in ('information_schema', 'mysql', "
        "'performance_schema', "
        "'sys') order by 1");
    if (!listed.ok()) return server_->failed(*listed.trouble);
    std::vector<SourceTable> all;
    // A view says of itself that it is one.
    for (const auto& row : listed.rows)
      all.push_back({row[0].value_or(""), row[1].value_or("") == "VIEW" ? "" : row[1].value_or("")});
    return all;
  }

 private:
  Result<void> drain() {
    const unsigned long* lengths = nullptr;
    std::optional<mysql::Trouble> failed;
    while (server_->connection().next(&lengths, failed) != nullptr) {
    }
    if (failed) return server_->failed(*failed);
    server_->end();
    return success();
  }

  std::shared_ptr<MysqlServer> server_;
  mysql::ZeroDates zero_dates_;
  OpenOptions options_;
};

}  // namespace

const Of<Settings>& mysql_settings() {
  static const Of<Settings> shape =
      settings("mysql source", "MySQL and MariaDB, and what speaks their protocol.",
               {setting("url", reference_text())
                    .required()
                    .secret()
                    .help("Where the database is: mysql://user@host:3306/database.")
                    .example("mysql://reader@db.example.com/shop"),
                setting("password", reference_text())
                    .secret()
                    .help("The password, when it does not stand in the URL.")
                    .example("${env:WAREHOUSE_PASSWORD}"),
                setting("encryption", choice_of({{"off", "none"},
                                                 {"required", "without asking whose certificate it is"},
                                                 {"verified", "with a certificate for the server's name"}}))
                    .otherwise("`verified`, unless the server is on this machine")
                    .help("TLS on the way to the server."),
                setting("statement_timeout", duration(1s))
                    .by_default("6h")
                    .help("The server gives up a query that takes longer."),
                setting("zero_dates", choice_of({{"refuse", "they are an error that names row and column"},
                                                 {"null", "they are NULL"}}))
                    .by_default("refuse")
                    .help("What dates are that there are not, such as 0000-00-00.")});
  return shape;
}

Result<std::unique_ptr<Warehouse>> open_mysql(const config::Source& source, const Resolver& resolver,
                                              const OpenOptions& options) {
  auto url = text_of_setting(source, "url", resolver);
  if (!url.ok()) return std::move(url).error().in(options.subject);
  auto password = text_of_setting(source, "password", resolver);
  if (!password.ok()) return std::move(password).error().in(options.subject);
  mysql::Login login;
  login.url = *std::move(url);
  login.password = *std::move(password);
  if (const auto* encryption = source.settings.find<std::string>("encryption"))
    login.encryption = *encryption;
  // Times are UTC, and names in quotes are names only in backquotes, whatever the server's default is.
  login.session = "set session sql_mode = '', time_zone = '+00:00', autocommit = 1";
  auto server =
      std::make_shared<MysqlServer>(std::move(login), source.settings.get<Duration>("statement_timeout"));
  if (auto opened = server->open(); !opened.ok()) return Error(opened.error()).in(options.subject);
  const auto zero_dates = source.settings.get<std::string>("zero_dates") == "null" ? mysql::ZeroDates::null
                                                                                   : mysql::ZeroDates::refuse;
  return std::unique_ptr<Warehouse>(new MysqlWarehouse(std::move(server), zero_dates, options));
}

}  // namespace penstock
