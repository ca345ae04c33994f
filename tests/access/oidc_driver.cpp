// A login by OpenID Connect from beginning to end, for the test against a provider that others have written:
// takes the address of the provider, goes there as a browser would, comes back with the code, and prints who
// came.
//
//     oidc_driver ISSUER [wrong_nonce | wrong_client | wrong_verifier]
#include <fmt/format.h>

#include "access/oidc.h"
#include "net/curl_client.h"

namespace penstock::access {
namespace {

std::string parameter_of(const std::string& url, const std::string& name) {
  for (const char before : {'?', '&'}) {
    const size_t at = url.find(before + name + "=");
    if (at == url.npos) continue;
    const size_t begin = at + name.size() + 2;
    return percent_decode(std::string_view(url).substr(begin, url.find('&', begin) - begin));
  }
  return "";
}

std::string with_part(const std::string& cookie, int nth, const std::string& value) {
  size_t at = 0;
  for (int i = 0; i < nth; ++i) at = cookie.find('.', at) + 1;
  const size_t end = std::min(cookie.find('.', at), cookie.size());
  return cookie.substr(0, at) + value + cookie.substr(end);
}

Task<Result<ExternalUser>> log_in(Loop& loop, HttpClient& client, std::string issuer, std::string wrong) {
  OidcSettings settings;
  settings.issuer = issuer;
  settings.client_id = wrong == "wrong_client" ? "another" : "penstock";
  settings.client_secret = declare::Secret("secret");
  settings.redirect_url = "http://127.0.0.1:1/back";
  settings.name_claim = "sub";
  settings.default_role = Role::viewer;
  Oidc oidc(loop, client, settings);
  auto start = co_await oidc.start();
  if (!start.ok()) co_return start.error();
  HttpOutcome outcome = co_await client.send({.url = start->url});
  if (!outcome.replied()) co_return outcome.failure().error;
  const std::string* back = outcome.reply().header("Location");
  if (back == nullptr)
    co_return Error{ErrorKind::internal,
                    fmt::format("the provider does not lead back: status {}", outcome.reply().status), ""};
  Oidc::Callback callback{.code = parameter_of(*back, "code"),
                          .state = parameter_of(*back, "state"),
                          .iss = parameter_of(*back, "iss"),
                          .error = parameter_of(*back, "error"),
                          .cookie = start->cookie.reveal()};
  if (wrong == "wrong_nonce") callback.cookie = with_part(callback.cookie, 2, "other");
  if (wrong == "wrong_verifier") callback.cookie = with_part(callback.cookie, 3, std::string(43, 'x'));
  co_return co_await oidc.finish(callback);
}

}  // namespace
}  // namespace penstock::access

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  penstock::RealLoop loop;
  auto client = penstock::CurlClient::create(loop);
  if (!client.ok()) return 2;
  auto user = loop.run(penstock::access::log_in(loop, **client, argv[1], argc > 2 ? argv[2] : ""));
  if (!user.ok()) {
    fmt::print("{}: {}\n", penstock::name_of(user.error().kind), user.error().message);
    return 1;
  }
  fmt::print("{} {}\n", user->name, user->subject);
  return 0;
}
