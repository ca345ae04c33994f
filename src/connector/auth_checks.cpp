#include "connector/auth_checks.h"

#include <fmt/format.h>

namespace penstock::connector {
namespace {

using declare::Diagnostics;

void check_grant(const OAuth2Auth& auth, Diagnostics& diagnostics) {
  using Grant = OAuth2Auth::Grant;
  const auto need = [&](bool given, std::string_view grant, std::string_view name) {
    if (!given) diagnostics.error(auth.place, fmt::format("`grant: {}` needs `{}`", grant, name));
  };
  switch (auth.grant) {
    case Grant::client_credentials:
      need(!auth.client_id->empty(), "client_credentials", "client_id");
      need(!auth.client_secret->empty(), "client_credentials", "client_secret");
      break;
    case Grant::refresh_token:
      need(!auth.refresh_token->empty(), "refresh_token", "refresh_token");
      break;
    case Grant::jwt_bearer:
      need(auth.jwt.has_value(), "jwt_bearer", "jwt");
      break;
    case Grant::password:
      need(!auth.user->empty(), "password", "user");
      need(!auth.password->empty(), "password", "password");
      break;
  }
  if (auth.jwt && auth.grant != Grant::jwt_bearer)
    diagnostics.error(auth.place, "`jwt` belongs to `grant: jwt_bearer`");
  if (!auth.refresh_token->empty() && auth.grant != Grant::refresh_token)
    diagnostics.error(auth.refresh_token.place, "`refresh_token` belongs to `grant: refresh_token`");
  if (auth.method == OAuth2Auth::Method::get && auth.send != OAuth2Auth::Send::query)
    diagnostics.error(auth.place, "a GET has no body: `method: GET` needs `send: query`");
}

void check_hmac(const HmacAuth& auth, Diagnostics& diagnostics) {
  const bool is_standard = auth.form == HmacAuth::Form::standard_webhooks;
  if (is_standard == auth.header->empty() && (!is_standard || auth.prefix->empty())) return;
  diagnostics.error(
      auth.place, is_standard ? "Standard Webhooks have headers of their own: leave out `header` and `prefix`"
                              : "a signature needs `header`: where it is written");
}

void check_choice(const ChoiceAuth& choice, Diagnostics& diagnostics) {
  for (size_t i = 0; i < choice.of.size(); ++i) {
    const bool is_last = i + 1 == choice.of.size();
    if (is_last && !choice.of[i].when.empty())
      diagnostics.error(choice.of[i].place, "the last login of a choice must hold without conditions");
    if (!is_last && choice.of[i].when.empty())
      diagnostics.error(choice.of[i].place, "no login after this one is ever chosen: give it `when`");
  }
}

}  // namespace

void check_auth(const Auth& auth, Diagnostics& diagnostics) {
  if (const auto* choice = std::get_if<ChoiceAuth>(&auth)) check_choice(*choice, diagnostics);
  for (const AuthChoice& choice : choices_of(auth)) {
    if (const auto* oauth2 = std::get_if<OAuth2Auth>(&choice.use)) check_grant(*oauth2, diagnostics);
    if (const auto* hmac = std::get_if<HmacAuth>(&choice.use)) check_hmac(*hmac, diagnostics);
  }
}

}  // namespace penstock::connector
