// Login by OpenID Connect: the authorization code flow with PKCE. Somebody else's server says who a user is;
// what he may do is decided here.
//
//     auto start = co_await oidc.start();          // redirect the browser to start->url, and set the cookie
//     ... the browser comes back to redirect_url with code and state ...
//     auto user = co_await oidc.finish({code, state, iss, error, cookie});
//     auto session = access->login_external(*user, address);
//
// OpenID Connect Core 1.0 (openid.net/specs/openid-connect-core-1_0.html, section 3.1), OpenID Connect
// Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (iss in the answer), 2026-11.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "async/loop.h"
#include "net/http.h"

namespace penstock::access {

struct OidcSettings {
  std::string shown_name{};  // what people call the provider; its host if not told
  std::string issuer{};      // exactly as the provider writes it: https://login.example.com/realm
  std::string client_id{};
  declare::Secret client_secret{};  // empty: a public client
  std::string redirect_url{};       // as it is registered there
  std::string scopes = "openid email profile";
  // Whose value becomes the user's name. An `email` must be verified, unless this is switched off for a
  // provider that gives only addresses of its own.
  std::string name_claim = "email";
  bool email_must_be_verified = true;
  // Whose values decide the role ("groups", "realm_access.roles"), and which is which; the highest counts.
  // Without a claim, and for who has none of the values: `default_role`, or no entry.
  std::string role_claim{};
  std::vector<std::pair<std::string, Role>> roles{};
  std::optional<Role> default_role{};
};

inline constexpr std::string_view kOidcCookie = "penstock_oidc";
inline constexpr Duration kOidcCookieLasts = std::chrono::minutes(10);

// A variable of the environment, if it is set and not empty.
using Variable = std::function<std::optional<std::string>(const std::string& name)>;
// PENSTOCK_OIDC_ISSUER, _NAME, _CLIENT_ID, _CLIENT_SECRET, _SCOPES, _NAME_CLAIM, _ROLE_CLAIM, _ROLES
// ("staff=viewer,ops=admin"), _DEFAULT_ROLE, _TRUST_EMAIL ("yes"). Nothing without an issuer. They are the
// operator's: whoever may edit the project must not decide who is let in. Errors are of kind config.
Result<std::optional<OidcSettings>> oidc_settings(const Variable& variable, const std::string& redirect_url);

// Loop thread only; outlives its tasks. Errors: auth (who comes is not let in), config (the settings, or what
// the provider says of itself), transient (it does not answer). No message holds a code, a token or a secret.
class Oidc {
 public:
  using RandomBytes = std::function<std::string(size_t)>;
  // `random_bytes`: a seam for tests; empty: libsodium's.
  Oidc(Loop& loop, HttpClient& client, OidcSettings settings, RandomBytes random_bytes = {});

  struct Start {
    std::string url{};         // at the provider
    declare::Secret cookie{};  // kOidcCookie: HttpOnly, Secure, SameSite=Lax, Max-Age kOidcCookieLasts
  };
  Task<Result<Start>> start();

  // What came back: the query's parameters, and the cookie.
  struct Callback {
    std::string code{}, state{}, iss{}, error{}, cookie{};
  };
  Task<Result<ExternalUser>> finish(Callback callback);

 private:
  struct Provider {
    std::string authorization_url{}, token_url{}, keys_url{};
    bool takes_basic = true;
    Instant until{};
  };
  Task<Result<void>> know_provider();
  Task<Result<std::string>> get(std::string url, std::string what);
  Task<Result<std::string>> exchange_code(std::string code, std::string verifier);
  Task<Result<std::string>> claims_of(std::string id_token);
  std::string random_text() const;

  Loop& loop_;
  HttpClient& client_;
  const OidcSettings settings_;
  const RandomBytes random_bytes_;
  std::optional<Provider> provider_;
  std::string keys_;  // JSON Web Key Set
  Instant keys_until_{};
};

}  // namespace penstock::access
