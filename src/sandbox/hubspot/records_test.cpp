#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

constexpr const char* kContacts = "/crm/v3/objects/contacts";

TEST(Record, is_created_read_updated_and_archived) {
  TestSandbox sandbox;
  const ServerReply created =
      sandbox.post(kContacts, R"({"properties":{"email":"A@x.org","firstname":"Ana"},"associations":[]})");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(at(created.body, "/id"), "10001");
  EXPECT_EQ(at(created.body, "/properties/email"), "a@x.org");
  const std::string path = std::string(kContacts) + "/10001";
  EXPECT_EQ(at(sandbox.get(path + "?properties=firstname,phone").body, "/properties/firstname"), "Ana");
  EXPECT_EQ(at(sandbox.get(std::string(kContacts) + "/a%40x.org?idProperty=email").body, "/id"), "10001");
  EXPECT_EQ(sandbox.send("PATCH", path, R"({"properties":{"firstname":"Eva"}})").status, 200);
  EXPECT_EQ(sandbox
                .send("PATCH", std::string(kContacts) + "/a%40x.org?idProperty=email",
                      R"({"properties":{"lastname":"Z"}})")
                .status,
            200);
  EXPECT_JSON(at(sandbox.records(), "/0/properties"),
              R"({"email":"a@x.org","firstname":"Eva","lastname":"Z"})");
  EXPECT_EQ(sandbox.send("DELETE", path).status, 204);
  EXPECT_EQ(sandbox.send("DELETE", path).status, 204);
  EXPECT_EQ(sandbox.get(path).status, 404);
}

TEST(Record, refusals_have_their_status) {
  TestSandbox sandbox;
  sandbox.post(kContacts, R"({"properties":{"email":"a@x.org"}})");
  EXPECT_EQ(sandbox.post(kContacts, R"({"properties":{"email":"a@x.org"}})").status, 409);
  EXPECT_EQ(sandbox.post(kContacts, R"({"properties":{"email":"bad"}})").status, 400);
  EXPECT_EQ(sandbox.post(kContacts, R"({"properties":{"lifecyclestage":"bad"}})").status, 400);
  EXPECT_EQ(sandbox.post(kContacts, R"({"properties":7})").status, 400);
  EXPECT_EQ(sandbox.post(kContacts, "nonsense").status, 400);
  EXPECT_EQ(sandbox.send("PATCH", std::string(kContacts) + "/77", R"({"properties":{}})").status, 404);
  const std::string stats = sandbox.get("/_sandbox/stats").body;
  EXPECT_EQ(at(stats, "/rows"), "6");
  EXPECT_EQ(at(stats, "/rejected"), "5");
}

TEST(Records, are_listed_page_by_page) {
  TestSandbox sandbox;
  for (int i = 0; i < 7; ++i)
    sandbox.post(kContacts, fmt::format(R"({{"properties":{{"email":"p{}@x.org"}}}})", i));
  sandbox.send("DELETE", std::string(kContacts) + "/10003");
  std::string ids;
  std::string after;
  for (int page = 0; page < 10; ++page) {
    const std::string body = sandbox.get(fmt::format("{}?limit=2&after={}", kContacts, after)).body;
    for (int i = 0; !at(body, fmt::format("/results/{}/id", i)).empty(); ++i) {
      ids += at(body, fmt::format("/results/{}/id", i)) + " ";
    }
    after = at(body, "/paging/next/after");
    if (after.empty()) break;
  }
  EXPECT_EQ(ids, "10001 10002 10004 10005 10006 10007 ");
  EXPECT_EQ(at(sandbox.get(std::string(kContacts) + "?archived=true").body, "/results/0/id"), "10003");
  EXPECT_EQ(sandbox.get(std::string(kContacts) + "?limit=101").status, 400);
  EXPECT_EQ(sandbox.get(std::string(kContacts) + "?limit=x").status, 400);
  EXPECT_EQ(sandbox.get(std::string(kContacts) + "?after=x").status, 400);
}

}  // namespace
}  // namespace penstock::sandbox
