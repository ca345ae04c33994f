#include "config/addresses.h"

#include <gtest/gtest.h>

namespace penstock::config {
namespace {

std::vector<std::string> keys(const std::string& yaml) {
  std::vector<std::string> out;
  for (const auto& one : addresses_in_file("destinations/x.yaml", yaml)) out.push_back(one.key());
  return out;
}
using Keys = std::vector<std::string>;

TEST(Addresses, AreFoundInEveryForm) {
  EXPECT_EQ(keys("base_url: http://Crm.Internal./v1"), Keys{"crm.internal:80"});
  EXPECT_EQ(keys("base_url: https://user:pw@crm.internal:8443/v1?x=http"), Keys{"crm.internal:8443"});
  EXPECT_EQ(keys("base_url: http://[::1]:8080/"), Keys{"::1:8080"});
  EXPECT_EQ(keys("anything: 'see http://10.0.0.1/ and https://b'"), (Keys{"10.0.0.1:80", "b:443"}));
  EXPECT_EQ(keys("url: postgres://a:b@10.0.0.1,db2:5433/shop"), (Keys{"10.0.0.1:5432", "db2:5433"}));
  EXPECT_EQ(keys("url: host=10.0.0.1 dbname=shop"), Keys{"10.0.0.1:5432"});
  EXPECT_EQ(keys("url: 'postgres:///shop?hostaddr=10.0.0.1'"),
            (Keys{"postgres:///shop?hostaddr=10.0.0.1", "10.0.0.1:5432"}));
  EXPECT_EQ(keys("brokers: 'b1:9092, b2:9093'"), (Keys{"b1:9092", "b2:9093"}));
  EXPECT_EQ(keys("host: mail\nport: 25"), Keys{"mail:25"});
  EXPECT_EQ(keys("host: mail"), Keys{"mail:587"});
  EXPECT_EQ(keys("url: service=shop"), Keys{"service=shop"});
  EXPECT_EQ(keys("url: postgres://db/shop?port=6379"), (Keys{"db:5432", "postgres://db/shop?port=6379"}));
  EXPECT_EQ(keys("path: data/shop.duckdb"), Keys{"data/shop.duckdb"});
  EXPECT_EQ(keys("options: { instance: 169.254.169.254 }"), Keys{"169.254.169.254:587"});
  EXPECT_EQ(keys("url: http://127%2e0.0.1/"), Keys{"127.0.0.1:80"});
  EXPECT_EQ(keys("mode: upsert\nrate_share: 80%"), Keys{});
}

TEST(Addresses, WithReferencesInThemAreNoHosts) {
  const std::string text = "http://${env:CRM}.evil.example/x";
  EXPECT_EQ(keys("base_url: " + text), Keys{text});
  EXPECT_EQ(keys("base: '{setting.base_url}/v1'"), Keys{});
  EXPECT_EQ(keys("base: 'http://{setting.host}/v1'"), Keys{"http://{setting.host}/v1"});
  EXPECT_EQ(keys("base_url: '${env:CRM:-http://10.0.0.1}'"),
            (Keys{"${env:CRM:-http://10.0.0.1}", "10.0.0.1:80"}));
  EXPECT_TRUE(addresses_in_value("${env:CRM}").front().is_reference());
  EXPECT_TRUE(addresses_in_value("${secret:crm/url}").front().is_reference());
  for (const char* other :
       {"${env:CRM:-http://a}", "${file:tests/x.yaml}", "http://${env:CRM}", "${env:A}${env:B}"})
    EXPECT_FALSE(addresses_in_value(other).front().is_reference()) << other;
}

TEST(Addresses, KnowTheirField) {
  const auto found = addresses_in_file("alerts/ops.yaml", "type: webhook\nlogin: { token_url: http://a }\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].field, "login.token_url");
  EXPECT_EQ(found[0].place.show(), "alerts/ops.yaml:2:21");
}

TEST(Addresses, InNumbersAreToldInEveryNotation) {
  for (const char* text : {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost",
                           "LOCALHOST.", "a.localhost"})
    EXPECT_EQ(numeric_address(text), "127.0.0.1") << text;
  EXPECT_EQ(numeric_address("[::1]"), "::1");
  EXPECT_EQ(numeric_address("0xa9fea9fe"), "169.254.169.254");
  for (const char* text : {"127.example.com", "example.com", "beef", ""})
    EXPECT_EQ(numeric_address(text), "") << text;
}

}  // namespace
}  // namespace penstock::config
