#include "secret/outer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/real_loop.h"
#include "async/sim_loop.h"
#include "base/memory_disk.h"
#include "declare/json.h"
#include "login/key_test.h"
#include "net/http_server.h"

namespace penstock::secret {
namespace {

using testing::HasSubstr;
using testing::Not;

// Answers in turn; the last answer again and again.
class Standin final : public HttpClient {
 public:
  Task<HttpOutcome> send(HttpRequest request) override {
    requests.push_back(std::move(request));
    co_return answers.size() > requests.size() ? answers[requests.size() - 1] : answers.back();
  }
  void answer(int status, std::string body, Headers headers = {}) {
    HttpReply reply;
    reply.status = status;
    reply.headers = std::move(headers);
    reply.body = std::move(body);
    answers.emplace_back(std::move(reply));
  }
  void fail(ErrorKind kind, std::string message) {
    TransportFailure failure;
    failure.error = {kind, std::move(message), ""};
    answers.emplace_back(std::move(failure));
  }
  std::vector<HttpOutcome> answers;
  std::vector<HttpRequest> requests;
};

class OuterTest : public testing::Test {
 protected:
  // The value, "none", or "error: KIND: ...".
  std::string ask(const std::string& scheme, const std::string& path) {
    auto answer = loop_.run(ask_outer_store({loop_, store_, environment_, disk_}, scheme, path));
    if (!answer.ok())
      return fmt::format("error: {}: {}", name_of(answer.error().kind), answer.error().message);
    return answer->value_or("none");
  }
  std::string header(size_t nth, std::string_view name) const {
    const std::string* found = find_header(store_.requests.at(nth).headers, name);
    return found == nullptr ? "(none)" : *found;
  }

