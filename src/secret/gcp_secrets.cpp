// Google Secret Manager: GET v1/projects/P/secrets/S/versions/V:access with an access token of the scope
// cloud-platform. cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access;
// developers.google.com/identity/protocols/oauth2/service-account (the JWT grant);
// cloud.google.com/compute/docs/metadata (tokens of a machine), 2026-11.
#include <fmt/format.h>

#include "login/jwt.h"
#include "secret/exchange.h"
#include "secret/key.h"

namespace penstock::secret {
namespace {

constexpr std::string_view kGcp = "gcp-sm";
constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kMachineTokenPath = "/computeMetadata/v1/instance/service-accounts/default/token";

struct ServiceAccount {
  connector::Assertion assertion;
  std::string token_url;
};

Result<ServiceAccount> read_service_account(OuterAsk ask, const std::string& file) {
  const auto wrong = [&](std::string_view why) {
    return Error{ErrorKind::config,
                 fmt::format("{}, which GOOGLE_APPLICATION_CREDENTIALS names, {}", file, why),
                 "name the JSON file of a service account's key"};
  };
  auto text = ask.disk.read(file);
  if (!text.ok()) return wrong("cannot be read");
  const auto email = text_in(*text, {"client_email"}), key = text_in(*text, {"private_key"}),
             url = text_in(*text, {"token_uri"});
  if (!email || !key || !url) return wrong("is not the key of a service account");
  ServiceAccount account;
  account.token_url = *url;
  account.assertion.issuer = *email;
  account.assertion.audience = *url;
  account.assertion.scope = kScope;
  account.assertion.private_key = *key;
  account.assertion.key_id = text_in(*text, {"private_key_id"}).value_or("");
  account.assertion.lifetime = std::chrono::hours(1);
  return account;
}

Result<std::string> read_token(const HttpReply& reply, const std::string& what, std::string_view remedy) {
  if (reply.status != 200)
    return Error{ErrorKind::auth, fmt::format("{}: no access token is given (status {})", what, reply.status),
                 std::string(remedy)};
  auto token = text_in(reply.body, {"access_token"});
  if (!token) return not_understood(what);
  return *std::move(token);
}

Task<Result<std::string>> account_token(OuterAsk ask, std::string file, std::string what) {
  auto account = read_service_account(ask, file);
  if (!account.ok()) co_return account.error();
  const Prepare prepare = [&]() -> Result<HttpRequest> {
    auto jwt = make_jwt(account->assertion, ask.loop.clock().now());
    if (!jwt.ok()) return jwt.error();
    return HttpRequest{.method = "POST",
                       .url = account->token_url,
                       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                       .body = "grant_type=" + percent_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") +
                               "&assertion=" + *jwt};
  };
  auto reply = co_await exchange(ask, what, prepare);
  if (!reply.ok()) co_return reply.error();
  co_return read_token(*reply, what,
                       "check that the service account's key was not taken back, and this machine's clock");
}

// What a machine at Google is given without a key.
Task<Result<std::string>> machine_token(OuterAsk ask, std::string what) {
  const std::string host = ask.environment("GCE_METADATA_HOST").value_or("metadata.google.internal");
  const Prepare prepare = [&]() -> Result<HttpRequest> {
    return HttpRequest{.url = fmt::format("http://{}{}", host, kMachineTokenPath),
                       .headers = {{"Metadata-Flavor", "Google"}}};
  };
  constexpr std::string_view kRemedy =
      "set GOOGLE_APPLICATION_CREDENTIALS to a service account's key, or give this machine a service account";
  auto reply = co_await exchange(ask, what, prepare);
  if (!reply.ok()) co_return Error{reply.error().kind, reply.error().message, std::string(kRemedy)};
  co_return read_token(*reply, what, kRemedy);
}

Task<Result<std::string>> google_token(OuterAsk ask, std::string what) {
  for (const char* name : {"GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"})
    if (auto token = ask.environment(name)) co_return *std::move(token);
  const auto file = ask.environment("GOOGLE_APPLICATION_CREDENTIALS");
  if (file) co_return co_await account_token(ask, *file, what);
  co_return co_await machine_token(ask, what);
}

}  // namespace

Task<OuterAnswer> ask_gcp(OuterAsk ask, std::string path) {
  const std::string what = shown_question(kGcp, path);
  auto token = co_await google_token(ask, what);
  if (!token.ok()) co_return token.error();
  std::string address = ask.environment("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER")
                            .value_or("https://secretmanager.googleapis.com");
  while (address.ends_with('/')) address.pop_back();
  std::string name;
  for (const char c : path) name += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
  if (path.find("/versions/") == path.npos) name += "/versions/latest";
  const Prepare prepare = [&]() -> Result<HttpRequest> {
    return HttpRequest{.url = fmt::format("{}/v1/{}:access", address, name),
                       .headers = {{"Authorization", "Bearer " + *token}}};
  };
  auto reply = co_await exchange(ask, what, prepare);
  if (!reply.ok()) co_return reply.error();
  if (reply->status == 404) co_return std::optional<std::string>();
  if (reply->status != 200) {
    const ErrorKind kind = reply->status == 401   ? ErrorKind::auth
                           : reply->status == 403 ? ErrorKind::permission
                                                  : ErrorKind::rejected;
    co_return Error{
        kind, fmt::format("{}: status {}", what, reply->status),
        "give the account the role Secret Manager Secret Accessor, and see that the version is enabled"};
  }
  const auto data = text_in(reply->body, {"payload", "data"});
  auto bytes = data ? of_base64(*data) : std::nullopt;
  if (!bytes) co_return not_understood(what);
  co_return std::optional(*std::move(bytes));
}

}  // namespace penstock::secret
