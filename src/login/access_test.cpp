#include "login/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temp_directory.h"
#include "log/log.h"
#include "login/fake_vendor_test.h"
#include "login/key_test.h"

namespace penstock {
namespace {

using connector::Login;
using connector::TokenLogin;

Login token_login() {
  Login login;
  login.title = "Harbour";
  login.base = "https://api.example";
  TokenLogin token;
  token.method = "POST";
  token.url = "https://login.example/token";
  token.fields = {{"grant_type", "client_credentials"}, {"client_id", "us"}, {"client_secret", "s3cr=t&x"}};
  token.token_path = "access_token";
  token.expires_path = "expires_in";
  token.header = "Authorization";
  token.prefix = "Bearer ";
  login.act = token;
  login.secrets = {"s3cr=t&x"};
  return login;
}

Login refresh_login(std::string refresh_token = "first-refresh") {
  Login login = token_login();
  auto& token = std::get<TokenLogin>(login.act);
  token.fields[0].second = "refresh_token";
  token.refresh_token = refresh_token;
  login.secrets.push_back(refresh_token);
  return login;
}

struct Entry : testing::Test {
  SimLoop loop;
  FakeVendor vendor{loop};
  TempDirectory directory;
  std::unique_ptr<Access> access;

  void open(Login login) {
    access = std::make_unique<Access>(loop, vendor, std::move(login),
                                      RefreshTokens(real_disk(), directory.path("logins"), "crm"));
  }

  // One request of ours, as delivery sends it.
  static Task<Result<int>> call(Access& access, HttpClient& client) {
    for (uint32_t refusals = 0;; ++refusals) {
      HttpRequest request;
      request.method = "POST";
      request.url = "https://api.example/things";
      request.body = "{}";
      auto admitted = co_await access.admit(request);
      if (!admitted.ok()) co_return admitted.error();
      HttpOutcome outcome = co_await client.send(std::move(admitted->request));
      if (!outcome.replied()) co_return outcome.failure().error;
      if (outcome.reply().status != 401) co_return outcome.reply().status;
      if (!access.renew(admitted->pass, refusals, date_of(outcome.reply()))) co_return 401;
    }
  }
  Result<int> call() { return loop.run(call(*access, vendor)); }