  SimLoop loop_;
  Standin store_;
  MemoryDisk disk_;
  std::map<std::string, std::string> variables_;
  Environment environment_ = [this](const std::string& name) {
    const auto at = variables_.find(name);
    return at == variables_.end() ? std::nullopt : std::optional(at->second);
  };
};

TEST_F(OuterTest, VaultIsAskedWithAToken) {
  variables_ = {
      {"VAULT_ADDR", "https://vault.test:8200/"}, {"VAULT_TOKEN", "s.token"}, {"VAULT_NAMESPACE", "team"}};
  store_.answer(200, R"({"data":{"data":{"token":"tok","n":1},"metadata":{"version":3}}})");
  EXPECT_EQ(ask("vault", "secret/crm/prod"), R"({"token":"tok","n":1})");
  ASSERT_EQ(store_.requests.size(), 1u);
  EXPECT_EQ(store_.requests[0].method, "GET");
  EXPECT_EQ(store_.requests[0].url, "https://vault.test:8200/v1/secret/data/crm/prod");
  EXPECT_EQ(header(0, "X-Vault-Token"), "s.token");
  EXPECT_EQ(header(0, "X-Vault-Namespace"), "team");
  EXPECT_EQ(header(0, "X-Vault-Request"), "true");
  EXPECT_EQ(store_.requests[0].redirects_max, 0) << "a token goes nowhere else";
  (void)ask("vault", "kv/team/data/a?b");
  EXPECT_EQ(store_.requests[1].url, "https://vault.test:8200/v1/kv/team/data/a%3Fb");
}

TEST_F(OuterTest, VaultLogsInByAppRole) {
  variables_ = {
      {"VAULT_ADDR", "http://vault.test"}, {"VAULT_ROLE_ID", "role"}, {"VAULT_SECRET_ID", "se\"cret"}};
  store_.answer(200, R"({"auth":{"client_token":"s.fetched","lease_duration":60}})");
  store_.answer(200, R"({"data":{"data":{"a":"b"}}})");
  EXPECT_EQ(ask("vault", "secret/x"), R"({"a":"b"})");
  EXPECT_EQ(store_.requests[0].method, "POST");
  EXPECT_EQ(store_.requests[0].url, "http://vault.test/v1/auth/approle/login");
  EXPECT_EQ(store_.requests[0].body, R"({"role_id":"role","secret_id":"se\"cret"})");
  EXPECT_EQ(header(1, "X-Vault-Token"), "s.fetched");
  store_.answers.clear();
  store_.requests.clear();
  store_.answer(400, R"({"errors":["invalid role or secret ID"]})");
  EXPECT_THAT(ask("vault", "secret/x"),
              HasSubstr("error: auth: HashiCorp Vault, asked for secret/x: the login by AppRole"));
}

TEST_F(OuterTest, WhatVaultRefuses) {
  EXPECT_THAT(ask("vault", "secret/x"),
              HasSubstr("error: config: HashiCorp Vault cannot be asked for secret/x: VAULT_ADDR"));
  variables_["VAULT_ADDR"] = "http://vault.test";
  EXPECT_THAT(ask("vault", "secret/x"), HasSubstr("VAULT_TOKEN is not set"));
  variables_["VAULT_TOKEN"] = "s.secret";
  const auto answered = [&](int status, const std::string& body) {
    store_.answers.clear();
    store_.requests.clear();
    store_.answer(status, body);
    const std::string got = ask("vault", "secret/x");
    EXPECT_EQ(got.find("s.secret"), got.npos);
    EXPECT_EQ(got.find("VALUE"), got.npos) << "nothing of the answer is told";
    return got;
  };
  EXPECT_EQ(answered(404, R"({"errors":[]})"), "none");
  EXPECT_EQ(answered(404, R"({"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z"}}})"),
            "none");
  EXPECT_EQ(answered(200, R"({"data":{"data":null}})"), "none");
  EXPECT_THAT(answered(403, R"({"errors":["VALUE"]})"), HasSubstr("error: permission: "));
  EXPECT_THAT(answered(307, ""), HasSubstr("leads elsewhere"));
  for (const char* body :
       {"", "VALUE", "{}", R"({"data":{"VALUE":1}})", R"({"data":{"data":"VALUE"}})", "[]"})
    EXPECT_THAT(answered(200, body), HasSubstr("error: rejected: ")) << body;
}

TEST_F(OuterTest, WhatMayPassIsAskedThreeTimes) {
  variables_ = {{"VAULT_ADDR", "http://vault.test"}, {"VAULT_TOKEN", "t"}};
  store_.answer(503, "sealed");
  store_.fail(ErrorKind::transient, "no connection");
  store_.answer(200, R"({"data":{"data":{}}})");
  EXPECT_EQ(ask("vault", "secret/x"), "{}");
  EXPECT_EQ(store_.requests.size(), 3u);
  store_.answers.clear();
  store_.requests.clear();
  store_.answer(503, "sealed");
  EXPECT_EQ(ask("vault", "secret/x"), "error: transient: HashiCorp Vault, asked for secret/x: status 503");
  EXPECT_EQ(store_.requests.size(), 3u);
  store_.answers.clear();
  store_.requests.clear();
  store_.fail(ErrorKind::config, "the certificate of vault.test is not trusted");
  EXPECT_THAT(ask("vault", "secret/x"),
              HasSubstr("error: config: HashiCorp Vault, asked for secret/x: the certificate"));
  EXPECT_EQ(store_.requests.size(), 1u);
}

TEST_F(OuterTest, AwsIsAskedWithASignature) {
  variables_ = {{"AWS_ACCESS_KEY_ID", "AKID"},
                {"AWS_SECRET_ACCESS_KEY", "hidden"},
                {"AWS_REGION", "eu-central-1"},
                {"AWS_SESSION_TOKEN", "session"}};
  store_.answer(200, R"({"Name":"prod/crm","SecretString":"{\"token\":\"t\"}"})");
  EXPECT_EQ(ask("aws-sm", "prod/crm"), R"({"token":"t"})");
  EXPECT_EQ(store_.requests[0].method, "POST");
  EXPECT_EQ(store_.requests[0].url, "https://secretsmanager.eu-central-1.amazonaws.com/");
  EXPECT_EQ(store_.requests[0].body, R"({"SecretId":"prod/crm"})");
  EXPECT_EQ(header(0, "X-Amz-Target"), "secretsmanager.GetSecretValue");
  EXPECT_EQ(header(0, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(header(0, "X-Amz-Security-Token"), "session");
  EXPECT_THAT(header(0, "Authorization"),
              testing::MatchesRegex("AWS4-HMAC-SHA256 Credential=AKID/.*/eu-central-1/"
                                    "secretsmanager/aws4_request, SignedHeaders=.*"));
  const std::string arn = "arn:aws:secretsmanager:us-east-2:123456789012:secret:crm-AbCdEf";
  (void)ask("aws-sm", arn);
  EXPECT_EQ(store_.requests[1].url, "https://secretsmanager.us-east-2.amazonaws.com/")
      << "where the ARN says";
  variables_["AWS_REGION"] = "cn-north-1";
  (void)ask("aws-sm", "x");
  EXPECT_EQ(store_.requests[2].url, "https://secretsmanager.cn-north-1.amazonaws.com.cn/");
  variables_["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
  variables_["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = "http://127.0.0.1:2/";
  (void)ask("aws-sm", "x");
  EXPECT_EQ(store_.requests[3].url, "http://127.0.0.1:2/");
}

TEST_F(OuterTest, WhatAwsRefuses) {
  EXPECT_THAT(ask("aws-sm", "x"), HasSubstr("AWS_ACCESS_KEY_ID is not set"));
  variables_["AWS_ACCESS_KEY_ID"] = "AKID";
  EXPECT_THAT(ask("aws-sm", "x"), HasSubstr("AWS_SECRET_ACCESS_KEY is not set"));
  variables_["AWS_SECRET_ACCESS_KEY"] = "hidden";
  EXPECT_THAT(ask("aws-sm", "x"), HasSubstr("AWS_REGION is not set"));
  variables_["AWS_DEFAULT_REGION"] = "eu-west-1";
  const auto answered = [&](int status, const std::string& body, Headers headers = {}) {
    store_.answers.clear();
    store_.requests.clear();
    store_.answer(status, body, std::move(headers));
    return ask("aws-sm", "x");
  };
  EXPECT_EQ(answered(200, R"({"SecretBinary":"YWJj"})"), "abc");
  EXPECT_EQ(answered(400, R"({"__type":"ResourceNotFoundException","Message":"m"})"), "none");
  EXPECT_EQ(answered(400, R"({"__type":"com.amazonaws.secretsmanager#AccessDeniedException"})"),
            "error: permission: AWS Secrets Manager, asked for x: AccessDeniedException");
  EXPECT_EQ(answered(400, "", {{"x-amzn-ErrorType", "InvalidSignatureException:http://x"}}),
            "error: auth: AWS Secrets Manager, asked for x: InvalidSignatureException");
  EXPECT_EQ(answered(400, R"({"__type":"InvalidRequestException"})"),
            "error: rejected: AWS Secrets Manager, asked for x: InvalidRequestException");
  EXPECT_EQ(answered(403, "<html>"), "error: rejected: AWS Secrets Manager, asked for x: status 403");
  EXPECT_THAT(answered(200, "{}"), HasSubstr("cannot be read"));
  EXPECT_THAT(answered(200, R"({"SecretBinary":"?"})"), HasSubstr("cannot be read"));
}

TEST_F(OuterTest, GoogleIsAskedWithAServiceAccount) {
  declare::JsonWriter file;
  file.begin_object().key("client_email").text("a@p.iam").key("private_key").text(test_key());
  file.key("private_key_id").text("k1").key("token_uri").text("https://token.test/token").end_object();
  ASSERT_TRUE(disk_.make_directories("/keys").ok());
  ASSERT_TRUE(disk_.replace("/keys/a.json", file.str()).ok());
  variables_["GOOGLE_APPLICATION_CREDENTIALS"] = "/keys/a.json";
  store_.answer(200, R"({"access_token":"ya29.x","expires_in":3599})");
  store_.answer(200, R"({"name":"n","payload":{"data":"czNjcmV0"}})");
  EXPECT_EQ(ask("gcp-sm", "projects/p/secrets/s"), "s3cret");
  EXPECT_EQ(store_.requests[0].url, "https://token.test/token");
  EXPECT_THAT(store_.requests[0].body,
              HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"));
  const std::string jwt = store_.requests[0].body.substr(store_.requests[0].body.rfind('=') + 1);
  EXPECT_TRUE(
      is_signed_by_test_key(jwt.substr(0, jwt.rfind('.')), from_base64_url(jwt.substr(jwt.rfind('.') + 1))));
  EXPECT_EQ(claim_of(jwt, "exp") - claim_of(jwt, "iat"), 3600);
  EXPECT_EQ(store_.requests[1].url,
            "https://secretmanager.googleapis.com/v1/projects/p/secrets/s/versions/latest:access");
  EXPECT_EQ(header(1, "Authorization"), "Bearer ya29.x");
  variables_["GOOGLE_APPLICATION_CREDENTIALS"] = "/keys/b.json";
  EXPECT_THAT(ask("gcp-sm", "projects/p/secrets/s"),
              HasSubstr("error: config: /keys/b.json, which "
                        "GOOGLE_APPLICATION_CREDENTIALS names, cannot be read"));
  ASSERT_TRUE(disk_.replace("/keys/b.json", "{}").ok());
  EXPECT_THAT(ask("gcp-sm", "projects/p/secrets/s"), HasSubstr("is not the key of a service account"));
}

TEST_F(OuterTest, GoogleIsAskedWithTheMachinesToken) {
  variables_["GCE_METADATA_HOST"] = "127.0.0.1:9";
  store_.answer(200, R"({"access_token":"machine","token_type":"Bearer"})");
  store_.answer(200, R"({"payload":{"data":"eA=="}})");
  EXPECT_EQ(ask("gcp-sm", "projects/p/secrets/s/versions/3"), "x");
  EXPECT_EQ(store_.requests[0].url,
            "http://127.0.0.1:9/computeMetadata/v1/instance/service-accounts/default/token");
  EXPECT_EQ(header(0, "Metadata-Flavor"), "Google");
  EXPECT_EQ(store_.requests[1].url,
            "https://secretmanager.googleapis.com/v1/projects/p/secrets/s/versions/3:access");
  EXPECT_EQ(header(1, "Authorization"), "Bearer machine");
  variables_["GOOGLE_OAUTH_ACCESS_TOKEN"] = "given";
  for (const auto& [status, kind] : {std::pair(401, "auth"), {403, "permission"}, {400, "rejected"}}) {
    store_.answers.clear();
    store_.requests.clear();
    store_.answer(status, "{}");
    EXPECT_THAT(ask("gcp-sm", "projects/p/secrets/s"), HasSubstr(fmt::format("error: {}: ", kind)));
    EXPECT_EQ(header(0, "Authorization"), "Bearer given");
  }
}

TEST(OuterFields, AreMembersOfTheSecret) {
  const std::string text = R"({"a":"x","n":1.50,"yes":true,"o":{},"l":[1],"z":null})";
  const auto field = [&](const std::string& of, const std::string& name) {
    auto value = field_of(of, name, "vault:p#" + name);
    return value.ok() ? *value : "error: " + value.error().message;
  };
  EXPECT_EQ(field(text, "a"), "x");
  EXPECT_EQ(field(text, "yes"), "true");
  EXPECT_EQ(field(text, ""), text);
  EXPECT_EQ(field("plain", ""), "plain");
  EXPECT_EQ(field(text, "b"), "error: the secret of ${vault:p#b} has no such field");
  for (const char* name : {"o", "l", "z"})
    EXPECT_THAT(field(text, name), HasSubstr("has no text in that field"));
  for (const char* of : {"plain", "", "[1]", "\"a\"", "{"})
    EXPECT_THAT(field(of, "a"), HasSubstr("is no object of JSON")) << of;
}

class StepClock final : public Clock {
 public:
  Time now() const override { return from_unix_micros(0); }
  Instant instant() const override { return Instant(at); }
  Duration at{};
};

// Over real sockets, from a task of another loop.
TEST(OuterSecretsTest, AreKeptForAWhile) {
  std::atomic<int> asked = 0, status = 200;
  auto server = *HttpServer::start({}, [&](const ServerRequest& request) {
    ++asked;
    ServerReply reply;
    const std::string* token = request.header("X-Vault-Token");
    reply.status =
        token != nullptr && *token == "t" && request.path == "/v1/secret/data/crm" ? status.load() : 403;
    reply.body = R"({"data":{"data":{"a":"x","b":"y"}}})";
    return reply;
  });
  StepClock clock;
  MemoryDisk disk;
  OuterSecrets stores(clock, disk, [&](const std::string& name) -> std::optional<std::string> {
    if (name == "VAULT_ADDR") return server->url();
    if (name == "VAULT_TOKEN") return "t";
    return std::nullopt;
  });
  struct Inner {
    static Task<std::string> get(OuterSecrets& from, std::string name) {
      auto value = from.get("vault", name);
      co_return value.ok() ? value->value_or("none") : "error: " + value.error().message;
    }
  };
  RealLoop loop;
  const auto get = [&](const std::string& name) { return loop.run(Inner::get(stores, name)); };
  EXPECT_EQ(get("secret/crm#a"), "x");
  EXPECT_EQ(get("secret/crm#b"), "y");
  EXPECT_EQ(asked, 1) << "one question for all fields";
  EXPECT_THAT(get("secret/crm#c"), HasSubstr("no such field"));
  EXPECT_EQ(asked, 1);
  clock.at += std::chrono::minutes(5);
  status = 404;
  EXPECT_EQ(get("secret/crm#a"), "none");
  EXPECT_EQ(get("secret/crm#a"), "none");
  EXPECT_EQ(asked, 2);
  clock.at += std::chrono::seconds(10);
  status = 200;
  EXPECT_EQ(get("secret/crm#a"), "x");
  EXPECT_THAT(get("secret/other#a"), HasSubstr("permission denied"));
  EXPECT_THAT(get("secret/other#a"), HasSubstr("permission denied"));
  EXPECT_EQ(asked, 4) << "failures are kept, too";
}

}  // namespace
}  // namespace penstock::secret
