// AWS Secrets Manager: GetSecretValue, signed with Signature Version 4. docs.aws.amazon.com, "AWS Secrets
// Manager API Reference: GetSecretValue" (the target's name, SecretString or SecretBinary, names of errors);
// "AWS SDKs and Tools Reference Guide: Service-specific endpoints" (AWS_ENDPOINT_URL_SECRETS_MANAGER),
// 2026-11.
#include <fmt/format.h>

#include <algorithm>

#include "declare/json.h"
#include "net/sigv4.h"
#include "secret/exchange.h"
#include "secret/key.h"

namespace penstock::secret {
namespace {

constexpr std::string_view kAws = "aws-sm";
constexpr std::string_view kService = "secretsmanager";

// Of "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"; empty for a plain name.
std::string region_in(std::string_view name) {
  if (!name.starts_with("arn:")) return "";
  for (int i = 0; i < 3; ++i) name.remove_prefix(std::min(name.find(':') + 1, name.size()));
  return std::string(name.substr(0, name.find(':')));
}

struct AwsPlace {
  SigV4Keys keys;
  std::string url;
};

Result<AwsPlace> find_aws(const Environment& environment, const std::string& name) {
  AwsPlace place;
  const auto variable = [&](const char* of, std::string& into, const char* is) -> Result<void> {
    const auto value = environment(of);
    if (!value) return lacks_variable(kAws, name, of, is);
    into = *value;
    return success();
  };
  if (auto is = variable("AWS_ACCESS_KEY_ID", place.keys.access_key, "of a key that may read the secret");
      !is.ok())
    return is.error();
  if (auto is = variable("AWS_SECRET_ACCESS_KEY", place.keys.secret_key, "the secret part of the key");
      !is.ok())
    return is.error();
  place.keys.session_token = environment("AWS_SESSION_TOKEN").value_or("");
  place.keys.service = kService;
  place.keys.region = region_in(name);
  for (const char* of : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (place.keys.region.empty()) place.keys.region = environment(of).value_or("");
  if (place.keys.region.empty())
    return lacks_variable(kAws, name, "AWS_REGION", "where the secret is, eu-central-1");
  const std::string_view end = place.keys.region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  place.url = fmt::format("https://{}.{}.{}", kService, place.keys.region, end);
  for (const char* of : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"})
    if (const auto url = environment(of)) place.url = *url;
  while (place.url.ends_with('/')) place.url.pop_back();
  return place;
}

// "com.amazonaws...#ResourceNotFoundException" -> "ResourceNotFoundException".
std::string kind_of_refusal(const HttpReply& reply) {
  std::string kind = text_in(reply.body, {"__type"}).value_or("");
  if (const std::string* header = reply.header("x-amzn-ErrorType"); kind.empty() && header != nullptr)
    kind = *header;
  kind = kind.substr(kind.find('#') == kind.npos ? 0 : kind.find('#') + 1);
  return kind.substr(0, kind.find(':'));
}

// The exception's name says enough; its message may repeat what was sent.
OuterAnswer aws_refuses(const HttpReply& reply, const std::string& what) {
  const std::string kind = kind_of_refusal(reply);
  if (kind == "ResourceNotFoundException") return std::optional<std::string>();
  const std::string shown =
      kind.empty() || kind.size() > 60 ? fmt::format("status {}", reply.status) : fmt::format("{}", kind);
  if (kind == "AccessDeniedException")
    return Error{
        ErrorKind::permission, fmt::format("{}: {}", what, shown),
        "let the key's policy allow secretsmanager:GetSecretValue, and kms:Decrypt of a key of your own"};
  if (kind == "UnrecognizedClientException" || kind == "InvalidSignatureException" ||
      kind == "ExpiredTokenException" || kind == "InvalidClientTokenId" ||
      kind == "IncompleteSignatureException")
    return Error{
        ErrorKind::auth, fmt::format("{}: {}", what, shown),
        "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and this machine's clock"};
  return Error{ErrorKind::rejected, fmt::format("{}: {}", what, shown),
               "check the secret's name and its state"};
}

}  // namespace

Task<OuterAnswer> ask_aws(OuterAsk ask, std::string path) {
  const std::string what = shown_question(kAws, path);
  auto place = find_aws(ask.environment, path);
  if (!place.ok()) co_return place.error();
  const Prepare prepare = [&]() -> Result<HttpRequest> {
    declare::JsonWriter json;
    json.begin_object().key("SecretId").text(path).end_object();
    HttpRequest request{.method = "POST",
                        .url = place->url + "/",
                        .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                    {"X-Amz-Target", "secretsmanager.GetSecretValue"}},
                        .body = json.str()};
    sign_sigv4(place->keys, ask.loop.clock().now(), request);
    return request;
  };
  auto reply = co_await exchange(ask, what, prepare);
  if (!reply.ok()) co_return reply.error();
  if (reply->status != 200) co_return aws_refuses(*reply, what);
  if (auto text = text_in(reply->body, {"SecretString"})) co_return std::optional(*std::move(text));
  const auto binary = text_in(reply->body, {"SecretBinary"});
  auto bytes = binary ? of_base64(*binary) : std::nullopt;
  if (!bytes) co_return not_understood(what);
  co_return std::optional(*std::move(bytes));
}

}  // namespace penstock::secret
