// A vendor whose dialect is a Lua script: sandbox/NAME.lua, or a project's own.
#pragma once

#include <memory>
#include <string>

#include "sandbox/lua/dialects.h"
#include "sandbox/vendor.h"

namespace penstock::sandbox::lua {

// `state` must outlive the vendor. Errors are of kind config and name the script's line.
Result<std::unique_ptr<Vendor>> make_lua_vendor(const Dialect& dialect, State& state);

}  // namespace penstock::sandbox::lua
