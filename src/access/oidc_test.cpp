#include "access/oidc.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "access/id_token.h"
#include "async/sim_loop.h"
#include "base/disk.h"
#include "base/temp_directory.h"
#include "declare/json.h"
#include "net/crypto.h"

namespace penstock::access {
namespace {

using declare::Secret;
using testing::HasSubstr;

constexpr const char* kIssuer = "https://login.test/realm";

// Keys of a provider, by OpenSSL alone: what signs must not be what looks at signatures.
class ProviderKey {
 public:
  explicit ProviderKey(bool is_rsa)
      : is_rsa_(is_rsa), key_(is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")) {}
  ProviderKey(const ProviderKey&) = delete;
  ProviderKey& operator=(const ProviderKey&) = delete;
  ~ProviderKey() { EVP_PKEY_free(key_); }

  std::string public_jwk(const std::string& id) const {
    declare::JsonWriter json;
    json.begin_object().key("use").text("sig").key("kid").text(id).key("x5t").text("ignored");
    if (is_rsa_)
      json.key("kty")
          .text("RSA")
          .key("alg")
          .text("RS256")
          .key("n")
          .text(number(OSSL_PKEY_PARAM_RSA_N, 0))
          .key("e")
          .text(number(OSSL_PKEY_PARAM_RSA_E, 0));
    else
      json.key("kty")
          .text("EC")
          .key("crv")
          .text("P-256")
          .key("x")
          .text(number(OSSL_PKEY_PARAM_EC_PUB_X, 32))
          .key("y")
          .text(number(OSSL_PKEY_PARAM_EC_PUB_Y, 32));
    return json.end_object().str();
  }

  std::string sign(const std::string& text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    EVP_DigestSign(context, nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size());
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return is_rsa_ ? signature : as_two_numbers(signature);
  }

 private:
  std::string number(const char* name, int bytes) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_, name, &value);
    std::string out(static_cast<size_t>(bytes > 0 ? bytes : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(value);
    return base64_url(out);
  }
  // DER to the form of JWS: r and s of 32 bytes each.
  static std::string as_two_numbers(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string out(64, '\0');
    auto* into = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), into, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), into + 32, 32);
    ECDSA_SIG_free(signature);
    return out;
  }

  bool is_rsa_;
  EVP_PKEY* key_;
};

const ProviderKey& rsa_key() {
  static const ProviderKey key(true);
  return key;
}
const ProviderKey& ec_key() {
  static const ProviderKey key(false);
  return key;
}

using Members = std::map<std::string, std::string>;  // of JSON as it is written

std::string object_of(const Members& members) {
  std::string out;
  for (const auto& [name, value] : members)
    out += fmt::format("{}\"{}\":{}", out.empty() ? "{" : ",", name, value);
  return out + "}";
}

std::string token_of(const Members& head, const Members& claims, const ProviderKey& key) {
  const std::string text = base64_url(object_of(head)) + "." + base64_url(object_of(claims));
  return text + "." + base64_url(key.sign(text));
}

std::string json_word(const std::string& text) {
  return declare::json_text(text);
}

// A provider, as HttpClient.
class Provider final : public HttpClient {
 public:
  Task<HttpOutcome> send(HttpRequest request) override {
    requests.push_back(request);
    HttpReply reply;
    reply.status = 200;
    if (request.url == "https://login.test/realm/.well-known/openid-configuration")
      reply.body = object_of(configuration);
    else if (request.url == "https://login.test/keys")
      reply.body = "{\"keys\":[" + keys + "]}";
    else if (request.url == "https://login.test/token?x=1") {
      reply.status = token_status;
      reply.body = token_reply;
    } else
      reply.status = 404;
    co_return reply;
  }
  size_t asked(const std::string& end) const {
    return static_cast<size_t>(std::count_if(
        requests.begin(), requests.end(), [&](const HttpRequest& each) { return each.url.ends_with(end); }));
  }

