#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

constexpr const char* kGateContacts = "/crm/v3/objects/contacts";

std::string header(const ServerReply& reply, std::string_view name) {
  const std::string* value = find_header(reply.headers, name);
  return value == nullptr ? "" : *value;
}

TEST(Login, needs_a_token_that_is_good) {
  TestSandbox sandbox;
  sandbox.token = "";
  const ServerReply none = sandbox.get(kGateContacts);
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(at(none.body, "/category"), "INVALID_AUTHENTICATION");
  sandbox.token = "secret";
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  sandbox.post("/_sandbox/token", R"({"token":"secret","state":"expired"})");
  EXPECT_EQ(at(sandbox.get(kGateContacts).body, "/category"), "EXPIRED_AUTHENTICATION");
  sandbox.post("/_sandbox/token", R"({"token":"secret","state":"revoked"})");
  EXPECT_EQ(sandbox.get(kGateContacts).status, 401);
  sandbox.post("/_sandbox/token", R"({"token":"secret","state":"valid"})");
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
}

TEST(Login, hands_out_tokens) {
  TestSandbox sandbox;
  sandbox.token = "";
  const std::string form = "grant_type=refresh_token&client_id=i&client_secret=s&refresh_token=r%2B1";
  const ServerReply reply = sandbox.post("/oauth/v1/token", form);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(at(reply.body, "/refresh_token"), "r+1");
  EXPECT_EQ(at(reply.body, "/expires_in"), "1800");
  sandbox.token = at(reply.body, "/access_token");
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  EXPECT_EQ(sandbox.post("/oauth/v1/token", "grant_type=refresh_token&refresh_token=r").status, 400);
  EXPECT_EQ(sandbox.post("/oauth/v1/token", "grant_type=password").status, 400);
  sandbox.post("/_sandbox/token", R"({"token":"r+1","state":"revoked"})");
  EXPECT_EQ(sandbox.post("/oauth/v1/token", form).status, 400);
}

TEST(Limits, are_the_vendors_unless_told_otherwise) {
  TestSandbox sandbox{SandboxOptions{}};
  for (int i = 0; i < 190; ++i) {
    const ServerReply reply = sandbox.get(kGateContacts);
    ASSERT_EQ(reply.status, 200);
    ASSERT_EQ(header(reply, "X-HubSpot-RateLimit-Remaining"), std::to_string(189 - i));
  }
  sandbox.clock.advance(9'999ms);
  const ServerReply refused = sandbox.get(kGateContacts);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(at(refused.body, "/policyName"), "TEN_SECONDLY_ROLLING");
  EXPECT_EQ(at(refused.body, "/message"), "You have reached your ten_secondly_rolling limit.");
  EXPECT_EQ(at(refused.body, "/errorType"), "RATE_LIMIT");
  EXPECT_EQ(at(refused.body, "/category"), "RATE_LIMITS");
  EXPECT_EQ(at(refused.body, "/correlationId").size(), 36u);
  EXPECT_EQ(header(refused, "X-HubSpot-RateLimit-Max"), "190");
  EXPECT_EQ(header(refused, "X-HubSpot-RateLimit-Interval-Milliseconds"), "10000");
  EXPECT_EQ(header(refused, "X-HubSpot-RateLimit-Daily"), "625000");
  EXPECT_EQ(header(refused, "X-HubSpot-RateLimit-Daily-Remaining"), "624810");
  EXPECT_EQ(header(refused, "Retry-After"), "");
  EXPECT_EQ(header(sandbox.get(kGateContacts), "Retry-After"), "1");
  sandbox.clock.advance(1ms);
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  EXPECT_EQ(at(sandbox.get("/_sandbox/stats").body, "/throttled"), "2");
}

TEST(Limits, count_every_token_for_itself) {
  SandboxOptions options;
  options.limit = RateLimit{2, 1s};
  TestSandbox sandbox(options);
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  EXPECT_EQ(sandbox.get(kGateContacts).status, 429);
  sandbox.token = "other";
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
}

TEST(Limits, of_a_day_are_shared_and_end_at_midnight) {
  SandboxOptions options;
  options.daily_limit = 3;
  TestSandbox sandbox(options);
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  sandbox.token = "other";
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
  EXPECT_EQ(header(sandbox.get(kGateContacts), "X-HubSpot-RateLimit-Daily-Remaining"), "0");
  const ServerReply refused = sandbox.get(kGateContacts);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(at(refused.body, "/policyName"), "DAILY");
  sandbox.clock.advance(24h);
  EXPECT_EQ(sandbox.get(kGateContacts).status, 200);
}

TEST(Limits, of_search_are_counted_apart_and_without_headers) {
  TestSandbox sandbox{SandboxOptions{}};
  const auto search = [&] { return sandbox.post("/crm/v3/objects/contacts/search", "{}"); };
  for (int i = 0; i < 5; ++i) {
    const ServerReply reply = search();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(header(reply, "X-HubSpot-RateLimit-Max"), "");
  }
  EXPECT_EQ(at(search().body, "/policyName"), "SECONDLY");
  EXPECT_EQ(header(sandbox.get(kGateContacts), "X-HubSpot-RateLimit-Remaining"), "189");
  sandbox.clock.advance(1s);
  EXPECT_EQ(search().status, 200);
}

TEST(Limits, can_be_switched_off) {
  TestSandbox sandbox;
  for (int i = 0; i < 300; ++i) ASSERT_EQ(sandbox.get(kGateContacts).status, 200);
  EXPECT_EQ(header(sandbox.get(kGateContacts), "X-HubSpot-RateLimit-Max"), "");
}

}  // namespace
}  // namespace penstock::sandbox
