#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

class Search : public testing::Test {
 protected:
  Search() { fill(); }
  explicit Search(const SandboxOptions& options) : sandbox(options) { fill(); }

  void fill() {
    create(
        R"("dealname":"Alpha One","amount":"5","dealstage":"closedwon","closedate":"2026-01-05","owner":"Ana")");
    create(
        R"("dealname":"beta","amount":"50","dealstage":"closedlost","closedate":"2026-02-05","owner":"ben")");
    create(R"("dealname":"Gamma","amount":"500","owner":"ana")");
    create(R"("dealname":"Delta")");
  }
  void create(std::string_view properties) {
    sandbox.post("/crm/v3/objects/deals", fmt::format(R"({{"properties":{{{}}}}})", properties));
  }
  ServerReply search(std::string_view body) {
    return sandbox.post("/crm/v3/objects/deals/search", std::string(body));
  }
  // The last digits of the ids found, for one group of filters.
  std::string find(std::string_view filters, std::string_view more = "") {
    const ServerReply reply =
        search(fmt::format(R"({{"filterGroups":[{{"filters":[{}]}}]{}}})", filters, more));
    return ids(reply);
  }
  static std::string ids(const ServerReply& reply) {
    if (reply.status != 200) return fmt::format("status {}", reply.status);
    std::string found;
    for (int i = 0;; ++i) {
      const std::string id = at(reply.body, fmt::format("/results/{}/id", i));
      if (id.empty()) return found;
      found += id.back();
    }
  }

  TestSandbox sandbox;
};

TEST_F(Search, by_equality) {
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"EQ","value":"ANA"})"), "13");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"EQ","value":"50.0"})"), "2");
  EXPECT_EQ(find(R"({"propertyName":"dealstage","operator":"EQ","value":"closedwon"})"), "1");
  EXPECT_EQ(find(R"({"propertyName":"dealstage","operator":"EQ","value":"ClosedWon"})"), "");
  EXPECT_EQ(find(R"({"propertyName":"closedate","operator":"EQ","value":"1767571200000"})"), "1");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"NEQ","value":"ana"})"), "2");
  EXPECT_EQ(find(R"({"propertyName":"hs_object_id","operator":"EQ","value":"10003"})"), "3");
  EXPECT_EQ(find(R"({"propertyName":"unheard_of","operator":"EQ","value":"x"})"), "");
}

TEST_F(Search, by_several_values) {
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"IN","values":["ana","ben","eve"]})"), "123");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"IN","values":["ANA","ben"]})"), "2");
  EXPECT_EQ(find(R"({"propertyName":"hs_object_id","operator":"IN","values":["10002","10004","x"]})"), "24");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"NOT_IN","values":["ana"]})"), "2");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"IN","values":[]})"), "status 400");
}

TEST_F(Search, by_presence_and_order) {
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"HAS_PROPERTY"})"), "123");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"NOT_HAS_PROPERTY"})"), "4");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"GT","value":"5"})"), "23");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"GTE","value":"5"})"), "123");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"LT","value":"50"})"), "1");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"LTE","value":"50"})"), "12");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"BETWEEN","value":"6","highValue":"500"})"), "23");
  EXPECT_EQ(find(R"({"propertyName":"amount","operator":"BETWEEN","value":"6"})"), "status 400");
}

TEST_F(Search, by_words) {
  EXPECT_EQ(find(R"({"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"one"})"), "1");
  EXPECT_EQ(find(R"({"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"on"})"), "");
  EXPECT_EQ(find(R"({"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"*lpha"})"), "1");
  EXPECT_EQ(find(R"({"propertyName":"dealname","operator":"CONTAINS_TOKEN","value":"*lt*"})"), "4");
  EXPECT_EQ(find(R"({"propertyName":"dealname","operator":"NOT_CONTAINS_TOKEN","value":"one"})"), "234");
  EXPECT_EQ(ids(search(R"({"query":"eta"})")), "2");
}

TEST_F(Search, groups_are_alternatives) {
  const ServerReply reply = search(R"({"filterGroups":[
    {"filters":[{"propertyName":"owner","operator":"EQ","value":"ana"},
                {"propertyName":"amount","operator":"GT","value":"100"}]},
    {"filters":[{"propertyName":"owner","operator":"EQ","value":"ben"}]}]})");
  EXPECT_EQ(ids(reply), "23");
  EXPECT_EQ(at(reply.body, "/total"), "2");
  EXPECT_EQ(ids(search(R"({"filterGroups":[]})")), "1234");
}

