#include "state/postgres/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "state/postgres/tables.h"

namespace penstock::state {
namespace {

constexpr size_t kConnectionsMax = 8;
constexpr Duration kConnectTime = 10s;
constexpr Duration kStatementTime = 60s;
constexpr Duration kBetweenTries = 200ms;
// Any number that nobody else takes: who makes the tables excludes the others.
constexpr const char* kAdvisoryLock = "7307493141";

std::unique_ptr<postgres::Connection> new_connection(const Place& place) {
  return std::make_unique<postgres::Connection>(postgres::Login{place.where, "", false});
}

}  // namespace

PostgresServer::PostgresServer(Place place) : place_(std::move(place)) {}
PostgresServer::~PostgresServer() = default;

std::string PostgresServer::with_schema(const std::string& sql) const {
  std::string out;
  for (const char c : sql) {
    if (c == '@')
      out += fmt::format("\"{}\".", place_.schema);
    else
      out += c;
  }
  return out;
}

Error PostgresServer::as_error(const postgres::Trouble& trouble) const {
  const std::string what = fmt::format("the shared state at {}: {}", place_.shown, trouble.message);
  if (trouble.login)
    return {ErrorKind::config, what, "check the user and the password in `state` of penstock.yaml"};
  if (trouble.database) return {ErrorKind::config, what, "create the database, or name another one"};
  if (trouble.sqlstate == "42501" || trouble.sqlstate == "3F000")
    return {ErrorKind::config, what,
            fmt::format("the user needs CREATE on the database, or a schema of its own: CREATE SCHEMA {} "
                        "AUTHORIZATION user (docs/shared-state.md)",
                        place_.schema)};
  if (trouble.lost || trouble.sqlstate.empty())
    return {ErrorKind::disk, what,
            "see that the server runs and can be reached, then run the same command again: what was recorded "
            "is kept"};
  return {ErrorKind::disk, what, trouble.hint};
}

// Of the tables; 0: there are none.
Result<size_t> PostgresServer::version_of_tables(postgres::Connection& connection) {
  // The catalogue itself: what a session remembers of names may be older than the lock that it waited for.
  const auto there = connection.run(
      fmt::format("SELECT count(*) > 0 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                  "c.relnamespace WHERE n.nspname = '{}' AND c.relname = 'format'",
                  place_.schema));
  if (!there.ok()) return as_error(there.trouble);
  if (there.rows->text(0, 0) != "t") return size_t{0};
  const auto told = connection.run(with_schema("SELECT version FROM @format"));
  if (!told.ok()) return as_error(told.trouble);
  return static_cast<size_t>(std::stoul(std::string(told.rows->text(0, 0))));
}

// Several machines may find an empty database at once: the lock lets one of them make the tables.
Result<void> PostgresServer::make_tables(postgres::Connection& connection) {
  const auto ask = [&](const std::string& sql) { return connection.run(with_schema(sql)); };
  auto version = version_of_tables(connection);
  if (!version.ok()) return version.error();
  if (*version == kVersion) return success();
  if (*version > kVersion)
    return Error{
        ErrorKind::disk,
        fmt::format("the shared state at {} was written by a newer version of penstock", place_.shown),
        "use that version, or a newer one"};
  const auto locked =
      ask(fmt::format("BEGIN; SELECT pg_advisory_xact_lock({}), NOT EXISTS (SELECT FROM "
                      "pg_catalog.pg_namespace WHERE nspname = '{}')",
                      kAdvisoryLock, place_.schema));
  if (!locked.ok()) return as_error(locked.trouble);
  version = version_of_tables(connection);
  if (!version.ok()) return version.error();
  // The schema as it was before the wait; with tables in it it is there.
  std::string sql = *version == 0 && locked.rows->text(0, 1) == "t"
                        ? fmt::format("CREATE SCHEMA IF NOT EXISTS \"{}\";", place_.schema)
                        : "";
  for (size_t step = *version; step < kVersion; ++step) sql += kSteps[step];
  sql += fmt::format("UPDATE @format SET version = {}; COMMIT", kVersion);
  const auto made = ask(sql);
  if (made.ok()) return success();
  (void)ask("ROLLBACK");
  return as_error(made.trouble);
}

Result<void> PostgresServer::connect(postgres::Connection& connection) {
  connection.set_deadline(kConnectTime);
  if (auto trouble = connection.open()) {
    const std::lock_guard lock(mutex_);
    trouble_ = *trouble;
    return as_error(*trouble);
  }
  {
    const std::lock_guard lock(mutex_);
    trouble_.reset();
    if (ready_) return success();
  }
  connection.set_deadline(kStatementTime);
  if (auto made = make_tables(connection); !made.ok()) return made;
  // What uploads left that did not come to their end.
  (void)connection.run(with_schema(
      "WITH old AS (DELETE FROM @uploads WHERE began < now() - interval '1 day' RETURNING content) "
      "DELETE FROM @chunks USING old WHERE chunks.content = old.content"));
  const std::lock_guard lock(mutex_);
  ready_ = true;
  return success();
}

Result<std::unique_ptr<postgres::Connection>> PostgresServer::borrow() {
  std::unique_ptr<postgres::Connection> connection;
  {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [this] { return borrowed_ < kConnectionsMax; });
    ++borrowed_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) connection = new_connection(place_);
  if (!connection->is_open())
    if (auto connected = connect(*connection); !connected.ok()) {
      give_back(nullptr);
      return connected.error();
    }
  return connection;
}

void PostgresServer::give_back(std::unique_ptr<postgres::Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    --borrowed_;
    if (connection && connection->is_open()) idle_.push_back(std::move(connection));
  }
  given_back_.notify_one();
}

Result<postgres::Rows> PostgresServer::insist(const std::string& sql, const Parameters& parameters,
                                              std::optional<std::string_view> bytes, bool binary) {
  const std::string statement = with_schema(sql);
  const auto until = std::chrono::steady_clock::now() + place_.lease / 2;
  for (;;) {
    auto connection = borrow();
    std::optional<Error> error;
    bool lost = true;
    if (connection.ok()) {
      (*connection)
          ->set_deadline(std::min<Duration>(kStatementTime, std::max<Duration>(place_.lease / 2, 5s)));
      auto outcome = (*connection)->run(statement, parameters, bytes, binary);
      lost = outcome.trouble.lost;
      give_back(*std::move(connection));
      if (outcome.ok()) return *std::move(outcome.rows);
      error = as_error(outcome.trouble);
    } else {
      error = connection.error();
      const std::lock_guard lock(mutex_);
      // A server that starts or stops says so; one that was never reached is not waited for.
      lost = ready_ && trouble_ && !trouble_->login && !trouble_->database;
    }
    if (!lost || std::chrono::steady_clock::now() >= until) return *std::move(error);
    std::this_thread::sleep_for(kBetweenTries);
  }
}

Result<postgres::Rows> PostgresServer::run(const std::string& sql, const Parameters& parameters,
                                           std::optional<std::string_view> bytes) {
  return insist(sql, parameters, bytes, false);
}

Result<postgres::Rows> PostgresServer::run_binary(const std::string& sql, const Parameters& parameters) {
  return insist(sql, parameters, std::nullopt, true);
}

}  // namespace penstock::state
