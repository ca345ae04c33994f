#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sandbox/json_text.h"
#include "sandbox/lua/value.h"

namespace penstock::sandbox::lua {
namespace {

constexpr int kDepthMax = 200;
// Its address is the key of the arrays' metatable in the registry.
constexpr char kArrayMark = 0;

bool is_array(lua_State* state, int index) {
  if (lua_rawlen(state, index) > 0) return true;
  if (lua_getmetatable(state, index) == 0) return false;
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kArrayMark);
  const bool marked = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return marked;
}

void append_value(lua_State* state, int index, std::string& out, int depth);

void append_array(lua_State* state, int index, std::string& out, int depth) {
  out.push_back('[');
  Commas commas;
  const auto size = static_cast<lua_Integer>(lua_rawlen(state, index));
  for (lua_Integer place = 1; place <= size; ++place) {
    commas.before_item(out);
    lua_rawgeti(state, index, place);
    append_value(state, lua_gettop(state), out, depth + 1);
    lua_pop(state, 1);
  }
  out.push_back(']');
}

void append_object(lua_State* state, int index, std::string& out, int depth) {
  // The names point into the table's own strings, which stay while it does.
  std::vector<std::string_view> names;
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING) luaL_error(state, "a JSON object with a member that has no name");
    names.push_back(text_at(state, -2));
  }
  std::sort(names.begin(), names.end());
  out.push_back('{');
  Commas commas;
  for (const std::string_view name : names) {
    commas.before_item(out);
    append_json_string(out, name);
    out.push_back(':');
    push_text(state, name);
    lua_rawget(state, index);
    append_value(state, lua_gettop(state), out, depth + 1);
    lua_pop(state, 1);
  }
  out.push_back('}');
}

void append_lua_number(lua_State* state, int index, std::string& out) {
  if (lua_isinteger(state, index)) {
    out += fmt::format("{}", static_cast<long long>(lua_tointeger(state, index)));
    return;
  }
  const double number = lua_tonumber(state, index);
  const bool whole = std::floor(number) == number && std::abs(number) < 1e15;
  if (!std::isfinite(number)) luaL_error(state, "a number that JSON has no text for");
  out += whole ? fmt::format("{:.0f}", number) : fmt::format("{}", number);
}

void append_value(lua_State* state, int index, std::string& out, int depth) {
  if (depth > kDepthMax) luaL_error(state, "a value is nested too deeply for JSON, or holds itself");
  luaL_checkstack(state, 8, "a value is nested too deeply for JSON");
  switch (lua_type(state, index)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA:
      out += "null";
      return;
    case LUA_TBOOLEAN:
      out += lua_toboolean(state, index) != 0 ? "true" : "false";
      return;
    case LUA_TNUMBER:
      return append_lua_number(state, index, out);
    case LUA_TSTRING:
      return append_json_string(out, text_at(state, index));
    case LUA_TTABLE:
      return is_array(state, index) ? append_array(state, index, out, depth)
                                    : append_object(state, index, out, depth);
    default:
      luaL_error(state, "JSON cannot hold a %s", luaL_typename(state, index));
  }
}

}  // namespace

void push_text(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}

std::string_view text_at(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TSTRING) return {};
  size_t size = 0;
  const char* text = lua_tolstring(state, index, &size);
  return {text, size};
}

void push_null(lua_State* state) {
  lua_pushlightuserdata(state, nullptr);
}

void mark_array(lua_State* state) {
  if (lua_rawgetp(state, LUA_REGISTRYINDEX, &kArrayMark) == LUA_TNIL) {
    lua_pop(state, 1);
    lua_newtable(state);
    lua_pushvalue(state, -1);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &kArrayMark);
  }
  lua_setmetatable(state, -2);
}

void append_json(lua_State* state, int index, std::string& out) {
  append_value(state, lua_absindex(state, index), out, 0);
}

}  // namespace penstock::sandbox::lua
