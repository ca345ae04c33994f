// The dialects that are compiled in: the files of sandbox/, as they stand there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::sandbox::lua {

struct Dialect {
  std::string name;  // what errors call it: "sandbox/braze.lua"
  std::string text;
  int million_instructions_max =
      2'000;  // a call; some ten seconds of a core: a loop without end, or far too much data
};

std::optional<Dialect> find_dialect(std::string_view vendor);
std::vector<std::string_view> dialect_names();
// A project's own. Errors are of kind config.
Result<Dialect> read_dialect(const std::string& path);

}  // namespace penstock::sandbox::lua
