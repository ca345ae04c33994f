// Bodies that are not JSON, as Lua values.
#pragma once

#include <lua.hpp>
#include <string_view>

namespace penstock::sandbox::lua {

// Pushes {name = text} of "a=1&b=2" and then {name = {text, ...}} with every value of each name.
void push_form(lua_State* state, std::string_view form);
// Pushes an array of rows, each an array of texts (RFC 4180; lines end in LF or CRLF).
void push_csv(lua_State* state, std::string_view csv, char delimiter);
// Pushes an array of {name=, filename=, type=, body=}; an empty one if there is no such boundary.
void push_multipart(lua_State* state, std::string_view body, std::string_view boundary);

}  // namespace penstock::sandbox::lua
