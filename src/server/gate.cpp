#include "server/gate.h"

#include <fmt/format.h>

namespace penstock::server {
namespace {

bool changes_something(const ServerRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

// A page of another site that a visitor has open could have a name of its own lead to this machine.
bool is_rebound(const Site& site, const ServerRequest& request) {
  if (site.is_open_to_others) return false;
  const std::string* host = request.header("Host");
  return host != nullptr && !is_loopback(without_port(*host));
}

// Browsers say where a page is from with everything that changes something.
bool is_from_another_site(const Site& site, const ServerRequest& request) {
  const std::string* origin = request.header("Origin");
  const std::string* host = request.header("Host");
  if (origin == nullptr) return false;  // no browser, or an old one: the CSRF token decides
  const size_t scheme = origin->find("://");
  if (*origin == site.public_url) return false;  // whatever Host the proxy before us gives
  return host == nullptr || scheme == std::string::npos || origin->substr(scheme + 3) != *host;
}

std::string bearer_of(const ServerRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string* header = request.header("Authorization");
  return header != nullptr && header->starts_with(kScheme) ? header->substr(kScheme.size()) : "";
}

access::Identity everybody() {
  access::Identity identity;
  identity.kind = access::Identity::Kind::token;
  identity.name = "local";
  identity.role = access::Role::admin;
  return identity;
}

ServerReply not_logged_in(const std::string& why) {
  ServerReply reply =
      problem(401, "auth", why, "log in, or send an API token: Authorization: Bearer pst_...");
  reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

}  // namespace

std::string cookie_of(const ServerRequest& request, std::string_view name) {
  const std::string* header = request.header("Cookie");
  if (header == nullptr) return "";
  std::string_view rest = *header;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one.starts_with(name) && one.substr(name.size()).starts_with('='))
      return std::string(one.substr(name.size() + 1));
  }
  return "";
}

Result<bool> is_open(const Site& site) {
  if (site.is_open_to_others || site.provider != nullptr) return false;
  auto has_users = site.access.has_users();
  if (!has_users.ok()) return has_users.error();
  return !*has_users;
}

std::optional<ServerReply> refuse(Call& call, Need need) {
  const ServerRequest& request = call.request;
  if (is_rebound(call.site, request))
    return problem(403, "permission", "this name does not lead here",
                   "use http://127.0.0.1 or http://localhost, or listen on an address for others");
  const access::Credentials credentials{bearer_of(request), cookie_of(request, access::kSessionCookie),
                                        request.address};
  call.session = credentials.session;
  const bool is_foreign = changes_something(request) && is_from_another_site(call.site, request);
  if (is_foreign && credentials.bearer.empty())
    return problem(403, "permission", "this comes from a page of another site", "use our own pages");
  auto open = is_open(call.site);
  if (!open.ok()) return problem(open.error());
  const bool has_any = !credentials.bearer.empty() || !credentials.session.empty();
  bool is_known = false;
  std::string why = "this needs a login";
  if (has_any) {
    auto identity = call.site.access.authenticate(credentials);
    if (identity.ok()) {
      call.who = *std::move(identity);
      is_known = true;
    } else if (identity.error().kind != ErrorKind::auth) {
      return problem(identity.error());
    } else {
      why = identity.error().message;
    }
  }
  // Somebody who sends a token that is none is not let in as nobody in particular.
  if (!is_known && *open && credentials.bearer.empty()) {
    call.who = everybody();
    is_known = true;
  }
  if (need == Need::anybody) return std::nullopt;
  if (!is_known) return not_logged_in(why);
  if (changes_something(request) && call.who.needs_csrf()) {
    const std::string* token = request.header(access::kCsrfHeader);
    if (token == nullptr || !call.who.csrf_fits(*token))
      return problem(403, "permission", "the page's token does not fit", "load the page again");
  }
  const auto action = action_of(need);
  if (action && !call.who.may(*action))
    return problem(
        403, "permission",
        fmt::format("{} may not do this: it needs '{}'", call.who.shown(), access::name_of(*action)),
        "ask an admin for another role");
  return std::nullopt;
}

}  // namespace penstock::server
