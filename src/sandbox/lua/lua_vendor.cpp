#include "sandbox/lua/lua_vendor.h"

#include <fmt/format.h>

#include "sandbox/json_text.h"
#include "sandbox/lua/host.h"
#include "sandbox/lua/value.h"

namespace penstock::sandbox::lua {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr unsigned char kPrelude[] = {
#embed "prelude.lua"
};
#pragma clang diagnostic pop

constexpr int kAnswers = 5;  // status, body, headers, rows, rejected

void set_text(lua_State* state, const char* name, std::string_view text) {
  push_text(state, text);
  lua_setfield(state, -2, name);
}

void push_request(lua_State* state, const ServerRequest& request) {
  lua_createtable(state, 0, 8);
  set_text(state, "method", request.method);
  set_text(state, "path", request.path);
  set_text(state, "query", request.query);
  set_text(state, "body", request.body);
  lua_newtable(state);
  for (const auto& [name, value] : request.headers) set_text(state, lower_ascii(name).c_str(), value);
  lua_setfield(state, -2, "headers");
}

class LuaVendor final : public Vendor {
 public:
  LuaVendor(const Dialect& dialect, State& state)
      : name_(dialect.name), data_{.state = state, .routes = {}}, script_(dialect.million_instructions_max) {}

  Result<void> load(std::string_view text);

  Answer answer(const ServerRequest& request) override;
  ServerReply refusal(int status) override;
  std::string table_name(std::string_view object) const override { return std::string(object); }
  void append_records(std::string_view object, bool with_archived, std::string& out) override;
  void append_counts(std::string& out) override;

 private:
  lua_State* lua() const { return script_.state(); }
  // Pushes a function or table that the prelude returned.
  void push_entry(const char* name) const;
  void append_record(bool with_archived, std::string& out);
  void append_all(std::string_view object, bool with_archived, std::string& out);
  ServerReply read_reply(int first);
  ServerReply failed(const Error& error) const;
  void run_due();