  Members configuration = {{"issuer", json_word(kIssuer)},
                           {"authorization_endpoint", json_word("https://login.test/authorize")},
                           {"token_endpoint", json_word("https://login.test/token?x=1")},
                           {"jwks_uri", json_word("https://login.test/keys")}};
  std::string keys = rsa_key().public_jwk("r1") + "," + ec_key().public_jwk("e1");
  std::string token_reply = "{}";
  int token_status = 200;
  std::vector<HttpRequest> requests;
};

class OidcTest : public testing::Test {
 protected:
  OidcTest() {
    settings_.issuer = kIssuer;
    settings_.client_id = "penstock";
    settings_.client_secret = Secret("s3:cret");
    settings_.redirect_url = "https://penstock.test/back";
    settings_.default_role = Role::viewer;
  }
  void begin() {
    oidc_.emplace(loop_, provider_, settings_);
    auto start = loop_.run(oidc_->start());
    ASSERT_TRUE(start.ok()) << start.error().message;
    start_ = *std::move(start);
    nonce_ = parameter("nonce");
    callback_ = {.code = "c0de", .state = parameter("state"), .cookie = start_.cookie.reveal()};
    const int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(loop_.clock().now().time_since_epoch()).count();
    claims_ = {{"iss", json_word(kIssuer)},
               {"aud", json_word("penstock")},
               {"sub", json_word("u-1")},
               {"nonce", json_word(nonce_)}};
    claims_["exp"] = fmt::to_string(now + 300);
    claims_["iat"] = fmt::to_string(now);
    claims_["email"] = json_word("ana@test.org");
    claims_["email_verified"] = "true";
    head_ = {{"alg", json_word("RS256")}, {"kid", json_word("r1")}};
  }
  std::string parameter(const std::string& name) const {
    const size_t at = start_.url.find("&" + name + "=") + name.size() + 2;
    return percent_decode(start_.url.substr(at, start_.url.find('&', at) - at));
  }
  void answer(const ProviderKey& key = rsa_key()) {
    provider_.token_reply =
        "{\"access_token\":\"a\",\"id_token\":" + json_word(token_of(head_, claims_, key)) + "}";
  }
  // "NAME ROLE SUBJECT", or the error's message.
  std::string finish() {
    auto user = loop_.run(oidc_->finish(callback_));
    if (!user.ok()) {
      EXPECT_EQ(user.error().message.find("s3:cret"), std::string::npos);
      EXPECT_EQ(user.error().message.find("c0de"), std::string::npos);
      return user.error().message;
    }
    return fmt::format("{} {} {}", user->name, user->role ? name_of(*user->role) : name_of(user->first_role),
                       user->subject);
  }
  std::string finish_with(const std::string& claim, const std::string& value) {
    begin();
    if (value.empty())
      claims_.erase(claim);
    else
      claims_[claim] = value;
    answer();
    return finish();
  }

  SimLoop loop_;
  Provider provider_;
  OidcSettings settings_;
  std::optional<Oidc> oidc_;
  Oidc::Start start_;
  Oidc::Callback callback_;
  std::string nonce_;
  Members head_, claims_;
};

TEST_F(OidcTest, ALoginFromBeginningToEnd) {
  begin();
  EXPECT_TRUE(start_.url.starts_with(
      "https://login.test/authorize?response_type=code&client_id=penstock&redirect_uri="
      "https%3A%2F%2Fpenstock.test%2Fback&scope=openid%20email%20profile&state="));
  EXPECT_EQ(parameter("code_challenge_method"), "S256");
  answer();
  EXPECT_EQ(finish(), "ana@test.org viewer https://login.test/realm u-1");
  const auto token = std::find_if(provider_.requests.begin(), provider_.requests.end(),
                                  [](const HttpRequest& each) { return each.method == "POST"; });
  ASSERT_NE(token, provider_.requests.end());
  EXPECT_EQ(*find_header(token->headers, "Authorization"), "Basic " + base64("penstock:s3%3Acret"));
  EXPECT_THAT(
      token->body,
      HasSubstr("grant_type=authorization_code&code=c0de&redirect_uri=https%3A%2F%2Fpenstock.test%2Fback"));
  const std::string verifier = token->body.substr(token->body.rfind('=') + 1);
  EXPECT_EQ(base64_url(sha256(verifier)), parameter("code_challenge"));
  EXPECT_EQ(token->body.find("s3"), std::string::npos);
  const std::string first = start_.cookie.reveal();
  begin();
  EXPECT_NE(start_.cookie.reveal(), first);
}

