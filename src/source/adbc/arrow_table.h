// Rows that come in Arrow's form, as a table that DuckDB reads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "duck/stream.h"
#include "source/adbc/driver.h"

namespace penstock::adbc {

// Begins the query of these columns, by their names.
using OpenStream =
    std::function<Result<void>(const std::vector<std::string>& columns, ArrowArrayStream& into)>;

// What columns a stream has, which is released.
Result<std::vector<duck::Column>> describe_stream(ArrowArrayStream& stream);

// All rows of a small result as text.
Result<std::vector<duck::Connection::TextRow>> texts(Session& session, const std::string& sql);

std::shared_ptr<duck::StreamTable> make_arrow_table(std::vector<duck::Column> columns, OpenStream open,
                                                    std::function<void()> cancel);

}  // namespace penstock::adbc
