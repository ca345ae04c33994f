// Which columns of the model a mapping reads.
#pragma once

#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace penstock {

// The columns that one expression reads, in the model's order; all of them where that cannot be told.
Result<std::vector<std::string>> columns_read(duck::Connection& connection, const std::string& sql,
                                              const std::vector<std::string>& columns);

// Those of all that the mapping reads, in the model's order. An error of kind `config`, which names the
// field: an expression that may give another value although its row has not changed (now(), random()), of
// which the warehouse would know nothing.
Result<std::vector<std::string>> input_columns(duck::Connection& connection, const MappedModel& mapped,
                                               const std::vector<std::string>& columns);

}  // namespace penstock
