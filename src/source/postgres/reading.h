// The result of a query as a table that DuckDB reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "database/postgres.h"
#include "duck/stream.h"
#include "source/postgres/decode.h"

namespace penstock::postgres {

// How the rows of a query are fetched.
enum class Fetch {
  copy,    // COPY (...) TO STDOUT: fastest, and the server sends no faster than rows are taken
  cursor,  // DECLARE and FETCH, for servers whose COPY writes only files (Redshift)
};

struct Query {
  std::string sql;               // the model's
  std::vector<Carried> columns;  // that it gives
};

// How a query is run: in a transaction of its own, which a pooler between us and the server can do with.
struct Terms {
  Fetch fetch = Fetch::copy;
  std::string begin;    // of the transaction, with what holds in it
  Duration time_max{};  // after which the server gives up
};

// What a trouble means for who reads: kind, text and remedy. `at` is how many characters of the statement
// stand before the model's SQL.
Error as_error(const Trouble& trouble, const std::string& sql, size_t at);

// The connection is this table's alone from now on, and is closed when the rows have been read.
std::shared_ptr<duck::StreamTable> make_reading(std::shared_ptr<Connection> connection, Query query,
                                                Terms terms);

}  // namespace penstock::postgres
