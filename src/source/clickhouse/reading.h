// The result of a query as a table that DuckDB reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "duck/stream.h"
#include "source/clickhouse/form.h"
#include "source/clickhouse/server.h"

namespace penstock::clickhouse {

struct Column {
  std::string name;
  Asked asked;
};

// The server is this table's alone from now on.
std::shared_ptr<duck::StreamTable> read_query(std::shared_ptr<Server> server, std::string sql,
                                              std::vector<Column> columns);

}  // namespace penstock::clickhouse
