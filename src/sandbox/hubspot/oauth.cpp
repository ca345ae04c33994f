#include "sandbox/hubspot/oauth.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "sandbox/hubspot/reply.h"
#include "sandbox/json_text.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr int kLifeSeconds = 1'800;

// The form body has the shape of a query, so the server's own decoder reads it.
std::string form_value(const ServerRequest& request, std::string_view name) {
  ServerRequest form;
  form.query = request.body;
  return form.parameter(name).value_or("");
}

ServerReply bad_grant(std::string message, State& state) {
  return refuse({400, "BAD_AUTH_CODE", std::move(message), {}}, state.random);
}

}  // namespace

ServerReply answer_token(const ServerRequest& request, State& state) {
  if (request.method != "POST") return refuse({405, "VALIDATION_ERROR", "Use POST", {}}, state.random);
  const std::string grant = form_value(request, "grant_type");
  const std::string held = form_value(request, grant == "authorization_code" ? "code" : "refresh_token");
  if (grant != "refresh_token" && grant != "authorization_code") {
    return bad_grant("grant_type must be refresh_token or authorization_code", state);
  }
  if (held.empty() || !simdjson::validate_utf8(held) || form_value(request, "client_id").empty() ||
      form_value(request, "client_secret").empty()) {
    return bad_grant("missing or invalid client id, client secret, code or refresh token", state);
  }
  if (state.token_state(held) != TokenState::valid)
    return bad_grant("missing or invalid refresh token", state);
  ServerReply reply;
  reply.body = "{\"token_type\":\"bearer\",\"token_use\":\"access_token\",\"refresh_token\":";
  append_json_string(reply.body, held);
  reply.body += fmt::format(R"(,"access_token":"access-{}","expires_in":{}}})", correlation_id(state.random),
                            kLifeSeconds);
  return reply;
}

}  // namespace penstock::sandbox::hubspot