  static Task<void> call_and_note(Access& access, HttpClient& client, std::vector<Result<int>>& into) {
    into.push_back(co_await call(access, client));
  }
  static Task<void> call_many(Loop& loop, Access& access, HttpClient& client, int count,
                              std::vector<Result<int>>& into) {
    TaskGroup group(loop);
    for (int i = 0; i < count; ++i) group.spawn(call_and_note(access, client, into));
    co_await group.join();
  }
  std::vector<Result<int>> call_at_once(int count) {
    std::vector<Result<int>> results;
    loop.run(call_many(loop, *access, vendor, count, results));
    return results;
  }
  static Task<void> sleep(Loop& loop, Duration time) { co_await loop.sleep_for(time); }
  void wait(Duration time) { loop.run(sleep(loop, time)); }
};

TEST_F(Entry, ATokenIsFetchedOnceAndUsedByAll) {
  open(token_login());
  for (const auto& result : call_at_once(20)) EXPECT_EQ(*result, 200);
  ASSERT_EQ(vendor.token_requests.size(), 1u);
  const HttpRequest& asked = vendor.token_requests[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.url, "https://login.example/token");
  EXPECT_EQ(asked.body, "grant_type=client_credentials&client_id=us&client_secret=s3cr%3Dt%26x");
  EXPECT_EQ(asked.headers,
            (Headers{{"Accept", "application/json"}, {"Content-Type", "application/x-www-form-urlencoded"}}));
  EXPECT_EQ(vendor.requests[0].headers, (Headers{{"Authorization", "Bearer token-1"}}));
}

TEST_F(Entry, ATokenIsRenewedBeforeItEnds) {
  open(token_login());
  for (int minute = 0; minute < 60; ++minute) {
    EXPECT_EQ(*call(), 200);
    wait(60s);
  }
  EXPECT_EQ(vendor.requests.size(), 60u) << "no request was ever refused";
  EXPECT_GE(vendor.token_requests.size(), 6u);
  EXPECT_LE(vendor.token_requests.size(), 7u);
}

TEST_F(Entry, TheWallClockMayJump) {
  open(token_login());
  EXPECT_EQ(*call(), 200);
  loop.sim_clock().jump_wall(-48h);
  wait(590s);
  EXPECT_EQ(*call(), 200);
  loop.sim_clock().jump_wall(96h);
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(vendor.token_requests.size(), 2u);
  EXPECT_EQ(vendor.requests.size(), 3u);
}

TEST_F(Entry, ARefusalRenewsOnceForAllThatWereUnderWay) {
  vendor.tells_lifetime = false;
  open(token_login());
  EXPECT_EQ(*call(), 200);
  vendor.revoke_all();
  for (const auto& result : call_at_once(16)) EXPECT_EQ(*result, 200);
  EXPECT_EQ(vendor.token_requests.size(), 2u);
  EXPECT_EQ(vendor.requests.size(), 1u + 16 + 16);
}

TEST_F(Entry, ASecondRefusalIsTheEnd) {
  vendor.tokens_hold = false;
  open(token_login());
  EXPECT_EQ(*call(), 401);
  EXPECT_EQ(vendor.token_requests.size(), 2u);
  EXPECT_EQ(vendor.requests.size(), 2u);
}

// Tokens end without saying so, and a request that has to wait for its turn finds one that another fetched
// meanwhile: that it is refused says nothing of the login.
TEST_F(Entry, ATokenThatAnotherRequestFetchedMayHaveEndedAsWell) {
  vendor.tells_lifetime = false;
  open(token_login());
  EXPECT_EQ(*call(), 200);
  const auto admit = [&] { return loop.run(access->admit(HttpRequest()))->pass; };
  const Pass first = admit();
  EXPECT_FALSE(first.is_fresh);
  EXPECT_TRUE(access->renew(first, 0, std::nullopt));
  EXPECT_EQ(vendor.token_requests.size(), 1u) << "nothing is fetched before it is needed";
  EXPECT_EQ(*call(), 200);
  const Pass second = admit();
  EXPECT_EQ(second.token, 2u);
  EXPECT_TRUE(access->renew(second, 1, std::nullopt));
  const Pass third = admit();
  EXPECT_TRUE(third.is_fresh);
  EXPECT_FALSE(access->renew(third, 2, std::nullopt)) << "this one was fetched for it";
  EXPECT_FALSE(access->renew(second, 4, std::nullopt)) << "not for ever";
}

TEST_F(Entry, WhileOneRenewsTheOthersGoOnWithTheOldToken) {
  open(token_login());
  EXPECT_EQ(*call(), 200);
  wait(550s);  // in the last minute
  vendor.token_latency = 20s;
  const Instant before = loop.now();
  std::vector<Result<int>> results = call_at_once(5);
  for (const auto& result : results) EXPECT_EQ(*result, 200);
  EXPECT_EQ(vendor.token_requests.size(), 2u);
  EXPECT_EQ(vendor.requests.size(), 6u);
  size_t with_old = 0;
  for (const auto& request : vendor.requests)
    if (*find_header(request.headers, "Authorization") == "Bearer token-1") ++with_old;
  EXPECT_EQ(with_old, 5u);
  EXPECT_GE(loop.now() - before, 20s);
}

TEST_F(Entry, AFailedRenewalDoesNoHarmWhileTheOldTokenHolds) {
  open(token_login());
  EXPECT_EQ(*call(), 200);
  wait(550s);
  vendor.next_tokens = {reply_of(400, R"({"error":"server_error"})")};
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(*call(), 200) << "and is not tried again at once";
  EXPECT_EQ(vendor.token_requests.size(), 2u);
  wait(15s);
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(vendor.token_requests.size(), 3u);
  EXPECT_EQ(*find_header(vendor.requests.back().headers, "Authorization"), "Bearer token-2");
}

TEST_F(Entry, ARefusedTokenRequestIsOneClearErrorWithoutSecrets) {
  vendor.next_tokens = {
      reply_of(401, R"({"error":"invalid_client","error_description":"s3cr=t&x is not the secret of us"})")};
  open(token_login());
  for (const auto& result : call_at_once(16)) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::auth);
    EXPECT_EQ(result.error().message,
              "Harbour gives no token: invalid_client: *** is not the secret of us (status 401)");
    EXPECT_EQ(result.error().remedy, "check the client id, secret and user in the destination's file");
  }
  EXPECT_EQ(vendor.token_requests.size(), 1u) << "nobody asks again";
  EXPECT_TRUE(vendor.requests.empty());
}

