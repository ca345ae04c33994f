// The words under `auth`: how requests carry the login. Plain data; login.h binds it to a destination's
// settings.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "declare/declare.h"

namespace penstock::connector {

using declare::Named;
using declare::Place;
using declare::Placed;

// A setting must have this value for something to apply; `present` and `absent` ask whether it is given.
using SettingConditions = std::vector<Named<std::string>>;

struct NoAuth {};
struct BearerAuth {
  Placed<std::string> token;
};
struct HeaderAuth {
  Placed<std::string> name, value;
};
struct BasicAuth {
  Placed<std::string> user, password;
};
struct QueryAuth {
  Placed<std::string> name, value;
};

// A signed statement about who we are (RFC 7523).
struct JwtRules {
  enum class Algorithm { rs256 };
  Placed<std::string> issuer, subject, audience, scope;
  Placed<std::string> private_key, key_id;
  Duration lifetime{};
  Algorithm algorithm = Algorithm::rs256;
};

// An access token is fetched, used until shortly before it ends, and fetched anew (RFC 6749).
struct OAuth2Auth {
  enum class Grant { client_credentials, refresh_token, jwt_bearer, password };
  enum class Send { form, basic, query };
  enum class Method { post, get };
  Grant grant = Grant::client_credentials;
  Placed<std::string> token_url;
  Method method = Method::post;
  Send send = Send::form;
  Placed<std::string> client_id, client_secret;
  Placed<std::string> refresh_token;
  Placed<std::string> user, password;
  Placed<std::string> scope;
  std::optional<JwtRules> jwt;
  std::vector<Named<std::string>> extra;  // further fields of the token request
  std::string token, expires, base;       // paths in its reply
  std::optional<Duration> lifetime;       // of a token whose reply does not tell
  Placed<std::string> header, prefix;     // how requests carry the token
  Place place;
};

// AWS Signature Version 4.
struct SigV4Auth {
  Placed<std::string> access_key, secret_key, session_token;
  Placed<std::string> region, service;
};

// HMAC-SHA-256 of the body.
struct HmacAuth {
  enum class Form { hex, base64, standard_webhooks };
  Form form = Form::hex;
  Placed<std::string> secret;
  Placed<std::string> header, prefix;
  Place place;
};

using OneAuth =
    std::variant<NoAuth, BearerAuth, HeaderAuth, BasicAuth, QueryAuth, OAuth2Auth, SigV4Auth, HmacAuth>;

struct AuthChoice {
  SettingConditions when;
  OneAuth use;
  Place place;
};
// The first whose conditions hold.
struct ChoiceAuth {
  std::vector<AuthChoice> of;
  Place place;
};

using Auth = std::variant<NoAuth, BearerAuth, HeaderAuth, BasicAuth, QueryAuth, OAuth2Auth, SigV4Auth,
                          HmacAuth, ChoiceAuth>;

const declare::Of<Auth>& auth_shape();

// One text of a login. It may hold {setting.NAME} and nothing else.
struct AuthText {
  const Placed<std::string>* text = nullptr;
  bool needed = false;  // the login cannot do without a value
};
std::vector<AuthText> texts_of(const OneAuth& auth);
// Each login with its conditions: those of a choice, or the only one without any.
std::vector<AuthChoice> choices_of(const Auth& auth);

}  // namespace penstock::connector
