// Login, users, tokens, the audit log.
#include <fmt/format.h>

#include "base/percent.h"
#include "log/log.h"
#include "server/body.h"
#include "server/cookies.h"
#include "server/gate.h"
#include "server/handlers.h"
#include "server/json.h"
#include "server/provider_login.h"

namespace penstock::server {
namespace {

using access::Action;
using declare::JsonWriter;

// The groups of actions that pages ask for.
void add_may(JsonWriter& json, const access::Identity& who) {
  json.key("may").begin_array();
  const std::pair<Action, const char*> words[] = {{Action::view, "view"},
                                                  {Action::run, "run"},
                                                  {Action::edit, "edit"},
                                                  {Action::administer, "administer"}};
  for (const auto& [action, word] : words)
    if (who.may(action)) json.text(word);
  json.end_array();
}

// What came of a login at the provider, for the page that shows the login again.
void add_trouble(JsonWriter& json, const std::string& cookie) {
  const std::string text = percent_decode(cookie);
  if (text.empty()) return;
  const size_t end = std::min(text.find('\n'), text.size());
  json.key("trouble").begin_object().key("title").text(std::string_view(text).substr(0, end));
  json.text_if("remedy", std::string_view(text).substr(std::min(end + 1, text.size()))).end_object();
}

std::string session_json(const Call& call, bool open, const access::Identity* who) {
  JsonWriter json;
  json.begin_object().key("authenticated").boolean(who != nullptr).key("login_needed").boolean(!open);
  if (who != nullptr) {
    json.key("user").text(who->name).key("role").text(access::name_of(who->role));
    add_may(json, *who);
    json.text_if("csrf_token", who->csrf_token);
    json.key("project").text(call.site.loaded()->project().name);
  }
  if (call.site.provider != nullptr)
    json.key("provider").begin_object().key("name").text(call.site.provider->name()).end_object();
  if (who == nullptr) add_trouble(json, cookie_of(call.request, kTroubleCookie));
  return json.key("version").text(call.site.version).end_object().str();
}

std::string user_json(const access::User& user) {
  JsonWriter json;
  json.begin_object().key("name").text(user.name).key("role").text(access::name_of(user.role));
  json.key("added").text(iso8601(user.added));
  add_times(json, "last_login", user.last_login);
  return json.end_object().str();
}

void add_token_members(JsonWriter& json, const access::Token& token) {
  json.key("name").text(token.name).key("role").text(access::name_of(token.role));
  json.key("added").text(iso8601(token.added));
  add_times(json, "expires", token.expires);
  add_times(json, "last_used", token.last_used);
}

access::Actor actor(const Call& call) {
  return {call.who.shown(), call.request.address};
}

Result<access::Role> role_in(Body& body) {
  const std::string name = body.text("role").value_or("");
  const auto role = access::role_named(name);
  if (role) return *role;
  return Error{ErrorKind::config, fmt::format("there is no role '{}'", name), "use viewer, editor or admin"};
}

}  // namespace

ServerReply get_session(Call& call) {
  const auto open = is_open(call.site);
  if (!open.ok()) return problem(open.error());
  const bool is_known = !call.who.name.empty();
  return json_reply(session_json(call, *open, is_known ? &call.who : nullptr));
}

ServerReply login(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto user = body->text("user"), password = body->text("password");
  if (auto checked = body->check({"user", "password"}); !checked.ok()) return problem(checked.error());
  auto session = call.site.access.login(*user, declare::Secret(*password), call.request.address);
  if (!session.ok()) {
    ServerReply reply = problem(session.error());
    if (const auto wait = call.site.access.login_wait(*user, call.request.address);
        wait.ok() && *wait > Duration(0))
      reply.headers.emplace_back("Retry-After",
                                 fmt::to_string(std::chrono::ceil<std::chrono::seconds>(*wait).count()));
    return reply;
  }
  ServerReply reply = json_reply(session_json(call, false, &session->identity));
  set_cookie(call.site, reply,
             {.name = access::kSessionCookie, .value = session->cookie.reveal(), .lasts = session->lasts});
  return reply;
}

ServerReply logout(Call& call) {
  if (auto done = call.site.access.logout(call.session, call.request.address); !done.ok())
    return problem(done.error());
  ServerReply reply = no_content();
  set_cookie(call.site, reply, {.name = access::kSessionCookie});
  return reply;
}

ServerReply list_users(Call& call) {
  const auto users = call.site.access.users();
  if (!users.ok()) return problem(users.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& user : *users) json.raw(user_json(user));
  return json_reply(json.end_array());
}

ServerReply add_user(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto name = body->text("name"), password = body->text("password");
  const auto role = role_in(*body);
  if (auto checked = body->check({"name", "role", "password"}); !checked.ok())
    return problem(checked.error());
  if (!role.ok()) return problem(role.error());
  const auto user = call.site.access.add_user(actor(call), *name, *role, declare::Secret(*password));
  return user.ok() ? json_reply(user_json(*user), 201) : problem(user.error());
}

ServerReply change_user(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const bool has_role = body->has("role");
  const auto role = has_role ? role_in(*body) : Result<access::Role>(access::Role::viewer);
  const auto password = body->text("password");
  if (auto checked = body->check(); !checked.ok()) return problem(checked.error());
  if (!role.ok()) return problem(role.error());
  if (!has_role && !password) return problem(400, "config", "nothing to change", "send 'role' or 'password'");
  Result<access::User> user = access::User{};
  if (has_role) user = call.site.access.set_role(actor(call), call.name(), *role);
  if (user.ok() && password)
    user = call.site.access.set_password(actor(call), call.name(), declare::Secret(*password));
  return user.ok() ? json_reply(user_json(*user)) : problem(user.error());
}

ServerReply remove_user(Call& call) {
  const auto done = call.site.access.remove_user(actor(call), call.name());
  return done.ok() ? no_content() : problem(done.error());
}

ServerReply list_tokens(Call& call) {
  const auto tokens = call.site.access.tokens();
  if (!tokens.ok()) return problem(tokens.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& token : *tokens) {
    json.begin_object();
    add_token_members(json, token);
    json.end_object();
  }
  return json_reply(json.end_array());
}

ServerReply add_token(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  access::NewToken wanted;
  wanted.name = body->text("name").value_or("");
  const auto role = role_in(*body);
  const auto days = body->integer("expires_in_days");
  if (auto checked = body->check({"name", "role"}); !checked.ok()) return problem(checked.error());
  if (!role.ok()) return problem(role.error());
  if (days && (*days < 1 || *days > 3650))
    return problem(400, "config", "'expires_in_days' must be from 1 to 3650");
  wanted.role = *role;
  if (days) wanted.lasts = std::chrono::hours(24 * *days);
  const auto added = call.site.access.add_token(actor(call), wanted);
  if (!added.ok()) return problem(added.error());
  JsonWriter json;
  json.begin_object();
  add_token_members(json, added->token);
  return json_reply(json.key("token").text(added->text.reveal()).end_object(), 201);
}

ServerReply remove_token(Call& call) {
  const auto done = call.site.access.remove_token(actor(call), call.name());
  return done.ok() ? no_content() : problem(done.error());
}

ServerReply list_audit(Call& call) {
  access::AuditQuestion question;
  question.who = call.text("who");
  question.limit = static_cast<uint32_t>(call.limit(100));
  if (const std::string before = call.text("before"); !before.empty())
    question.before = std::strtoll(before.c_str(), nullptr, 10);
  const auto entries = call.site.access.audit(question);
  if (!entries.ok()) return problem(entries.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& entry : *entries) {
    json.begin_object().key("id").integer(entry.id).key("at").text(iso8601(entry.at));
    json.key("who").text(entry.who).key("action").text(entry.action).key("result").text(entry.result);
    json.text_if("target", entry.target).text_if("address", entry.address).end_object();
  }
  return json_reply(json.end_array());
}

ServerReply list_secrets(Call& call) {
  const auto listed = call.site.loaded()->workspace->secrets().list();
  if (!listed.ok()) return problem(listed.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& secret : *listed)
    json.begin_object().key("name").text(secret.name).key("set_at").text(iso8601(secret.set_at)).end_object();
  return json_reply(json.end_array());
}

ServerReply set_secret(Call& call) {
  auto body = Body::read(call.request);
  if (!body.ok()) return problem(body.error());
  const auto value = body->text("value");
  if (auto checked = body->check({"value"}); !checked.ok()) return problem(checked.error());
  auto& secrets = call.site.loaded()->workspace->secrets();
  const auto changed = secrets.set(call.name(), declare::Secret(*value), real_clock().now());
  if (!changed.ok()) return problem(changed.error());
  log::conceal(*value);
  note(call, "secret.set", call.name());
  return no_content();
}

ServerReply remove_secret(Call& call) {
  const auto removed = call.site.loaded()->workspace->secrets().remove(call.name());
  if (!removed.ok()) return problem(removed.error());
  if (!*removed) return not_found("secret", call.name());
  note(call, "secret.remove", call.name());
  return no_content();
}

}  // namespace penstock::server
