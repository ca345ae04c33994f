#include "connector/login.h"

#include <gtest/gtest.h>

#include "connector/connector.h"

namespace penstock::connector {
namespace {

constexpr std::string_view kRest = R"(
connector: harbour
title: Harbour
summary: People.
facts: 2026-11
settings:
  key: { type: text, help: A key., secret: true }
  id: { type: text, help: An id. }
  url: { type: url, help: Where. }
  plan: { type: text, help: The plan. }
base: "{setting.url}"
limits: { all: { rates: [{ rate: 1/s }] } }
objects: { people: { title: People, match: { id: id } } }
routes: { id: { update: update } }
operations:
  update: { request: POST /x, limit: all, replies: [{ status: 2xx, is: accepted }] }
)";

// What is wrong with a declaration whose login is this; empty: nothing.
std::string mistakes(const std::string& auth, std::optional<Declaration>* into = nullptr) {
  declare::Diagnostics diagnostics;
  const auto file =
      std::make_shared<declare::SourceFile>("connectors/harbour.yaml", "auth: " + auth + std::string(kRest));
  auto declaration = read_declaration(file, diagnostics);
  if (into != nullptr) *into = std::move(declaration);
  return diagnostics.errors() == 0 ? "" : as_text(diagnostics);
}

Login bound(const std::string& auth, SettingValues values) {
  std::optional<Declaration> declaration;
  EXPECT_EQ(mistakes(auth, &declaration), "");
  values.emplace("url", "https://api.example/");
  return bind_login(*declaration, values, {});
}

TEST(Login, HeadersAreExactlyWhatIsDeclared) {
  EXPECT_EQ(bound("{ type: none }", {}).headers, NamedTexts{});
  EXPECT_EQ(bound("{ type: bearer, token: '{setting.key}' }", {{"key", "k"}}).headers,
            (NamedTexts{{"Authorization", "Bearer k"}}));
  EXPECT_EQ(bound("{ type: header, name: X-Key, value: 'Key={setting.key}' }", {{"key", "k"}}).headers,
            (NamedTexts{{"X-Key", "Key=k"}}));
  const Login basic = bound("{ type: basic, user: '{setting.id}/token', password: '{setting.key}' }",
                            {{"id", "a@x"}, {"key", "k"}});
  EXPECT_EQ(basic.headers, (NamedTexts{{"Authorization", "Basic YUB4L3Rva2VuOms="}}));
  EXPECT_EQ(without_secrets("got YUB4L3Rva2VuOms=", basic.secrets), "got ***");
  const Login query = bound("{ type: query, name: hapikey, value: '{setting.key}' }", {{"key", "k"}});
  EXPECT_EQ(query.headers, NamedTexts{});
  EXPECT_EQ(query.query, (NamedTexts{{"hapikey", "k"}}));
  EXPECT_EQ(query.base, "https://api.example");
}

TEST(Login, OAuthTakesEveryWord) {
  const Login login = bound(
      "{ type: oauth2, grant: password, token_url: '{setting.url}/token', method: GET, send: query, "
      "client_id: '{setting.id}', client_secret: '{setting.key}', user: ana, password: pw, scope: a b, "
      "extra: { tenant: '{setting.plan}' }, token: data.token, expires: data.ttl, base: data.url, lifetime: "
      "1h, "
      "header: X-Token, prefix: '' }",
      {{"id", "us"}, {"key", "k"}, {"plan", "p"}});
  const auto& token = std::get<TokenLogin>(login.act);
  EXPECT_EQ(token.method, "GET");
  EXPECT_EQ(token.url, "https://api.example//token");
  EXPECT_TRUE(token.in_query);
  EXPECT_EQ(token.fields, (NamedTexts{{"grant_type", "password"},
                                      {"client_id", "us"},
                                      {"client_secret", "k"},
                                      {"username", "ana"},
                                      {"password", "pw"},
                                      {"scope", "a b"},
                                      {"tenant", "p"}}));
  EXPECT_EQ(token.token_path, "data.token");
  EXPECT_EQ(token.expires_path, "data.ttl");
  EXPECT_EQ(token.base_path, "data.url");
  EXPECT_EQ(token.lifetime, 1h);
  EXPECT_EQ(token.header, "X-Token");
  EXPECT_EQ(token.prefix, "");
}

TEST(Login, TheClientMayBeABasicLogin) {
  const Login login = bound(
      "{ type: oauth2, grant: refresh_token, token_url: 'https://x', send: basic, client_id: us, "
      "client_secret: '{setting.key}', refresh_token: r }",
      {{"key", "k"}});
  const auto& token = std::get<TokenLogin>(login.act);
  EXPECT_EQ(token.basic, "us:k");
  EXPECT_EQ(token.fields, (NamedTexts{{"grant_type", "refresh_token"}}));
  EXPECT_EQ(token.refresh_token, "r");
  EXPECT_EQ(token.prefix, "Bearer ");
}

TEST(Login, AStatementHasItsClaims) {
  const Login login = bound(
      "{ type: oauth2, grant: jwt_bearer, token_url: 'https://x', jwt: { issuer: '{setting.id}', audience: "
      "'https://x', "
      "private_key: '{setting.key}', lifetime: 2m } }",
      {{"id", "us"}, {"key", "pem"}});
  const auto& assertion = *std::get<TokenLogin>(login.act).assertion;
  EXPECT_EQ(assertion.issuer, "us");
  EXPECT_EQ(assertion.private_key, "pem");
  EXPECT_EQ(assertion.lifetime, 2min);
}

constexpr const char* kChoice =
    "{ type: choice, of: [{ when: { plan: old }, use: { type: query, name: k, value: '{setting.key}' } }, "
    "{ when: { id: present }, use: { type: basic, user: '{setting.id}' } }, "
    "{ use: { type: bearer, token: '{setting.key}' } }] }";

TEST(Login, TheFirstOfAChoiceWhoseConditionsHold) {
  EXPECT_EQ(bound(kChoice, {{"plan", "old"}, {"id", "us"}, {"key", "k"}}).query.size(), 1u);
  EXPECT_EQ(bound(kChoice, {{"id", "us"}}).headers, (NamedTexts{{"Authorization", "Basic dXM6"}}));
  EXPECT_EQ(bound(kChoice, {{"id", ""}, {"key", "k"}}).headers, (NamedTexts{{"Authorization", "Bearer k"}}));
}

TEST(Login, WhatIsMissingIsKnown) {
  EXPECT_EQ(bound(kChoice, {}).missing, std::vector<std::string>{"key"});
  EXPECT_EQ(bound(kChoice, {{"key", "k"}}).missing, std::vector<std::string>{});
  EXPECT_EQ(
      bound("{ type: sigv4, access_key: '{setting.id}', secret_key: '{setting.key}', region: r, service: s }",
            {})
          .missing,
      (std::vector<std::string>{"id", "key"}));
}

TEST(Login, MistakesAreSaidWithTheirPlace) {
  const auto expect = [](const std::string& auth, const std::string& said) {
    const std::string text = mistakes(auth);
    EXPECT_NE(text.find(said), text.npos) << auth << "\n" << text;
    EXPECT_NE(text.find("connectors/harbour.yaml:1:"), text.npos) << text;
  };
  expect("{ type: bearer, token: '{setting.kex}' }", "there is no setting 'kex'");
  expect("{ type: bearer, token: '{object}' }", "this placeholder cannot stand here");
  expect("{ type: bearer, tokken: x }", "tokken");
  expect("{ type: oauth2, grant: client_credentials, token_url: x, client_id: a }",
         "`grant: client_credentials` needs `client_secret`");
  expect("{ type: oauth2, grant: refresh_token, token_url: x }",
         "`grant: refresh_token` needs `refresh_token`");
  expect("{ type: oauth2, grant: jwt_bearer, token_url: x }", "`grant: jwt_bearer` needs `jwt`");
  expect("{ type: oauth2, grant: password, token_url: x, user: a }", "`grant: password` needs `password`");
  expect("{ type: oauth2, grant: refresh_token, refresh_token: r, token_url: x, method: GET }",
         "`send: query`");
  expect(
      "{ type: oauth2, grant: refresh_token, refresh_token: r, token_url: x, extra: { a: '{setting.b}' } }",
      "there is no setting 'b'");
  expect("{ type: hmac, form: hex, secret: s }", "needs `header`");
  expect("{ type: hmac, form: standard_webhooks, secret: s, header: X }", "leave out `header`");
  expect("{ type: choice, of: [{ when: { plan: a }, use: { type: none } }] }",
         "must hold without conditions");
  expect("{ type: choice, of: [{ use: { type: none } }, { use: { type: none } }] }",
         "no login after this one");
  expect("{ type: choice, of: [{ when: { plam: a }, use: { type: none } }, { use: { type: none } }] }",
         "there is no setting 'plam'");
}

TEST(Login, WhatLetsInIsASecretWhateverTheSettingSays) {
  const auto masked = [](const std::string& auth) {
    return without_secrets("we got value-of-id", bound(auth, {{"id", "value-of-id"}}).secrets);
  };
  for (const std::string auth :
       {"{ type: bearer, token: '{setting.id}' }", "{ type: query, name: k, value: '{setting.id}' }",
        "{ type: header, name: K, value: '{setting.id}' }",
        "{ type: basic, user: u, password: '{setting.id}' }",
        "{ type: hmac, form: hex, secret: '{setting.id}', header: H }",
        "{ type: sigv4, access_key: a, secret_key: '{setting.id}', region: r, service: s }",
        // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): it is one text
        "{ type: oauth2, grant: client_credentials, token_url: t, client_id: a, client_secret: "
        "'{setting.id}' }",
        "{ type: oauth2, grant: refresh_token, token_url: t, refresh_token: '{setting.id}' }",
        "{ type: oauth2, grant: password, token_url: t, user: u, password: '{setting.id}' }"})
    EXPECT_EQ(masked(auth), "we got ***") << auth;
}

TEST(Login, TheLongestSecretIsTakenOutFirst) {
  EXPECT_EQ(without_secrets("a secret-and-more b", {"secret", "secret-and-more"}), "a *** b");
}

}  // namespace
}  // namespace penstock::connector