TEST_F(Entry, ARenewalThatIsRefusedMidRunSaysWhatToDo) {
  vendor.tells_lifetime = false;
  open(refresh_login());
  EXPECT_EQ(*call(), 200);
  vendor.revoke_all();
  vendor.next_tokens = {reply_of(400, R"({"error":"invalid_grant"})")};
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::auth);
  EXPECT_EQ(result.error().message, "Harbour gives no token: invalid_grant (status 400)");
  EXPECT_NE(result.error().remedy.find("connect at the vendor again"), std::string::npos);
}

TEST_F(Entry, WhatMayPassIsTriedAgain) {
  vendor.next_tokens = {reply_of(503, ""), no_reply(), reply_of(429, "", {{"Retry-After", "7"}})};
  open(token_login());
  const Instant before = loop.now();
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(vendor.token_requests.size(), 4u);
  EXPECT_GE(loop.now() - before, 10s);
  EXPECT_LE(loop.now() - before, 12s);
}

TEST_F(Entry, NobodyAnswersIsTransient) {
  for (int i = 0; i < 4; ++i) vendor.next_tokens.push_back(no_reply());
  open(token_login());
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::transient);
  EXPECT_EQ(result.error().message, "Harbour's token cannot be fetched: 127.0.0.1:1 refuses the connection");
  EXPECT_EQ(*call(), 200) << "the next request may try again";
}

TEST_F(Entry, AReplyWithoutTokenIsRefused) {
  vendor.next_tokens = {reply_of(200, R"({"ok":false,"token":"not-where-it-should-be"})")};
  open(token_login());
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "Harbour gives no token: its reply has no 'access_token' (status 200)");
}

TEST_F(Entry, TokensAreTakenOutOfTexts) {
  open(token_login());
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(access->without_secrets("with token-1 and s3cr=t&x"), "with *** and ***");
}

TEST_F(Entry, NeitherSettingsNorTokensReachTheLog) {
  std::string written;
  log::open({.format = log::Format::json}, real_clock(), [&](std::string_view line) { written += line; });
  open(token_login());
  EXPECT_EQ(*call(), 200);
  log::event(log::Level::error, "run_failed", {{"error", "Bearer token-1 was refused for s3cr=t&x"}});
  log::close();
  EXPECT_NE(written.find("Bearer *** was refused for ***"), std::string::npos) << written;
}

TEST_F(Entry, TheReplyMayMoveTheBase) {
  Login login = token_login();
  std::get<TokenLogin>(login.act).base_path = "instance_url";
  vendor.more = R"(,"instance_url":"https://eu7.example/")";
  open(login);
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(vendor.requests[0].url, "https://eu7.example/things");
}

TEST_F(Entry, ATokenNeverGoesOverALessSafeLine) {
  Login login = token_login();
  std::get<TokenLogin>(login.act).base_path = "instance_url";
  vendor.more = R"(,"instance_url":"http://eu7.example")";
  open(login);
  EXPECT_FALSE(call().ok());
  EXPECT_TRUE(vendor.requests.empty());
}

TEST_F(Entry, AGetCarriesEverythingInTheAddress) {
  Login login = token_login();
  auto& token = std::get<TokenLogin>(login.act);
  token.method = "GET";
  token.in_query = true;
  open(login);
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(
      vendor.token_requests[0].url,
      "https://login.example/token?grant_type=client_credentials&client_id=us&client_secret=s3cr%3Dt%26x");
  EXPECT_EQ(vendor.token_requests[0].body, "");
}

TEST_F(Entry, MissingSettingsAreNamed) {
  Login login = token_login();
  login.missing = {"client_id", "client_secret"};
  open(login);
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::config);
  EXPECT_EQ(result.error().message, "Harbour's login needs a value for 'client_id', 'client_secret'");
  EXPECT_TRUE(vendor.token_requests.empty());
}

// ---- Statements signed with a key

TEST_F(Entry, AStatementIsMadeAnewWithTheVendorsTime) {
  Login login = token_login();
  auto& token = std::get<TokenLogin>(login.act);
  token.fields = {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}};
  token.assertion = connector::Assertion{"us", "", "https://login.example", "", test_key(), "", 3min};
  open(login);
  vendor.skew = -10min;
  vendor.next_tokens = {
      reply_of(400, R"({"error":"invalid_grant","error_description":"issued in the future"})")};
  EXPECT_EQ(*call(), 200);
  ASSERT_EQ(vendor.token_requests.size(), 2u);
  const auto issued_at = [&](size_t i) {
    const std::string& body = vendor.token_requests[i].body;
    return claim_of(body.substr(body.find("assertion=") + 10), "iat");
  };
  EXPECT_NEAR(static_cast<double>(issued_at(0) - issued_at(1)), 600, 2);
}

