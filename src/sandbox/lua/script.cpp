#include "sandbox/lua/script.h"

#include <fmt/format.h>

#include <cstdlib>

namespace penstock::sandbox::lua {
namespace {

constexpr size_t kBytesMax = size_t{6} << 30;
constexpr int kInstructionsAStep = 1'000'000;

void* allocate(void* counted, void* block, size_t old_size, size_t new_size) {
  size_t& bytes = *static_cast<size_t*>(counted);
  const size_t held = block == nullptr ? 0 : old_size;
  if (new_size == 0) {
    std::free(block);
    bytes -= held;
    return nullptr;
  }
  if (bytes - held + new_size > kBytesMax) return nullptr;
  void* moved = std::realloc(block, new_size);
  if (moved != nullptr) bytes += new_size - held;
  return moved;
}

thread_local int steps_left = 0;

// Fails at every instruction once the allowance is used up, so that a pcall of the script does not help it.
void count_step(lua_State* state, lua_Debug*) {
  if (--steps_left > 0) return;
  lua_sethook(state, count_step, LUA_MASKCOUNT, 1);
  luaL_error(state, "the script runs for too long");
}

void open_library(lua_State* state, const char* name, lua_CFunction open) {
  luaL_requiref(state, name, open, 1);
  lua_pop(state, 1);
}

void open_libraries(lua_State* state) {
  open_library(state, LUA_GNAME, luaopen_base);
  open_library(state, LUA_STRLIBNAME, luaopen_string);
  open_library(state, LUA_TABLIBNAME, luaopen_table);
  open_library(state, LUA_MATHLIBNAME, luaopen_math);
  open_library(state, LUA_UTF8LIBNAME, luaopen_utf8);
  for (const char* name : {"dofile", "loadfile", "load", "collectgarbage"}) {
    lua_pushnil(state);
    lua_setglobal(state, name);
  }
}

std::string take_message(lua_State* state) {
  const char* text = lua_tostring(state, -1);
  std::string message = text == nullptr ? "an error that is not a text" : text;
  lua_pop(state, 1);
  return message;
}

}  // namespace

Script::Script(int million_instructions_max)
    : million_instructions_max_(million_instructions_max), state_(lua_newstate(allocate, &bytes_)) {
  check(state_ != nullptr, "no memory for a Lua state");
  open_libraries(state_.get());
  // Most of what a request allocates is gone with it; the records stay for long.
  lua_gc(state_.get(), LUA_GCGEN, 0, 0);
}

Result<void> Script::run(const std::string& name, std::string_view text, int results) {
  const std::string chunk = "@" + name;
  if (luaL_loadbufferx(state(), text.data(), text.size(), chunk.c_str(), "t") != LUA_OK)
    return Error{ErrorKind::config, take_message(state()), "Mend the dialect's script."};
  return call(0, results);
}

Result<void> Script::protect(const std::function<void()>& work) {
  lua_pushcfunction(state(), [](lua_State* state) {
    (*static_cast<const std::function<void()>*>(lua_touserdata(state, 1)))();
    return 0;
  });
  lua_pushlightuserdata(state(), const_cast<std::function<void()>*>(&work));
  return call(1, 0);
}

Result<void> Script::call(int arguments, int results) {
  steps_left = million_instructions_max_;
  lua_sethook(state(), count_step, LUA_MASKCOUNT, kInstructionsAStep);
  if (lua_pcall(state(), arguments, results, 0) == LUA_OK) return success();
  return Error{ErrorKind::config, take_message(state()), "Mend the dialect's script."};
}

}  // namespace penstock::sandbox::lua
