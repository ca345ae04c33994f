#include <fmt/format.h>

#include "login/sign.h"
#include "net/crypto.h"

namespace penstock {
namespace {

Result<void> sign_webhook(const connector::HmacLogin& login, Time now, std::string_view salt,
                          HttpRequest& request) {
  constexpr std::string_view kPrefix = "whsec_";
  std::string_view secret = login.secret;
  if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
  const auto key = from_base64(secret);
  if (!key || key->empty())
    return Error{ErrorKind::config, "the secret of the signature is not a secret of Standard Webhooks",
                 "give it as the receiver shows it: whsec_ and Base64"};
  std::string id;
  if (const std::string* given =
          request.headers.empty() ? nullptr : find_header(request.headers, "webhook-id"))
    id = *given;
  if (id.empty()) {
    id = "msg_" + hex(sha256(fmt::format("{}\n{}\n{}\n{}", salt, request.method, request.url, request.body)))
                      .substr(0, 32);
    request.headers.emplace_back("webhook-id", id);
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string at = std::to_string(seconds);
  request.headers.emplace_back("webhook-timestamp", at);
  request.headers.emplace_back("webhook-signature",
                               "v1," + base64(hmac_sha256(*key, id + "." + at + "." + request.body)));
  return success();
}

}  // namespace

Result<void> sign_hmac(const connector::HmacLogin& login, Time now, std::string_view salt,
                       HttpRequest& request) {
  request.body_encoding = BodyEncoding::plain;  // the signature is over the bytes that are sent
  if (login.form == connector::HmacAuth::Form::standard_webhooks)
    return sign_webhook(login, now, salt, request);
  const std::string digest = hmac_sha256(login.secret, request.body);
  const bool is_hex = login.form == connector::HmacAuth::Form::hex;
  request.headers.emplace_back(login.header, login.prefix + (is_hex ? hex(digest) : base64(digest)));
  return success();
}

}  // namespace penstock