  std::string name_;
  HostData data_;
  Script script_;
  int entries_ = LUA_NOREF;
  std::string path_suffix_;
};

void LuaVendor::push_entry(const char* name) const {
  lua_rawgeti(lua(), LUA_REGISTRYINDEX, entries_);
  lua_getfield(lua(), -1, name);
  lua_remove(lua(), -2);
}

Result<void> LuaVendor::load(std::string_view text) {
  add_host(script_, data_);
  const std::string_view prelude(reinterpret_cast<const char*>(kPrelude), sizeof kPrelude);
  auto entries = script_.run("prelude.lua", prelude, 1);
  check(entries.ok(), "the prelude of the dialects fails: " + (entries.ok() ? "" : entries.error().message));
  entries_ = luaL_ref(lua(), LUA_REGISTRYINDEX);
  if (auto run = script_.run(name_, text, 0); !run.ok()) return run.error();
  push_entry("path_suffix");
  if (auto called = script_.call(0, 1); !called.ok()) return called.error();
  path_suffix_ = text_at(lua(), -1);
  lua_pop(lua(), 1);
  return success();
}

// A script that fails is our own mistake, or that of a project's dialect: plain to see, and no crash.
ServerReply LuaVendor::failed(const Error& error) const {
  fmt::print(stderr, "sandbox: {}\n", error.message);
  ServerReply reply = reply_of(500, "{\"error\":");
  append_json_string(reply.body, "the dialect's script failed: " + error.message);
  reply.body += "}\n";
  return reply;
}

// Reads status, body and headers, which begin at place `first` of the stack.
ServerReply LuaVendor::read_reply(int first) {
  ServerReply reply;
  reply.status = static_cast<int>(lua_tointeger(lua(), first));
  reply.body = text_at(lua(), first + 1);
  if (lua_type(lua(), first + 2) != LUA_TTABLE) return reply;
  for (lua_pushnil(lua()); lua_next(lua(), first + 2) != 0; lua_pop(lua(), 1)) {
    const std::string name(text_at(lua(), -2));
    size_t size = 0;
    const char* value = luaL_tolstring(lua(), -1, &size);
    reply.headers.emplace_back(name, std::string(value, size));
    lua_pop(lua(), 1);
  }
  return reply;
}

Answer LuaVendor::answer(const ServerRequest& request) {
  std::string_view path = request.path;
  if (!path_suffix_.empty() && path.ends_with(path_suffix_)) path.remove_suffix(path_suffix_.size());
  const Match match = find_route(data_.routes, request.method, path);
  Answer answer;
  if (match.kind == Match::Kind::found) answer.route = data_.routes[match.route].path();
  push_entry("answer");
  push_request(lua(), request);
  // Routes count from 1; 0: there is no such path; -1: not with this method.
  const lua_Integer place = match.kind == Match::Kind::found ? static_cast<lua_Integer>(match.route) + 1
                            : match.kind == Match::Kind::wrong_method ? -1
                                                                      : 0;
  lua_pushinteger(lua(), place);
  for (const std::string& capture : match.captures) push_text(lua(), capture);
  auto called = script_.call(2 + static_cast<int>(match.captures.size()), kAnswers);
  if (!called.ok()) {
    answer.reply = failed(called.error());
    return answer;
  }
  const int first = lua_gettop(lua()) - kAnswers + 1;
  if (lua_tointeger(lua(), first) < 100 || lua_tointeger(lua(), first) > 599) {
    answer.reply = failed(
        {ErrorKind::config,
         fmt::format("{}: the handler of {} {} gives no status", name_, request.method, answer.route), ""});
  } else {
    answer.reply = read_reply(first);
  }
  answer.rows = static_cast<uint32_t>(lua_tointeger(lua(), first + 3));
  answer.rejected = static_cast<uint32_t>(lua_tointeger(lua(), first + 4));
  lua_settop(lua(), first - 1);
  return answer;
}

ServerReply LuaVendor::refusal(int status) {
  push_entry("refusal");
  lua_pushinteger(lua(), status);
  if (auto called = script_.call(1, 2); !called.ok()) return failed(called.error());
  lua_pushinteger(lua(), status);
  lua_insert(lua(), -3);
  ServerReply reply = read_reply(lua_gettop(lua()) - 2);
  lua_pop(lua(), 3);
  return reply;
}

void LuaVendor::run_due() {
  push_entry("run_due");
  if (auto called = script_.call(0, 0); !called.ok()) (void)failed(called.error());
}

// The record on top of the stack, as a line.
void LuaVendor::append_record(bool with_archived, std::string& out) {
  lua_getfield(lua(), -1, "archived");
  const bool archived = lua_toboolean(lua(), -1) != 0;
  lua_pop(lua(), 1);
  if (archived && !with_archived) return;
  lua_getfield(lua(), -1, "id");
  out += "{\"id\":";
  append_json_string(out, luaL_tolstring(lua(), -1, nullptr));
  out += ",\"properties\":";
  lua_getfield(lua(), -3, "fields");
  append_json(lua(), -1, out);
  for (const char* name : {"created", "updated"}) {
    out += std::string(",\"") + name + "At\":";
    lua_getfield(lua(), -4, name);
    append_json_time(out, from_unix_micros(lua_tointeger(lua(), -1) * 1000));
    lua_pop(lua(), 1);
  }
  lua_pop(lua(), 3);
  out += archived ? ",\"archived\":true}\n" : ",\"archived\":false}\n";
}

void LuaVendor::append_all(std::string_view object, bool with_archived, std::string& out) {
  push_entry("tables");
  push_text(lua(), object);
  if (lua_rawget(lua(), -2) != LUA_TTABLE) return;
  lua_getfield(lua(), -1, "rows");
  const auto size = static_cast<lua_Integer>(lua_rawlen(lua(), -1));
  for (lua_Integer place = 1; place <= size; ++place) {
    lua_rawgeti(lua(), -1, place);
    append_record(with_archived, out);
    lua_pop(lua(), 1);
  }
}

void LuaVendor::append_records(std::string_view object, bool with_archived, std::string& out) {
  run_due();
  auto appended = script_.protect([&] { append_all(object, with_archived, out); });
  if (!appended.ok()) out += failed(appended.error()).body;
}

void LuaVendor::append_counts(std::string& out) {
  run_due();
  std::map<std::string, uint64_t> counts;
  push_entry("tables");
  for (lua_pushnil(lua()); lua_next(lua(), -2) != 0; lua_pop(lua(), 1)) {
    lua_getfield(lua(), -1, "live");
    counts[std::string(text_at(lua(), -3))] = static_cast<uint64_t>(lua_tointeger(lua(), -1));
    lua_pop(lua(), 1);
  }
  lua_pop(lua(), 1);
  Commas commas;
  for (const auto& [name, count] : counts) {
    commas.before_item(out);
    append_json_string(out, name);
    out.push_back(':');
    append_number(out, count);
  }
}

}  // namespace

Result<std::unique_ptr<Vendor>> make_lua_vendor(const Dialect& dialect, State& state) {
  auto vendor = std::make_unique<LuaVendor>(dialect, state);
  if (auto loaded = vendor->load(dialect.text); !loaded.ok()) return loaded.error();
  return std::unique_ptr<Vendor>(std::move(vendor));
}

}  // namespace penstock::sandbox::lua
