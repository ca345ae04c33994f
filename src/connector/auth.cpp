#include "connector/auth.h"

namespace penstock::connector {
namespace {

using namespace declare;

const Of<BearerAuth>& bearer_shape() {
  static const Of<BearerAuth> shape = structure<BearerAuth>(
      "bearer auth", "`Authorization: Bearer TOKEN`.",
      {field<&BearerAuth::token>("token", placed(text())).required().help("The token, usually a setting.")});
  return shape;
}

const Of<HeaderAuth>& header_shape() {
  static const Of<HeaderAuth> shape = structure<HeaderAuth>(
      "header auth", "A header of the vendor's own.",
      {field<&HeaderAuth::name>("name", placed(text())).required().help("The header's name."),
       field<&HeaderAuth::value>("value", placed(text())).required().help("Its value.")});
  return shape;
}

const Of<BasicAuth>& basic_shape() {
  static const Of<BasicAuth> shape = structure<BasicAuth>(
      "basic auth", "HTTP basic authentication.",
      {field<&BasicAuth::user>("user", placed(text())).required().help("The user name."),
       field<&BasicAuth::password>("password", placed(any_text())).by_default("").help("The password.")});
  return shape;
}

const Of<QueryAuth>& query_shape() {
  static const Of<QueryAuth> shape = structure<QueryAuth>(
      "query auth", "A parameter in the address of every request; it is never recorded.",
      {field<&QueryAuth::name>("name", placed(text())).required().help("The parameter's name."),
       field<&QueryAuth::value>("value", placed(text())).required().help("Its value.")});
  return shape;
}

const Of<JwtRules>& jwt_shape() {
  using Algorithm = JwtRules::Algorithm;
  static const Of<JwtRules> shape = structure<JwtRules>(
      "jwt rules", "The statement that `grant: jwt_bearer` signs and sends.",
      {field<&JwtRules::issuer>("issuer", placed(text())).required().help("Claim `iss`: who signs."),
       field<&JwtRules::subject>("subject", placed(any_text()))
           .by_default("")
           .help("Claim `sub`: for whom; left out when empty."),
       field<&JwtRules::audience>("audience", placed(text()))
           .required()
           .help("Claim `aud`: whom it is meant for, often the token address."),
       field<&JwtRules::scope>("scope", placed(any_text()))
           .by_default("")
           .help("Claim `scope`; left out when empty."),
       field<&JwtRules::private_key>("private_key", placed(text()))
           .required()
           .help("The RSA key as PEM; line feeds may be written as `\\n`."),
       field<&JwtRules::key_id>("key_id", placed(any_text()))
           .by_default("")
           .help("`kid` of the head; left out when empty."),
       field<&JwtRules::lifetime>("lifetime", duration(1s, 1h))
           .by_default("3m")
           .help("How long the statement holds."),
       field<&JwtRules::algorithm>("algorithm",
                                   choice<Algorithm>({{"RS256", Algorithm::rs256, "RSA with SHA-256"}}))
           .by_default("RS256")
           .help("How it is signed.")});
  return shape;
}

const Of<OAuth2Auth>& oauth2_shape() {
  using O = OAuth2Auth;
  using Grant = O::Grant;
  using Send = O::Send;
  using Method = O::Method;
  static const Of<O> shape =
      structure<O>(
          "oauth2 auth", "An access token that is fetched, and renewed before it ends.",
          {field<&O::grant>(
               "grant",
               choice<Grant>({{"client_credentials", Grant::client_credentials, "client id and secret"},
                              {"refresh_token", Grant::refresh_token, "a token that a person's consent gave"},
                              {"jwt_bearer", Grant::jwt_bearer, "a statement signed with a private key"},
                              {"password", Grant::password, "a user's name and password"}}))
               .required()
               .help("What is given for the token."),
           field<&O::token_url>("token_url", placed(text()))
               .required()
               .help("Where tokens are given out.")
               .example("'{setting.base_url}/oauth/token'"),
           field<&O::method>("method", choice<Method>({{"POST", Method::post, "as the standard has it"},
                                                       {"GET", Method::get, "with `send: query`"}}))
               .by_default("POST")
               .help("Method of the token request."),
           field<&O::send>("send", choice<Send>({{"form", Send::form, "everything as fields of a form"},
                                                 {"basic", Send::basic,
                                                  "client id and secret as basic login, the rest as form"},
                                                 {"query", Send::query, "everything in the address"}}))
               .by_default("form")
               .help("How the token request carries what it gives."),
           field<&O::client_id>("client_id", placed(any_text())).by_default("").help("The client's id."),
           field<&O::client_secret>("client_secret", placed(any_text())).by_default("").help("Its secret."),
           field<&O::refresh_token>("refresh_token", placed(any_text()))
               .by_default("")
               .help(
                   "For `refresh_token`. A newer one that comes with a token is kept and used from then on."),
           field<&O::user>("user", placed(any_text()))
               .by_default("")
               .help("For `password`: the user's name."),
           field<&O::password>("password", placed(any_text()))
               .by_default("")
               .help("For `password`: the password."),
           field<&O::scope>("scope", placed(any_text()))
               .by_default("")
               .help("Field `scope`; left out when empty."),
           field<&O::jwt>("jwt", jwt_shape()).help("For `jwt_bearer`: the statement."),
           field<&O::extra>("extra", map_of(any_text())).help("Further fields of the token request."),
           field<&O::token>("token", text())
               .by_default("access_token")
               .help("Path of the token in the reply."),
           field<&O::expires>("expires", text())
               .by_default("expires_in")
               .help("Path of the seconds that it holds; a reply without: until it is refused."),
           field<&O::base>("base", text())
               .help("Path of the address that replaces the connector's `base`.")
               .example("instance_url"),
           field<&O::lifetime>("lifetime", duration(1s))
               .help("How long a token holds when the reply does not tell.")
               .otherwise("until it is refused"),
           field<&O::header>("header", placed(text()))
               .by_default("Authorization")
               .help("Header that carries the token."),
           field<&O::prefix>("prefix", placed(any_text()))
               .by_default("'Bearer '")
               .help("What stands before the token there.")})
          .place<&O::place>();
  return shape;
}

const Of<SigV4Auth>& sigv4_shape() {
  static const Of<SigV4Auth> shape = structure<SigV4Auth>(
      "sigv4 auth", "Requests signed with AWS Signature Version 4.",
      {field<&SigV4Auth::access_key>("access_key", placed(text())).required().help("Id of the access key."),
       field<&SigV4Auth::secret_key>("secret_key", placed(text())).required().help("The secret key."),
       field<&SigV4Auth::session_token>("session_token", placed(any_text()))
           .by_default("")
           .help("Of temporary keys; not sent when empty."),
       field<&SigV4Auth::region>("region", placed(text())).required().help("Region of the service."),
       field<&SigV4Auth::service>("service", placed(text()))
           .required()
           .help("Its name in signatures.")
           .example("s3")});
  return shape;
}

const Of<HmacAuth>& hmac_shape() {
  using Form = HmacAuth::Form;
  static const Of<HmacAuth> shape =
      structure<HmacAuth>(
          "hmac auth", "Bodies signed with HMAC-SHA-256, so that the receiver knows who sent them.",
          {field<&HmacAuth::form>(
               "form",
               choice<Form>(
                   {{"hex", Form::hex, "of the body, as hexadecimal digits in `header`"},
                    {"base64", Form::base64, "of the body, as Base64 in `header`"},
                    {"standard_webhooks", Form::standard_webhooks,
                     "headers `webhook-id`, `webhook-timestamp` and `webhook-signature`; a `webhook-id` "
                     "that the request has is kept"}}))
               .required()
               .help("What is signed, and how it is written."),
           field<&HmacAuth::secret>("secret", placed(text()))
               .required()
               .help("The shared secret; of Standard Webhooks Base64, with or without `whsec_`."),
           field<&HmacAuth::header>("header", placed(any_text()))
               .by_default("")
               .help("Header of the signature, except for Standard Webhooks.")
               .example("X-Signature"),
           field<&HmacAuth::prefix>("prefix", placed(any_text()))
               .by_default("")
               .help("What stands before the signature.")
               .example("'sha256='")})
          .place<&HmacAuth::place>();
  return shape;
}

const Of<NoAuth>& none_shape() {
  static const Of<NoAuth> shape = structure<NoAuth>("no auth", "Requests carry no login.", {});
  return shape;
}

template <class V, class... More>
Of<V> logins(More... more) {
  return tagged<V>("type", {alternative<V>("bearer", bearer_shape(), "a bearer token"),
                            alternative<V>("header", header_shape(), "a header"),
                            alternative<V>("basic", basic_shape(), "user and password"),
                            alternative<V>("query", query_shape(), "a parameter of the address"),
                            alternative<V>("oauth2", oauth2_shape(), "a token that is fetched and renewed"),
                            alternative<V>("sigv4", sigv4_shape(), "requests signed as AWS wants it"),
                            alternative<V>("hmac", hmac_shape(), "signed bodies"), std::move(more)...,
                            alternative<V>("none", none_shape(), "no login")});
}

const Of<ChoiceAuth>& choice_shape() {
  static const Of<AuthChoice> one =
      structure<AuthChoice>(
          "login choice", "One of several logins.",
          {field<&AuthChoice::when>("when", map_of(text()))
               .help("Settings that must have these values; `present` and `absent`: given or not."),
           field<&AuthChoice::use>("use", logins<OneAuth>()).required().help("The login then.")})
          .place<&AuthChoice::place>();
  static const Of<ChoiceAuth> shape =
      structure<ChoiceAuth>("choice auth", "Several logins; the settings decide.",
                            {field<&ChoiceAuth::of>("of", list(one).not_empty())
                                 .required()
                                 .help("The first whose conditions hold; the last must have none.")})
          .place<&ChoiceAuth::place>();
  return shape;
}

std::vector<AuthText> texts_of_oauth2(const OAuth2Auth& auth) {
  using Grant = OAuth2Auth::Grant;
  std::vector<AuthText> texts{{&auth.token_url, true},
                              {&auth.client_id, !auth.client_id->empty()},
                              {&auth.client_secret, auth.grant == Grant::client_credentials},
                              {&auth.refresh_token, auth.grant == Grant::refresh_token},
                              {&auth.user, auth.grant == Grant::password},
                              {&auth.password, auth.grant == Grant::password},
                              {&auth.scope, false},
                              {&auth.header, true},
                              {&auth.prefix, false}};
  if (!auth.jwt) return texts;
  for (const AuthText& text : {AuthText{&auth.jwt->issuer, true}, AuthText{&auth.jwt->subject, false},
                               AuthText{&auth.jwt->audience, true}, AuthText{&auth.jwt->scope, false},
                               AuthText{&auth.jwt->private_key, true}, AuthText{&auth.jwt->key_id, false}})
    texts.push_back(text);
  return texts;
}

}  // namespace

const Of<Auth>& auth_shape() {
  static const Of<Auth> shape =
      logins<Auth>(alternative<Auth>("choice", choice_shape(), "several; the settings decide"));
  return shape;
}

std::vector<AuthText> texts_of(const OneAuth& auth) {
  if (const auto* bearer = std::get_if<BearerAuth>(&auth)) return {{&bearer->token, true}};
  if (const auto* header = std::get_if<HeaderAuth>(&auth))
    return {{&header->name, true}, {&header->value, true}};
  if (const auto* basic = std::get_if<BasicAuth>(&auth))
    return {{&basic->user, true}, {&basic->password, false}};
  if (const auto* query = std::get_if<QueryAuth>(&auth)) return {{&query->name, true}, {&query->value, true}};
  if (const auto* oauth2 = std::get_if<OAuth2Auth>(&auth)) return texts_of_oauth2(*oauth2);
  if (const auto* sigv4 = std::get_if<SigV4Auth>(&auth))
    return {{&sigv4->access_key, true},
            {&sigv4->secret_key, true},
            {&sigv4->session_token, false},
            {&sigv4->region, true},
            {&sigv4->service, true}};
  if (const auto* hmac = std::get_if<HmacAuth>(&auth))
    return {{&hmac->secret, true},
            {&hmac->header, hmac->form != HmacAuth::Form::standard_webhooks},
            {&hmac->prefix, false}};
  return {};
}

std::vector<AuthChoice> choices_of(const Auth& auth) {
  if (const auto* choice = std::get_if<ChoiceAuth>(&auth)) return choice->of;
  AuthChoice only;
  std::visit(
      [&]<class T>(const T& one) {
        if constexpr (!std::is_same_v<T, ChoiceAuth>) only.use = one;
      },
      auth);
  return {only};
}

}  // namespace penstock::connector
