// What must not be seen or kept in a shell's history is asked for, or read from standard input.
#pragma once

#include <string>

#include "declare/reference.h"

namespace penstock::cli {

enum class Ask { once, twice };

// On a terminal: asks for it without showing it, twice where a mistake would not be noticed. Else: all of
// standard input, without the line end at its end. Errors: config (nothing was given, the two differ, too
// long), interrupted.
Result<declare::Secret> read_secret(const std::string& question, Ask ask);

}  // namespace penstock::cli
