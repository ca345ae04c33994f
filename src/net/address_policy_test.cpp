#include "net/address_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/client_fixture_test.h"
#include "net/http_server.h"

namespace penstock {
namespace {

std::string kind_of(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address) return "not an address";
  return std::string(special_kind(*address).value_or("public"));
}

TEST(AddressPolicyTest, what_is_not_for_everybody) {
  for (const char* text :
       {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "169.253.255.255", "100.63.255.255",
        "100.128.0.0", "11.0.0.0", "9.255.255.255", "192.167.255.255", "223.255.255.255", "2606:4700::1111",
        "2a00:1450:4001::1", "2001:4860:4860::8888", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"})
    EXPECT_EQ(kind_of(text), "public") << text;
  for (const char* text :
       {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::127.0.0.1"})
    EXPECT_EQ(kind_of(text), "a loopback address") << text;
  for (const char* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd12::1",
                           "fc00::", "::ffff:192.168.0.1", "fec0::1"})
    EXPECT_EQ(kind_of(text), "a private address") << text;
  for (const char* text :
       {"169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "::ffff:a9fe:a9fe"})
    EXPECT_EQ(kind_of(text), "an address of cloud metadata") << text;
  for (const char* text : {"169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"})
    EXPECT_EQ(kind_of(text), "a link-local address") << text;
  for (const char* text : {"224.0.0.1", "239.255.255.255", "ff02::1"})
    EXPECT_EQ(kind_of(text), "a multicast address") << text;
  for (const char* text : {"0.0.0.0", "0.1.2.3", "::"})
    EXPECT_EQ(kind_of(text), "an address of this machine") << text;
  for (const char* text :
       {"240.0.0.1", "255.255.255.255", "::8.8.8.8", "64:ff9b:1::1", "100::1", "5f00::1", "4000::1"})
    EXPECT_EQ(kind_of(text), "a reserved address") << text;
  for (const char* text : {"2002:7f00:1::", "2001::1", "192.0.0.1", "192.88.99.1"})
    EXPECT_EQ(kind_of(text), "a special address") << text;
  for (const char* text : {"", "x", "1.2.3", "2130706433", "0x7f.1", "1.2.3.4.5", "1:2", "256.1.1.1"})
    EXPECT_EQ(kind_of(text), "not an address") << text;
}

TEST(AddressPolicyTest, ranges) {
  const auto holds = [](std::string_view range, std::string_view address) {
    return AddressRange::parse(range)->holds(*IpAddress::parse(address));
  };
  EXPECT_TRUE(holds("10.1.0.0/16", "10.1.255.1"));
  EXPECT_FALSE(holds("10.1.0.0/16", "10.2.0.1"));
  EXPECT_TRUE(holds("10.1.0.0/16", "::ffff:10.1.2.3"));
  EXPECT_TRUE(holds("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(holds("10.1.2.3", "10.1.2.2"));
  EXPECT_TRUE(holds("10.1.2.3/31", "10.1.2.2"));
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.7"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(holds("fd00::/8", "fdff::1"));
  EXPECT_TRUE(holds("::/0", "10.0.0.1"));
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
                           "localhost", "10/8", "fe80::1%eth0/10"})
    EXPECT_FALSE(AddressRange::parse(text).ok()) << text;
}

TEST(AddressPolicyTest, what_the_operator_allows) {
  const AddressPolicy open;
  EXPECT_FALSE(open.refuses(*IpAddress::parse("127.0.0.1")));
  const AddressPolicy guarded = *AddressPolicy::guarded({"10.20.0.0/16", "::1"});
  EXPECT_FALSE(guarded.refuses(*IpAddress::parse("10.20.3.4")));
  EXPECT_FALSE(guarded.refuses(*IpAddress::parse("::1")));
  EXPECT_FALSE(guarded.refuses(*IpAddress::parse("8.8.8.8")));
  EXPECT_EQ(guarded.refuses(*IpAddress::parse("10.21.3.4")), "a private address");
  EXPECT_EQ(guarded.refuses(*IpAddress::parse("127.0.0.1")), "a loopback address");
  EXPECT_FALSE(AddressPolicy::guarded({"10.0.0.0/99"}).ok());
}

// The real client and a real server on loopback, by all the names that it has.
class GuardedClientTest : public HttpClientTest {
 protected:
  void guard(const std::vector<std::string>& allowed) {
    CurlClientOptions options;
    options.addresses = *AddressPolicy::guarded(allowed);
    use_client(options);
  }
  std::string port() const { return server->url().substr(server->url().rfind(':')); }
  static void expect_refused(const HttpOutcome& outcome, std::string_view kind) {
    ASSERT_FALSE(outcome.replied()) << text_of(outcome);
    EXPECT_NE(text_of(outcome).find(kind), std::string::npos) << text_of(outcome);
    EXPECT_EQ(outcome.failure().error.kind, ErrorKind::permission) << text_of(outcome);
    EXPECT_FALSE(outcome.failure().error.remedy.empty());
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

TEST_F(GuardedClientTest, loopback_by_all_its_names) {
  guard({});
  for (const char* host :
       {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.2", "localhost",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "[::]", "[::1]"}) {
    const HttpOutcome outcome = get(fmt::format("http://{}{}/", host, port()));
    expect_refused(outcome, "address");
    EXPECT_FALSE(outcome.failure().may_have_arrived) << host;
  }
  expect_refused(post(server->url() + "/", "x"), "a loopback address");
  EXPECT_EQ(requests, 0) << "nothing was connected to, let alone sent";
}

TEST_F(GuardedClientTest, metadata_and_private_networks) {
  guard({});
  expect_refused(get("http://169.254.169.254/latest/meta-data/"), "an address of cloud metadata");
  expect_refused(get("http://10.0.0.1/"), "a private address");
  expect_refused(get("http://[fd00::1]/"), "a private address");
  expect_refused(get("https://192.168.0.1/"), "a private address");
}

TEST_F(GuardedClientTest, what_is_allowed_is_reached) {
  guard({"127.0.0.1"});
  EXPECT_EQ(text_of(get(server->url() + "/")), "status 200");
  expect_refused(get(fmt::format("http://127.0.0.2{}/", port())), "a loopback address");
  EXPECT_EQ(text_of(get(fmt::format("http://2130706433{}/", port()))), "status 200");
}

TEST_F(GuardedClientTest, a_redirect_leads_nowhere_else) {
  guard({"127.0.0.1"});
  redirect = fmt::format("http://127.0.0.2{}/", port());
  expect_refused(send({.url = server->url() + "/away", .redirects_max = 3}), "a loopback address");
  EXPECT_EQ(requests, 1);
  redirect = fmt::format("http://127.0.0.1{}/", port());
  EXPECT_EQ(text_of(send({.url = server->url() + "/away", .redirects_max = 3})), "status 200");
}

TEST_F(GuardedClientTest, no_proxy_looks_up_names_for_us) {
  guard({});
  ::setenv("http_proxy", server->url().c_str(), 1);
  const HttpOutcome outcome = get(fmt::format("http://127.0.0.3{}/", port()));
  ::unsetenv("http_proxy");
  expect_refused(outcome, "a loopback address");
  EXPECT_EQ(requests, 0);
}

}  // namespace
}  // namespace penstock
