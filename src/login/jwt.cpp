#include "login/jwt.h"

#include "declare/declare.h"
#include "net/crypto.h"

namespace penstock {
namespace {

// Keys in the environment are often on one line, with line feeds written as \n.
std::string with_line_feeds(std::string pem) {
  for (size_t at = pem.find("\\n"); at != pem.npos; at = pem.find("\\n", at)) pem.replace(at, 2, "\n");
  return pem;
}

}  // namespace

Result<std::string> make_jwt(const connector::Assertion& assertion, Time now) {
  declare::JsonWriter head, claims;
  head.begin_object()
      .text_if("alg", "RS256")
      .text_if("typ", "JWT")
      .text_if("kid", assertion.key_id)
      .end_object();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(assertion.lifetime).count();
  claims.begin_object().text_if("iss", assertion.issuer).text_if("sub", assertion.subject);
  claims.text_if("aud", assertion.audience).text_if("scope", assertion.scope);
  claims.key("iat").integer(seconds).key("exp").integer(seconds + lifetime).end_object();
  std::string token = base64_url(head.str()) + "." + base64_url(claims.str());
  auto signature = sign_rs256(with_line_feeds(assertion.private_key), token);
  if (!signature.ok()) return signature.error();
  return token + "." + base64_url(*signature);
}

}  // namespace penstock
