// Rows as lines of text with tabs, which COPY and ClickHouse's TabSeparated both read.
#pragma once

#include <functional>
#include <string>

#include "duck/duck.h"

namespace penstock {

// Hands the rows of `sql`, whose columns are all VARCHAR, to `send`, some megabytes at a time. How many rows
// there were.
Result<uint64_t> send_as_text(duck::Connection& connection, const std::string& sql,
                              const std::function<Result<void>(std::string text)>& send);

}  // namespace penstock
