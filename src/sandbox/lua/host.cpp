#include "sandbox/lua/host.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "sandbox/lua/bodies.h"
#include "sandbox/lua/digest.h"
#include "sandbox/lua/value.h"

namespace penstock::sandbox::lua {
namespace {

HostData& data_of(lua_State* state) {
  return *static_cast<HostData*>(lua_touserdata(state, lua_upvalueindex(1)));
}

std::string_view text_argument(lua_State* state, int place) {
  size_t size = 0;
  const char* text = luaL_checklstring(state, place, &size);
  return {text, size};
}

int make_list(lua_State* state) {
  if (lua_type(state, 1) != LUA_TTABLE) luaL_error(state, "list{...} marks a table as an array");
  lua_settop(state, 1);
  mark_array(state);
  return 1;
}

int json_text(lua_State* state) {
  std::string out;
  append_json(state, 1, out);
  push_text(state, out);
  return 1;
}

int json_value(lua_State* state) {
  if (!push_json(state, text_argument(state, 1))) lua_pushnil(state);
  return 1;
}

int form(lua_State* state) {
  push_form(state, text_argument(state, 1));
  return 2;
}

int csv(lua_State* state) {
  push_csv(state, text_argument(state, 1), text_argument(state, 2).substr(0, 1)[0]);
  return 1;
}

int multipart(lua_State* state) {
  push_multipart(state, text_argument(state, 1), text_argument(state, 2));
  return 1;
}

template <std::string (*function)(std::string_view)>
int text_to_text(lua_State* state) {
  push_text(state, function(text_argument(state, 1)));
  return 1;
}

int decode_base64(lua_State* state) {
  const auto bytes = unbase64(text_argument(state, 1));
  if (bytes) {
    push_text(state, *bytes);
  } else {
    lua_pushnil(state);
  }
  return 1;
}

int now(lua_State* state) {
  lua_pushinteger(state, unix_micros(data_of(state).state.now) / 1000);
  return 1;
}

int iso(lua_State* state) {
  push_text(state, iso8601(from_unix_micros(luaL_checkinteger(state, 1) * 1000)));
  return 1;
}

int random_below(lua_State* state) {
  const lua_Integer bound = luaL_checkinteger(state, 1);
  if (bound < 1) luaL_error(state, "random(n) needs n > 0");
  lua_pushinteger(state,
                  static_cast<lua_Integer>(data_of(state).state.random.below(static_cast<uint64_t>(bound))));
  return 1;
}

int chosen(lua_State* state) {
  const SandboxOptions& options = data_of(state).state.options;
  lua_pushboolean(state, is_chosen(text_argument(state, 1), options.fail_rows, options.seed));
  return 1;
}

int token_state(lua_State* state) {
  switch (data_of(state).state.token_state(text_argument(state, 1))) {
    case TokenState::valid:
      lua_pushliteral(state, "valid");
      break;
    case TokenState::revoked:
      lua_pushliteral(state, "revoked");
      break;
    case TokenState::expired:
      lua_pushliteral(state, "expired");
      break;
  }
  return 1;
}

int rate(lua_State* state) {
  const auto limit = parse_rate_limit(text_argument(state, 1));
  if (!limit.ok()) luaL_error(state, "%s", limit.error().message.c_str());
  lua_pushinteger(state, limit->requests);
  lua_pushnumber(state, in_seconds(limit->per));
  return 2;
}

int admit(lua_State* state) {
  State& sandbox = data_of(state).state;
  const auto requests = luaL_checkinteger(state, 2);
  if (requests < 1 || requests > 1'000'000) luaL_error(state, "a limit is of 1 to 1,000,000 requests");
  const auto per =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(luaL_checknumber(state, 3)));
  const Admission admission =
      sandbox.limits.admit(text_argument(state, 1), {static_cast<uint32_t>(requests), per}, sandbox.instant);
  lua_pushboolean(state, admission.admitted);
  lua_pushinteger(state, admission.remaining);
  lua_pushnumber(state, in_seconds(admission.wait));
  return 3;
}

int note(lua_State* state) {
  State& sandbox = data_of(state).state;
  std::string properties;
  append_json(state, 5, properties);
  sandbox.history.add(text_argument(state, 1),
                      {text_argument(state, 2), text_argument(state, 3), text_argument(state, 4), properties},
                      sandbox.now);
  return 0;
}

int add_route(lua_State* state) {
  auto pattern = Pattern::parse(text_argument(state, 1));
  if (!pattern.ok())
    luaL_error(state, "%s. %s", pattern.error().message.c_str(), pattern.error().remedy.c_str());
  data_of(state).routes.push_back(*std::move(pattern));
  return 0;
}

int print(lua_State* state) {
  fmt::print(stderr, "{}\n", text_argument(state, 1));
  return 0;
}

constexpr luaL_Reg kFunctions[] = {{"list", make_list},
                                   {"json_text", json_text},
                                   {"json_value", json_value},
                                   {"form", form},
                                   {"csv", csv},
                                   {"multipart", multipart},
                                   {"md5", text_to_text<md5>},
                                   {"sha256", text_to_text<sha256>},
                                   {"base64", text_to_text<base64>},
                                   {"unbase64", decode_base64},
                                   {"now", now},
                                   {"iso", iso},
                                   {"random", random_below},
                                   {"chosen", chosen},
                                   {"token_state", token_state},
                                   {"rate", rate},
                                   {"admit", admit},
                                   {"note", note},
                                   {"add_route", add_route},
                                   {"print", print},
                                   {nullptr, nullptr}};

void set_milliseconds(lua_State* state, const char* name, Duration duration) {
  lua_pushinteger(state, duration / 1ms);
  lua_setfield(state, -2, name);
}

void set_flag(lua_State* state, const char* name, bool flag) {
  lua_pushboolean(state, flag);
  lua_setfield(state, -2, name);
}

void push_options(lua_State* state, const SandboxOptions& options) {
  lua_newtable(state);
  set_flag(state, "strict", options.strict);
  set_flag(state, "history", options.history);
  set_flag(state, "unlimited", options.limit && options.limit->requests == 0);
  set_milliseconds(state, "latency", options.latency);
  set_milliseconds(state, "search_lag", options.search_lag);
  set_milliseconds(state, "job_time", options.job_time);
  lua_pushinteger(state, options.daily_limit);
  lua_setfield(state, -2, "daily_limit");
  if (!options.limit || options.limit->requests == 0) return;
  lua_newtable(state);
  lua_pushinteger(state, options.limit->requests);
  lua_rawseti(state, -2, 1);
  lua_pushnumber(state, in_seconds(options.limit->per));
  lua_rawseti(state, -2, 2);
  lua_setfield(state, -2, "limit");
}

}  // namespace

void add_host(Script& script, HostData& data) {
  lua_State* state = script.state();
  lua_newtable(state);
  lua_pushlightuserdata(state, &data);
  luaL_setfuncs(state, kFunctions, 1);
  push_null(state);
  lua_setfield(state, -2, "null");
  push_options(state, data.state.options);
  lua_setfield(state, -2, "options");
  lua_setglobal(state, "host");
}

}  // namespace penstock::sandbox::lua