TEST_F(OidcTest, SecretsGoWhereTheProviderTakesThem) {
  provider_.configuration["token_endpoint_auth_methods_supported"] = R"(["client_secret_post"])";
  begin();
  answer();
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
  EXPECT_THAT(provider_.requests[1].body, HasSubstr("&client_secret=s3%3Acret"));
  settings_.client_secret = Secret();
  provider_.requests.clear();
  begin();
  answer();
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
  EXPECT_EQ(find_header(provider_.requests[1].headers, "Authorization"), nullptr);
  EXPECT_EQ(provider_.requests[1].body.find("client_secret"), std::string::npos);
}

TEST_F(OidcTest, SignaturesThatHold) {
  begin();
  head_ = {{"alg", json_word("ES256")}, {"kid", json_word("e1")}};
  answer(ec_key());
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
  begin();
  head_ = {{"alg", json_word("RS256")}};  // without the key's id: any that fits
  answer();
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
}

TEST_F(OidcTest, SignaturesThatDoNotHold) {
  const ProviderKey another(true);
  begin();
  answer(another);
  EXPECT_THAT(finish(), HasSubstr("signature of the provider's token does not hold"));
  for (const char* algorithm : {"none", "HS256", "RS384", "PS256", "", "rs256"}) {
    begin();
    head_["alg"] = json_word(algorithm);
    answer();
    EXPECT_THAT(finish(), HasSubstr("neither by RS256 nor by ES256")) << algorithm;
  }
  // The key of one algorithm does not serve another.
  begin();
  head_ = {{"alg", json_word("ES256")}, {"kid", json_word("r1")}};
  answer();
  EXPECT_THAT(finish(), HasSubstr("does not publish"));
  // Claims that were changed after signing.
  begin();
  answer();
  const std::string good = token_of(head_, claims_, rsa_key());
  claims_["email"] = json_word("eve@test.org");
  const std::string other = token_of(head_, claims_, rsa_key());
  const auto part = [](const std::string& token, int nth) {
    size_t at = 0;
    for (int i = 0; i < nth; ++i) at = token.find('.', at) + 1;
    return token.substr(at, token.find('.', at) - at);
  };
  provider_.token_reply =
      "{\"id_token\":" + json_word(part(good, 0) + "." + part(other, 1) + "." + part(good, 2)) + "}";
  EXPECT_THAT(finish(), HasSubstr("does not hold"));
  for (const std::string& token :
       {std::string("x"), std::string(""), std::string("a.b.c"), part(good, 0) + "." + part(good, 1) + ".",
        part(good, 0) + "." + part(good, 1), good + ".x"}) {
    provider_.token_reply = "{\"id_token\":" + json_word(token) + "}";
    EXPECT_EQ(finish().find("ana@"), std::string::npos) << token;
  }
}

TEST_F(OidcTest, KeysAreAskedForAnewWhenTheyChange) {
  begin();
  answer();
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
  EXPECT_EQ(provider_.asked("/keys"), 1u);
  answer();
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
  EXPECT_EQ(provider_.asked("/keys"), 1u);
  const ProviderKey next(true);
  provider_.keys = next.public_jwk("r2");
  head_["kid"] = json_word("r2");
  answer(next);
  EXPECT_THAT(finish(), HasSubstr("ana@test.org"));
  EXPECT_EQ(provider_.asked("/keys"), 2u);
  head_["kid"] = json_word("r3");
  answer(next);
  EXPECT_THAT(finish(), HasSubstr("does not publish"));
  EXPECT_EQ(provider_.asked("/keys"), 3u);
}

