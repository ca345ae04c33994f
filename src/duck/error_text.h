// What DuckDB says when something fails, as an Error for people.
#pragma once

#include <string_view>

#include "base/result.h"

namespace penstock::duck {

// DuckDB's message as it comes, with the class before it ("IO Error: ..."). Errors are of kind source, but
// for a full disk and an interruption. A message may quote values of the warehouse: who shows it must know
// whether it may.
Error to_error(const char* message);

}  // namespace penstock::duck
