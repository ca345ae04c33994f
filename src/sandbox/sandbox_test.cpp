#include "sandbox/sandbox.h"

#include <gtest/gtest.h>

#include "net/curl_client.h"

namespace penstock {
namespace {

// A sandbox on a real port, and a client that talks to it.
class SandboxOnPort : public testing::Test {
 protected:
  void start(SandboxOptions options) {
    auto sandbox = Sandbox::start(options);
    ASSERT_TRUE(sandbox.ok()) << sandbox.error().message;
    sandbox_ = *std::move(sandbox);
    auto client = CurlClient::create(loop_);
    ASSERT_TRUE(client.ok());
    client_ = *std::move(client);
  }

  HttpOutcome send(std::string method, std::string path, std::string body = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = sandbox_->url() + path;
    request.headers = {{"Authorization", "Bearer t"}, {"Content-Type", "application/json"}};
    request.body = std::move(body);
    request.timeouts.first_byte = 300ms;
    return loop_.run(client_->send(std::move(request)));
  }

  RealLoop loop_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<CurlClient> client_;
};

constexpr const char* kUpsert = "/crm/v3/objects/contacts/batch/upsert";
constexpr const char* kRow =
    R"({"inputs":[{"id":"a@x.org","idProperty":"email","properties":{"firstname":"Ana"}}]})";

TEST_F(SandboxOnPort, serves_the_vendors_paths_and_its_own) {
  start({});
  EXPECT_NE(sandbox_->port(), 0);
  HttpOutcome upsert = send("POST", kUpsert, kRow);
  ASSERT_TRUE(upsert.replied()) << upsert.failure().error.message;
  EXPECT_EQ(upsert.reply().status, 200);
  EXPECT_EQ(*upsert.reply().header("content-type"), "application/json;charset=utf-8");
  EXPECT_EQ(*upsert.reply().header("x-hubspot-ratelimit-remaining"), "189");
  HttpOutcome records = send("GET", "/_sandbox/records/contacts");
  ASSERT_TRUE(records.replied());
  EXPECT_NE(records.reply().body.find("\"firstname\":\"Ana\""), std::string::npos);
  HttpOutcome archived = send("DELETE", "/crm/v3/objects/contacts/10001");
  ASSERT_TRUE(archived.replied());
  EXPECT_EQ(archived.reply().status, 204);
}

TEST_F(SandboxOnPort, faults_reach_the_wire) {
  start({});
  for (const char* kind : {"reset", "stall", "partial", "noise"}) {
    send("POST", "/_sandbox/fault", std::string(R"({"path":"/crm","kind":")") + kind + "\"}");
    HttpOutcome outcome = send("POST", kUpsert, kRow);
    ASSERT_FALSE(outcome.replied()) << kind;
    EXPECT_TRUE(outcome.failure().may_have_arrived) << kind;
  }
  EXPECT_TRUE(send("POST", kUpsert, kRow).replied());
}

TEST_F(SandboxOnPort, takes_several_threads) {
  SandboxOptions options;
  options.threads = 3;
  options.latency = 5ms;
  start(options);
  EXPECT_TRUE(send("POST", kUpsert, kRow).replied());
}

TEST(Sandbox, says_why_it_cannot_start) {
  SandboxOptions options;
  options.vendor = "nobody";
  EXPECT_EQ(Sandbox::start(options).error().kind, ErrorKind::config);
  options = {};
  options.address = "not an address";
  EXPECT_EQ(Sandbox::start(options).error().kind, ErrorKind::config);
  const auto first = Sandbox::start({});
  ASSERT_TRUE(first.ok());
  options = {};
  options.port = (*first)->port();
  EXPECT_EQ(Sandbox::start(options).error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace penstock