TEST_F(OidcTest, ClaimsThatAreNotBelieved) {
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(loop_.clock().now().time_since_epoch()).count();
  const auto at = [&](int64_t seconds) { return fmt::to_string(now + seconds); };
  const std::tuple<const char*, std::string, const char*> wrong[] = {
      {"iss", json_word("https://login.test/other"), "another issuer"},
      {"iss", json_word("https://login.test/realm/"), "another issuer"},
      {"iss", "", "another issuer"},
      {"aud", json_word("other"), "another client"},
      {"aud", "", "another client"},
      {"aud", R"(["penstock","other"])", "made for another client"},
      {"azp", json_word("other"), "made for another client"},
      {"exp", at(-61), "has ended"},
      {"exp", "", "from when to when"},
      {"exp", json_word("soon"), "from when to when"},
      {"iat", at(61), "from the future"},
      {"iat", at(-901), "is old"},
      {"iat", "", "from when to when"},
      {"nbf", at(61), "from the future"},
      {"nonce", json_word("other"), "another login"},
      {"nonce", "", "another login"},
      {"sub", "", "names nobody"},
      {"email", "", "does not tell the claim 'email'"},
      {"email_verified", "false", "email address is verified"},
      {"email_verified", "", "email address is verified"},
      {"email", json_word("a b"), "cannot be the name"},
  };
  for (const auto& [claim, value, message] : wrong)
    EXPECT_THAT(finish_with(claim, value), HasSubstr(message)) << claim << " " << value;
  for (const auto& [claim, value] : {std::pair<const char*, std::string>{"exp", at(-59)},
                                     {"iat", at(59)},
                                     {"aud", R"(["penstock"])"},
                                     {"azp", json_word("penstock")},
                                     {"email_verified", json_word("true")}})
    EXPECT_THAT(finish_with(claim, value), HasSubstr("ana@test.org")) << claim << " " << value;
}

TEST_F(OidcTest, AnswersToOtherLogins) {
  const auto wrong = [&](const std::function<void()>& change) {
    begin();
    answer();
    change();
    const size_t before = provider_.requests.size();
    const std::string message = finish();
    EXPECT_EQ(provider_.requests.size(), before) << "no code is exchanged";
    return message;
  };
  EXPECT_THAT(wrong([&] { callback_.cookie = ""; }), HasSubstr("no cookie"));
  EXPECT_THAT(wrong([&] { callback_.cookie = "1.2.3"; }), HasSubstr("no cookie"));
  EXPECT_THAT(wrong([&] { callback_.cookie += ".x"; }), HasSubstr("no cookie"));
  EXPECT_THAT(wrong([&] { callback_.cookie = "x" + callback_.cookie; }), HasSubstr("no cookie"));
  EXPECT_THAT(wrong([&] { callback_.state = "other"; }), HasSubstr("state"));
  EXPECT_THAT(wrong([&] { callback_.state = ""; }), HasSubstr("state"));
  EXPECT_THAT(wrong([&] { callback_.iss = "https://evil.test"; }), HasSubstr("another provider"));
  EXPECT_THAT(wrong([&] { callback_.code = ""; }), HasSubstr("no code"));
  EXPECT_THAT(wrong([&] { callback_.error = "access_denied\x1b[0m"; }),
              HasSubstr("refuses: access_denied?[0m"));
  struct Sleeper {
    static Task<void> sleep(Loop& loop, Duration time) { co_await loop.sleep_for(time); }
  };
  EXPECT_THAT(wrong([&] { loop_.run(Sleeper::sleep(loop_, std::chrono::minutes(11))); }),
              HasSubstr("too long ago"));
}

