// What the prelude (and through it a dialect) can ask of C++.
#pragma once

#include <vector>

#include "sandbox/lua/routes.h"
#include "sandbox/lua/script.h"
#include "sandbox/state.h"

namespace penstock::sandbox::lua {

// Both are used by the functions of the global `host` and must outlive the script.
struct HostData {
  State& state;
  std::vector<Pattern> routes;
};

// Sets the global `host`, a table of functions.
void add_host(Script& script, HostData& data);

}  // namespace penstock::sandbox::lua