TEST_F(Search, follows_writes) {
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"EQ","value":"ben"})"), "2");
  sandbox.send("PATCH", "/crm/v3/objects/deals/10004", R"({"properties":{"owner":"ben"}})");
  sandbox.send("PATCH", "/crm/v3/objects/deals/10002", R"({"properties":{"owner":"zoe"}})");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"EQ","value":"ben"})"), "4");
  sandbox.send("DELETE", "/crm/v3/objects/deals/10004");
  EXPECT_EQ(find(R"({"propertyName":"owner","operator":"EQ","value":"ben"})"), "");
}

TEST_F(Search, sorts_and_pages) {
  EXPECT_EQ(ids(search(R"({"sorts":["-amount"]})")), "3214");
  EXPECT_EQ(ids(search(R"({"sorts":[{"propertyName":"amount","direction":"ASCENDING"}]})")), "1234");
  const ServerReply first = search(R"({"sorts":["dealname"],"limit":3,"properties":["dealname"]})");
  EXPECT_EQ(ids(first), "124");
  EXPECT_EQ(at(first.body, "/paging/next/after"), "3");
  EXPECT_JSON(at(first.body, "/results/0/properties"), R"({"dealname":"Alpha One"})");
  const ServerReply last = search(R"({"sorts":["dealname"],"limit":3,"after":"3"})");
  EXPECT_EQ(ids(last), "3");
  EXPECT_EQ(at(last.body, "/paging"), "");
}

TEST_F(Search, has_the_vendors_bounds) {
  const std::string filter = R"({"propertyName":"owner","operator":"HAS_PROPERTY"})";
  const auto group = [&](int filters) {
    std::string list;
    for (int i = 0; i < filters; ++i) list += (i == 0 ? "" : ",") + filter;
    return R"({"filters":[)" + list + "]}";
  };
  const auto status = [&](const std::string& body) { return search(body).status; };
  EXPECT_EQ(status(R"({"limit":201})"), 400);
  EXPECT_EQ(status(R"({"limit":200,"after":"9800"})"), 200);
  EXPECT_EQ(status(R"({"limit":200,"after":"9801"})"), 400);
  EXPECT_EQ(status(R"({"filterGroups":[)" + group(10) + "]}"), 200);
  EXPECT_EQ(status(R"({"filterGroups":[)" + group(11) + "]}"), 400);
  EXPECT_EQ(status(R"({"filterGroups":[)" + group(9) + "," + group(8) + "," + group(8) + "]}"), 200);
  EXPECT_EQ(status(R"({"filterGroups":[)" + group(9) + "," + group(9) + "," + group(8) + "]}"), 400);
  EXPECT_EQ(
      status(
          R"({"filterGroups":[{"filters":[]},{"filters":[]},{"filters":[]},{"filters":[]},{"filters":[]},{"filters":[]}]})"),
      400);
  for (const char* body :
       {"x", R"({"after":"x"})", R"({"after":5})", R"({"filterGroups":5})", R"({"sorts":["a","b"]})",
        R"({"filterGroups":[{"filters":[{"propertyName":"x","operator":"LIKE","value":"y"}]}]})",
        R"({"filterGroups":[{"filters":[{"propertyName":"x","operator":"EQ"}]}]})",
        R"({"properties":"x"})"}) {
    EXPECT_EQ(status(body), 400) << body;
  }
}

class LaggingSearch : public Search {
 protected:
  static SandboxOptions lagging() {
    SandboxOptions options = TestSandbox::no_limits();
    options.search_lag = 5s;
    return options;
  }
  LaggingSearch() : Search(lagging()) {}
};

TEST_F(LaggingSearch, does_not_find_what_was_just_written) {
  const std::string ana = R"({"propertyName":"owner","operator":"EQ","value":"ana"})";
  EXPECT_EQ(find(ana), "");
  sandbox.clock.advance(5s);
  EXPECT_EQ(find(ana), "13");
  sandbox.send("PATCH", "/crm/v3/objects/deals/10001", R"({"properties":{"owner":"zoe"}})");
  EXPECT_EQ(find(ana, R"(,"properties":["owner"])"), "13");
  sandbox.clock.advance(5s);
  EXPECT_EQ(find(ana), "3");
}

}  // namespace
}  // namespace penstock::sandbox