TEST_F(OidcTest, ProvidersThatAreNone) {
  const auto message = [&](const std::string& name, const std::string& value) {
    Provider other;
    other.configuration[name] = value;
    Oidc oidc(loop_, other, settings_);
    auto start = loop_.run(oidc.start());
    return start.ok() ? "started" : start.error().message;
  };
  EXPECT_THAT(message("issuer", json_word("https://login.test/realm/")),
              HasSubstr("calls itself by another name"));
  for (const char* name : {"authorization_endpoint", "token_endpoint", "jwks_uri"})
    for (const char* url : {"http://login.test/x", "http://127.0.0.1.evil.test/", "ftp://x", ""})
      EXPECT_THAT(message(name, json_word(url)), HasSubstr("does not tell all its addresses")) << name << url;
  EXPECT_EQ(message("token_endpoint", json_word("http://127.0.0.1:80/t")), "started");
  begin();
  provider_.token_status = 400;
  provider_.token_reply = R"({"error":"invalid_grant","error_description":"x"})";
  EXPECT_EQ(finish(), "the login provider does not take the code: invalid_grant");
  provider_.token_reply = R"({"error":"<script>"})";
  EXPECT_EQ(finish(), "the login provider does not take the code: status 400");
  provider_.token_status = 200;
  provider_.token_reply = "{}";
  EXPECT_EQ(finish(), "the login provider does not take the code: status 200");
  provider_.token_status = 503;
  EXPECT_THAT(finish(), HasSubstr("status 503"));
}

TEST_F(OidcTest, RolesComeFromAClaim) {
  settings_.role_claim = "realm_access.roles";
  settings_.roles = {{"staff", Role::viewer}, {"ops", Role::admin}, {"editors", Role::editor}};
  settings_.default_role = std::nullopt;
  EXPECT_THAT(finish_with("realm_access", R"({"roles":["staff","editors","x"]})"), HasSubstr(" editor "));
  EXPECT_THAT(finish_with("realm_access", R"({"roles":"ops"})"), HasSubstr(" admin "));
  EXPECT_THAT(finish_with("realm_access", R"({"roles":["x"]})"), HasSubstr("has no role here"));
  EXPECT_THAT(finish_with("realm_access", R"(["ops"])"), HasSubstr("has no role here"));
  settings_.role_claim = "https://test.org/roles";
  EXPECT_THAT(finish_with("https://test.org/roles", R"(["ops"])"), HasSubstr(" admin "));
  settings_.default_role = Role::viewer;
  EXPECT_THAT(finish_with("https://test.org/roles", "[]"), HasSubstr(" viewer "));
  settings_.name_claim = "preferred_username";
  EXPECT_THAT(finish_with("preferred_username", json_word("ana")), HasSubstr("ana viewer"));
}

