#include "warehouse_plan/sql_door.h"

#include <mutex>

#include "database/postgres.h"
#include "source/adbc/adbc_source.h"
#include "source/adbc/arrow_table.h"
#include "source/adbc/ingest.h"
#include "source/postgres/postgres_source.h"
#include "source/postgres/reading.h"

namespace penstock {
namespace {

constexpr Duration kConnectMax = 15s;

class AdbcDoor final : public SqlDoor {
 public:
  AdbcDoor(const config::Source& source, const declare::Resolver& resolver, const OpenOptions& options)
      : source_(source), resolver_(resolver), options_(options) {}

  Result<void> open() override {
    if (session_) return success();
    auto session = adbc_session(source_, resolver_, options_);
    if (!session.ok()) return session.error();
    const std::lock_guard lock(mutex_);
    session_ = *std::move(session);
    return success();
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    session_.reset();
  }

  Result<void> run(const std::string& sql) override { return session_->run(sql); }
  Result<std::vector<Line>> lines(const std::string& sql) override { return adbc::texts(*session_, sql); }

  Result<bool> append(const std::string& schema, const std::string& table, duck::Connection& local,
                      const std::string& sql) override {
    return adbc::ingest(*session_, schema, table, local, sql);
  }

  void interrupt() override {
    const std::lock_guard lock(mutex_);
    if (session_) session_->cancel();
  }

 private:
  const config::Source& source_;
  const declare::Resolver& resolver_;
  OpenOptions options_;
  std::mutex mutex_;  // of session_, but for the thread that runs statements
  std::shared_ptr<adbc::Session> session_;
};

class PostgresDoor final : public SqlDoor {
 public:
  PostgresDoor(postgres::Login login, Duration time_max)
      : connection_(std::move(login)), time_max_(time_max) {}

  Result<void> open() override {
    connection_.set_deadline(kConnectMax);
    if (connection_.is_open()) return success();
    if (auto trouble = connection_.open()) return postgres::as_error(*trouble, "", 0);
    return success();
  }

  void close() override { connection_.close(); }

  Result<void> run(const std::string& sql) override {
    auto answer = lines(sql);
    return answer.ok() ? success() : Result<void>(answer.error());
  }

  Result<std::vector<Line>> lines(const std::string& sql) override {
    connection_.set_deadline(time_max_ + kConnectMax);
    auto outcome = connection_.run(sql);
    if (!outcome.ok()) return postgres::as_error(outcome.trouble, "", 0);
    std::vector<Line> out(outcome.rows->count());
    const auto columns = static_cast<size_t>(PQnfields(outcome.rows->get()));
    for (size_t row = 0; row < out.size(); ++row)
      for (size_t i = 0; i < columns; ++i)
        out[row].push_back(outcome.rows->is_null(row, i)
                               ? std::nullopt
                               : std::optional<std::string>(outcome.rows->text(row, i)));
    return out;
  }

  Result<bool> append(const std::string&, const std::string&, duck::Connection&,
                      const std::string&) override {
    return false;
  }

  void interrupt() override { connection_.cancel(); }

 private:
  postgres::Connection connection_;
  Duration time_max_;
};

}  // namespace

std::unique_ptr<SqlDoor> adbc_door(const config::Source& source, const declare::Resolver& resolver,
                                   const OpenOptions& options) {
  return std::make_unique<AdbcDoor>(source, resolver, options);
}

Result<std::unique_ptr<SqlDoor>> postgres_door(const config::Source& source,
                                               const declare::Resolver& resolver) {
  auto login = postgres_login(source, resolver);
  if (!login.ok()) return login.error();
  return std::unique_ptr<SqlDoor>(
      new PostgresDoor(*std::move(login), source.settings.get<Duration>("statement_timeout")));
}

}  // namespace penstock