TEST_F(Entry, AKeyThatIsNoneIsAMistakeOfTheProject) {
  Login login = token_login();
  auto& token = std::get<TokenLogin>(login.act);
  token.assertion = connector::Assertion{"us", "", "https://login.example", "", "not a key", "", 3min};
  open(login);
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::config);
  EXPECT_EQ(result.error().message, "the private key cannot be read");
}

// ---- Refresh tokens that change

std::string sent_refresh_token(const HttpRequest& request) {
  return request.body.substr(request.body.find("refresh_token=", 30) + 14);
}

TEST_F(Entry, ANewerRefreshTokenIsKeptForTheNextRun) {
  vendor.more = R"(,"refresh_token":"second-refresh")";
  open(refresh_login());
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(sent_refresh_token(vendor.token_requests[0]), "first-refresh");
  EXPECT_EQ(access->without_secrets("second-refresh"), "***");

  vendor.more = "";
  open(refresh_login());
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(sent_refresh_token(vendor.token_requests[1]), "second-refresh");

  open(refresh_login("given-by-a-person"));
  EXPECT_EQ(*call(), 200);
  EXPECT_EQ(sent_refresh_token(vendor.token_requests[2]), "given-by-a-person");
}

TEST_F(Entry, TwoProcessesNeverUseOneRefreshTokenAtOnce) {
  vendor.more = R"(,"refresh_token":"second-refresh")";
  open(refresh_login());
  Access other(loop, vendor, refresh_login(), RefreshTokens(real_disk(), directory.path("logins"), "crm"));
  std::vector<Result<int>> results;
  loop.spawn(call_and_note(other, vendor, results));
  EXPECT_EQ(*call(), 200);
  wait(1s);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(*results[0], 200);
  ASSERT_EQ(vendor.token_requests.size(), 2u);
  EXPECT_NE(sent_refresh_token(vendor.token_requests[0]), sent_refresh_token(vendor.token_requests[1]));
}

TEST_F(Entry, WhatIsKeptIsForItsOwnerOnly) {
  vendor.more = R"(,"refresh_token":"second-refresh")";
  open(refresh_login());
  EXPECT_EQ(*call(), 200);
  struct stat facts{};
  ASSERT_EQ(::stat(directory.path("logins/crm.json").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  const std::string text = *real_disk().read(directory.path("logins/crm.json"));
  EXPECT_NE(text.find("second-refresh"), text.npos);
  EXPECT_EQ(text.find("first-refresh"), text.npos);
}

TEST_F(Entry, ATokenThatCouldNotBeKeptIsNotAskedFor) {
  ASSERT_TRUE(real_disk().replace(directory.path("logins"), "a file where the directory should be").ok());
  open(refresh_login());
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::disk);
  EXPECT_TRUE(vendor.token_requests.empty());
}

TEST_F(Entry, ADamagedFileIsSaid) {
  ASSERT_TRUE(real_disk().make_directories(directory.path("logins")).ok());
  ASSERT_TRUE(real_disk().replace(directory.path("logins/crm.json"), "{}").ok());
  open(refresh_login());
  const auto result = call();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::disk);
  EXPECT_NE(result.error().message.find("crm.json is not what was written there"), std::string::npos);
}

// ---- Signatures

TEST_F(Entry, ASignatureIsMadeAnewWithTheDestinationsTime) {
  Login login;
  login.act = connector::SigV4Login{"AKID", "secret", "", "eu-central-1", "s3"};
  open(login);
  const Time theirs = loop.clock().now() + 20min;
  EXPECT_FALSE(access->renew({}, 0, loop.clock().now() + 2s)) << "the clock is not to blame";
  EXPECT_TRUE(access->renew({}, 0, theirs));
  EXPECT_FALSE(access->renew({}, 0, theirs)) << "once";
  EXPECT_FALSE(access->renew({}, 1, theirs + 20min)) << "it was signed anew";
  EXPECT_FALSE(access->renew({}, 0, std::nullopt));
}

TEST_F(Entry, ParametersOfTheAddressAreNotForRecords) {
  Login login;
  login.query = {{"api key", "a&b"}};
  open(login);
  HttpRequest request;
  request.url = "https://api.example/x?y=1";
  const auto admitted = loop.run(access->admit(request));
  EXPECT_EQ(admitted->request.url, "https://api.example/x?y=1&api%20key=a%26b");
  EXPECT_EQ(admitted->url, "https://api.example/x?y=1");
}

}  // namespace
}  // namespace penstock