TEST(OidcSettingsTest, AreTheOperators) {
  Members variables;
  const auto read = [&](const Members& given) {
    variables = given;
    auto settings = oidc_settings(
        [&](const std::string& name) {
          const auto at = variables.find(name);
          return at == variables.end() ? std::nullopt : std::optional(at->second);
        },
        "https://p.test/back");
    if (!settings.ok()) return settings.error().message;
    if (!*settings) return std::string("none");
    std::string roles;
    for (const auto& [name, role] : (*settings)->roles) roles += fmt::format(" {}={}", name, name_of(role));
    return fmt::format("{} {}{}", (*settings)->issuer, (*settings)->client_id, roles);
  };
  EXPECT_EQ(read({}), "none");
  EXPECT_THAT(read({{"PENSTOCK_OIDC_ISSUER", "http://login.test"}}), HasSubstr("https://"));
  const Members least = {{"PENSTOCK_OIDC_ISSUER", kIssuer}, {"PENSTOCK_OIDC_CLIENT_ID", "p"}};
  EXPECT_THAT(read({{"PENSTOCK_OIDC_ISSUER", kIssuer}}), HasSubstr("PENSTOCK_OIDC_CLIENT_ID is not set"));
  EXPECT_THAT(read(least), HasSubstr("nobody would be let in"));
  const auto more = [&](Members added) {
    added.insert(least.begin(), least.end());
    return read(added);
  };
  EXPECT_EQ(more({{"PENSTOCK_OIDC_DEFAULT_ROLE", "viewer"}}), std::string(kIssuer) + " p");
  EXPECT_THAT(more({{"PENSTOCK_OIDC_DEFAULT_ROLE", "root"}}), HasSubstr("names no role"));
  EXPECT_EQ(more({{"PENSTOCK_OIDC_ROLE_CLAIM", "groups"}, {"PENSTOCK_OIDC_ROLES", "a=b=viewer,ops=admin"}}),
            std::string(kIssuer) + " p a=b=viewer ops=admin");
  for (const char* bad : {"ops", "ops=", "=admin", "ops=root", "ops=admin,,"})
    EXPECT_THAT(more({{"PENSTOCK_OIDC_ROLE_CLAIM", "groups"}, {"PENSTOCK_OIDC_ROLES", bad}}),
                HasSubstr("no list"))
        << bad;
}

TEST(ExternalUsers, AreMadeAtTheirFirstLogin) {
  const TempDirectory directory;
  const auto access = *Access::open(directory.path("access.db"), real_clock());
  ExternalUser ana{.name = "ana@test.org", .subject = "https://login.test u-1", .role = Role::editor};
  auto session = access->login_external(ana, "10.0.0.1");
  ASSERT_TRUE(session.ok()) << session.error().message;
  const auto who = [&] {
    auto identity = access->authenticate({.bearer = "", .session = session->cookie.reveal(), .address = ""});
    return identity.ok() ? identity->name + " " + std::string(name_of(identity->role))
                         : identity.error().message;
  };
  EXPECT_EQ(who(), "ana@test.org editor");
  EXPECT_TRUE(access->users()->at(0).is_external);
  EXPECT_EQ(
      access->set_password({"root", "cli"}, "ana@test.org", Secret("four words of a poem")).error().kind,
      ErrorKind::config);
  EXPECT_EQ(access->login("ana@test.org", Secret(""), "10.0.0.1").error().kind, ErrorKind::auth);
  // The provider's word on roles counts, at each login; without one the role that he has here.
  ana.role = Role::admin;
  EXPECT_TRUE(access->login_external(ana, "10.0.0.1").ok());
  EXPECT_EQ(who(), "ana@test.org admin");
  ana.role = std::nullopt;
  EXPECT_TRUE(access->login_external(ana, "10.0.0.1").ok());
  EXPECT_EQ(who(), "ana@test.org admin");
  // Another name there is the same user here; the same name of somebody else is refused.
  ana.name = "ana.b@test.org";
  EXPECT_EQ(access->login_external(ana, "10.0.0.1")->identity.name, "ana@test.org");
  const ExternalUser other{.name = "ana@test.org", .subject = "https://login.test u-2"};
  EXPECT_EQ(access->login_external(other, "10.0.0.1").error().kind, ErrorKind::auth);
  ASSERT_TRUE(access->add_user({"root", "cli"}, "bert", Role::admin, Secret("four words of a poem")).ok());
  EXPECT_EQ(
      access->login_external({.name = "Bert", .subject = "https://login.test u-3"}, "10.0.0.1").error().kind,
      ErrorKind::auth)
      << "a user with a password is not taken over";
  EXPECT_FALSE(access->login_external({.name = "x", .subject = ""}, "").ok());
  const auto log = *access->audit({.action = "user.role"});
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].result, "ok: admin, was editor, by the provider");
}

}  // namespace
}  // namespace penstock::access
