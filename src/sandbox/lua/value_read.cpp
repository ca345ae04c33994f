#include <simdjson.h>

#include "sandbox/lua/value.h"

namespace penstock::sandbox::lua {
namespace {

namespace json = simdjson::dom;

void push_element(lua_State* state, json::element element);

void push_array(lua_State* state, json::array array) {
  lua_createtable(state, static_cast<int>(array.size()), 0);
  mark_array(state);
  lua_Integer place = 0;
  for (const json::element item : array) {
    push_element(state, item);
    lua_rawseti(state, -2, ++place);
  }
}

void push_object(lua_State* state, json::object object) {
  lua_createtable(state, 0, static_cast<int>(object.size()));
  for (const auto& member : object) {
    push_text(state, member.key);
    push_element(state, member.value);
    lua_rawset(state, -3);
  }
}

void push_element(lua_State* state, json::element element) {
  luaL_checkstack(state, 8, "JSON is nested too deeply");
  switch (element.type()) {
    case json::element_type::ARRAY:
      return push_array(state, json::array(element));
    case json::element_type::OBJECT:
      return push_object(state, json::object(element));
    case json::element_type::STRING:
      return push_text(state, std::string_view(element));
    case json::element_type::INT64:
      return lua_pushinteger(state, int64_t(element));
    case json::element_type::UINT64:
      return lua_pushnumber(state, static_cast<double>(uint64_t(element)));
    case json::element_type::DOUBLE:
      return lua_pushnumber(state, double(element));
    case json::element_type::BOOL:
      return lua_pushboolean(state, bool(element));
    case json::element_type::NULL_VALUE:
      return push_null(state);
  }
}

}  // namespace

bool push_json(lua_State* state, std::string_view text) {
  thread_local json::parser parser;
  json::element document;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS) return false;
  push_element(state, document);
  return true;
}

}  // namespace penstock::sandbox::lua
