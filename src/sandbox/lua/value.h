// JSON as Lua values and back. null is a value of its own (the global `null`), arrays are marked so that an
// empty one stays an array, integers stay integers; members are written in the order of their names.
#pragma once

#include <lua.hpp>
#include <string>
#include <string_view>

namespace penstock::sandbox::lua {

void push_text(lua_State* state, std::string_view text);
// The text at `index`, valid while the value is on the stack; a number is not a text.
std::string_view text_at(lua_State* state, int index);

void push_null(lua_State* state);
// Marks the table on top as an array.
void mark_array(lua_State* state);

// Pushes the value; false, and nothing pushed: it is not JSON.
bool push_json(lua_State* state, std::string_view json);
// Appends the value at `index`. Raises a Lua error for what JSON cannot hold (a function, a circle).
void append_json(lua_State* state, int index, std::string& out);

}  // namespace penstock::sandbox::lua
