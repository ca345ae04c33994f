#include "net/address_guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "net/client_fixture_test.h"
#include "net/http_server.h"
#include "net/http_stream.h"

namespace penstock {
namespace {

// The guard of the process, taken away again after each test.
class AddressGuardTest : public HttpClientTest {
 protected:
  void SetUp() override {
    CurlClientOptions options;
    options.guarded = true;
    use_client(options);
  }
  void TearDown() override { install_address_guard(nullptr); }

  static void guard(std::set<std::string, std::less<>> trusted,
                    const std::vector<std::string>& allowed = {}) {
    auto made = std::make_shared<AddressGuard>();
    made->policy = *AddressPolicy::guarded(allowed);
    made->trusted = std::move(trusted);
    install_address_guard(std::move(made));
  }
  std::string port() const { return server->url().substr(server->url().rfind(':') + 1); }
  std::string key() const { return "127.0.0.1:" + port(); }
  static void expect_refused(const HttpOutcome& outcome) {
    ASSERT_FALSE(outcome.replied()) << text_of(outcome);
    EXPECT_EQ(outcome.failure().error.kind, ErrorKind::permission) << text_of(outcome);
  }

  std::atomic<int> requests = 0;
  std::string redirect;
  std::unique_ptr<HttpServer> server = *HttpServer::start({}, [this](const ServerRequest& request) {
    ++requests;
    ServerReply reply;
    if (request.path == "/away") {
      reply.status = 302;
      reply.headers.emplace_back("Location", redirect);
    }
    return reply;
  });
};

TEST_F(AddressGuardTest, holds_for_what_the_operator_does_not_name) {
  EXPECT_EQ(text_of(get(server->url())), "status 200");
  guard({"127.0.0.1:1"});
  expect_refused(get(server->url()));  // also over the connection that is still there
  guard({key()});
  EXPECT_EQ(text_of(get(server->url())), "status 200");
  expect_refused(get("http://127.0.0.2:" + port()));
  guard({}, {"127.0.0.1"});
  EXPECT_EQ(text_of(get("http://localhost:" + port())), "status 200");
  EXPECT_EQ(requests, 3);
}

TEST_F(AddressGuardTest, goes_along_with_redirects) {
  guard({}, {"127.0.0.1"});
  redirect = fmt::format("http://127.0.0.2:{}/", port());
  expect_refused(send({.url = server->url() + "/away", .redirects_max = 3}));
  EXPECT_EQ(requests, 1);
}

TEST_F(AddressGuardTest, is_not_for_the_operators_own_clients) {
  guard({});
  use_client({});
  EXPECT_EQ(text_of(get(server->url())), "status 200");
}

TEST_F(AddressGuardTest, holds_for_streams) {
  guard({});
  const auto refused = HttpStream::post({.method = "POST", .url = server->url()}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::permission);
  guard({key()});
  EXPECT_TRUE(HttpStream::post({.method = "POST", .url = server->url()}, {}).ok());
  EXPECT_EQ(requests, 1);
}

TEST_F(AddressGuardTest, knows_texts_as_a_whole) {
  guard({"redis://10.0.0.1"});
  EXPECT_FALSE(policy_for_text("redis://10.0.0.1").public_only);
  EXPECT_TRUE(policy_for_text("redis://10.0.0.1/1").public_only);
  EXPECT_TRUE(check_before_connecting(policy_for_text("redis://10.0.0.1"), "10.0.0.1").ok());
  for (const char* host : {"10.0.0.1", "localhost", "/var/run/postgresql", "", "[::1]", "2130706433"})
    EXPECT_FALSE(check_before_connecting(policy_for_text("x"), host).ok()) << host;
  EXPECT_TRUE(check_before_connecting(policy_for_text("x"), "8.8.8.8").ok());
  EXPECT_EQ(address_key("[FD00::1]", 80), "fd00::1:80");
  EXPECT_EQ(address_key("Db.Internal.", 5432), "db.internal:5432");
}

}  // namespace
}  // namespace penstock
