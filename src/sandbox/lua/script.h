// A Lua state for one dialect: no files, no processes, a bounded number of instructions a call and bounded
// memory. Lua is linked as C++, so that its errors are exceptions and the objects on their way are destroyed.
#pragma once

#include <cstddef>
#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock::sandbox::lua {

// Not thread-safe.
class Script {
 public:
  explicit Script(int million_instructions_max);
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  lua_State* state() const { return state_.get(); }

  // Runs a chunk whose lines errors will name as `name`:LINE. Kind config: it cannot be read, or it fails.
  // Leaves `results` values.
  Result<void> run(const std::string& name, std::string_view text, int results);

  // Calls the function below the topmost `arguments` values and leaves `results` values. On an error the
  // stack is as if neither had been there, and the message says the script's line.
  Result<void> call(int arguments, int results);

  // Runs C++ that may raise Lua errors, on a stack of its own.
  Result<void> protect(const std::function<void()>& work);

 private:
  struct Close {
    void operator()(lua_State* state) const { lua_close(state); }
  };

  const int million_instructions_max_;
  size_t bytes_ = 0;  // before state_, whose allocator counts in it
  std::unique_ptr<lua_State, Close> state_;
};

}  // namespace penstock::sandbox::lua
