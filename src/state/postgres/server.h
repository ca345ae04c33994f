// The PostgreSQL server that keeps the shared state: connections, its tables, and what its errors mean.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "database/postgres.h"
#include "state/place.h"

namespace penstock::state {

using Parameters = std::vector<std::optional<std::string>>;

// Thread-safe: every call has a connection of its own meanwhile. Connects at the first call, and makes the
// tables when they are not there. Errors are of kind `disk`, or `config` for a login or grants that are
// wrong.
class PostgresServer {
 public:
  explicit PostgresServer(Place place);
  ~PostgresServer();

  // One statement that may be repeated: when the connection is lost it is, for as long as half a lease. `@`
  // is the schema: "SELECT * FROM @leases". `bytes`: one more parameter, a bytea. Numbers come as text.
  Result<postgres::Rows> run(const std::string& sql, const Parameters& parameters = {},
                             std::optional<std::string_view> bytes = std::nullopt);
  // The same for a statement whose only column is a bytea.
  Result<postgres::Rows> run_binary(const std::string& sql, const Parameters& parameters);
  const Place& place() const { return place_; }

 private:
  Result<postgres::Rows> insist(const std::string& sql, const Parameters& parameters,
                                std::optional<std::string_view> bytes, bool binary);
  Result<std::unique_ptr<postgres::Connection>> borrow();
  void give_back(std::unique_ptr<postgres::Connection> connection);
  Result<void> connect(postgres::Connection& connection);
  Result<size_t> version_of_tables(postgres::Connection& connection);
  Result<void> make_tables(postgres::Connection& connection);
  Error as_error(const postgres::Trouble& trouble) const;
  std::string with_schema(const std::string& sql) const;

  const Place place_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<postgres::Connection>> idle_;
  size_t borrowed_ = 0;
  bool ready_ = false;                        // the tables are there
  std::optional<postgres::Trouble> trouble_;  // of the last try to connect
};

}  // namespace penstock::state
