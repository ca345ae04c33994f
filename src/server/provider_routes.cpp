// Login at a provider: to it, and back from it. Browsers come here by following links, so every answer leads
// to a page.
#include <fmt/format.h>

#include "base/percent.h"
#include "log/log.h"
#include "server/cookies.h"
#include "server/gate.h"
#include "server/handlers.h"
#include "server/provider_login.h"
#include "server/site.h"

namespace penstock::server {
namespace {

ServerReply lead_to(const std::string& url) {
  return {.status = 303, .headers = {{"Location", url}}};
}

ServerReply no_provider() {
  return problem(404, "not_found", "no login provider is set up here",
                 "the operator sets PENSTOCK_OIDC_ISSUER: see docs/security.md");
}

void forget_login(const Call& call, ServerReply& reply) {
  for (const std::string_view name : {access::kOidcCookie, kWantedCookie})
    set_cookie(call.site, reply, {.name = name, .path = kSessionPath});
}

// To the page that was wanted, which shows the login with what went wrong. The error's texts hold no code and
// no token.
ServerReply lead_back(const Call& call, const std::string& page, const Error& error) {
  log::event(log::Level::warning, "login_failed",
             {{"at", "provider"}, {"kind", name_of(error.kind)}, {"error", error.message}});
  ServerReply reply = lead_to(page);
  forget_login(call, reply);
  set_cookie(call.site, reply,
             {.name = kTroubleCookie,
              .value = percent_encode(fmt::format("{}\n{}", error.message, error.remedy)),
              .path = kSessionPath,
              .lasts = std::chrono::minutes(2)});
  return reply;
}

// A cookie of one name is not sent to another: a login that is begun at "localhost" and comes back to
// "127.0.0.1" would not be known there. So it is begun where it comes back to. Once: a proxy may give us
// another Host than it was asked for.
std::optional<ServerReply> to_public_name(const Call& call, const std::string& page) {
  const std::string* host = call.request.header("Host");
  if (host == nullptr || *host == host_of(call.site.public_url) || !call.text("moved").empty())
    return std::nullopt;
  return lead_to(
      fmt::format("{}{}/provider?moved=1&next={}", call.site.public_url, kSessionPath, percent_encode(page)));
}

std::optional<Error> too_many_tries(const Call& call) {
  const auto wait = call.site.access.login_wait("", call.request.address);
  if (!wait.ok()) return wait.error();
  if (*wait <= Duration(0)) return std::nullopt;
  return Error{
      ErrorKind::rate_limited, "too many logins that failed",
      fmt::format("wait {} s, then try again", std::chrono::ceil<std::chrono::seconds>(*wait).count())};
}

Result<access::Session> session_of(const Call& call) {
  if (auto many = too_many_tries(call)) return *std::move(many);
  auto user = call.site.provider->finish({.code = call.text("code"),
                                          .state = call.text("state"),
                                          .iss = call.text("iss"),
                                          .error = call.text("error"),
                                          .cookie = cookie_of(call.request, access::kOidcCookie)});
  if (!user.ok()) return user.error();
  return call.site.access.login_external(*user, call.request.address);
}

}  // namespace

ServerReply begin_provider_login(Call& call) {
  if (call.site.provider == nullptr) return no_provider();
  const std::string page = own_page(call.text("next"));
  if (auto elsewhere = to_public_name(call, page)) return *std::move(elsewhere);
  if (const auto many = too_many_tries(call)) return lead_back(call, page, *many);
  const auto start = call.site.provider->start();
  if (!start.ok()) return lead_back(call, page, start.error());
  ServerReply reply = lead_to(start->url);
  set_cookie(call.site, reply,
             {.name = access::kOidcCookie,
              .value = start->cookie.reveal(),
              .path = kSessionPath,
              .lasts = access::kOidcCookieLasts});
  set_cookie(call.site, reply,
             {.name = kWantedCookie,
              .value = percent_encode(page),
              .path = kSessionPath,
              .lasts = access::kOidcCookieLasts});
  set_cookie(call.site, reply, {.name = kTroubleCookie, .path = kSessionPath});
  return reply;
}

ServerReply end_provider_login(Call& call) {
  if (call.site.provider == nullptr) return no_provider();
  const std::string page = own_page(percent_decode(cookie_of(call.request, kWantedCookie)));
  const auto session = session_of(call);
  if (!session.ok()) {
    if (session.error().kind == ErrorKind::auth)
      (void)call.site.access.refuse_external(session.error().message, call.request.address);
    return lead_back(call, page, session.error());
  }
  ServerReply reply = lead_to(page);
  forget_login(call, reply);
  set_cookie(call.site, reply, {.name = kTroubleCookie, .path = kSessionPath});
  set_cookie(call.site, reply,
             {.name = access::kSessionCookie, .value = session->cookie.reveal(), .lasts = session->lasts});
  return reply;
}

}  // namespace penstock::server
