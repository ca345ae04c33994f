#include "sandbox/hubspot/links.h"

#include <gtest/gtest.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

class Links : public testing::Test {
 protected:
  void SetUp() override {
    sandbox_.batch("create", R"({"inputs":[{"properties":{"email":"a@x.org"},"objectWriteTraceId":"1"},)"
                             R"({"properties":{"email":"b@x.org"},"objectWriteTraceId":"2"}]})");
    sandbox_.post("/crm/v3/objects/companies", R"({"properties":{"name":"Acme"}})");
  }
  TestSandbox sandbox_;
};

TEST_F(Links, lists_take_and_lose_members) {
  const ServerReply reply =
      sandbox_.send("PUT", "/crm/v3/lists/7/memberships/add-and-remove",
                    R"({"recordIdsToAdd":["10001","10002","99"],"recordIdsToRemove":[]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_JSON(reply.body,
              R"({"recordsIdsAdded":["10001","10002"],"recordIdsRemoved":[],"recordIdsMissing":["99"]})");
  EXPECT_JSON(sandbox_
                  .send("PUT", "/crm/v3/lists/7/memberships/add-and-remove",
                        R"({"recordIdsToAdd":["10001"],"recordIdsToRemove":["10002"]})")
                  .body,
              R"({"recordsIdsAdded":[],"recordIdsRemoved":["10002"],"recordIdsMissing":[]})");
  EXPECT_EQ(at(sandbox_.get("/crm/v3/lists/7/memberships").body, "/results/0/recordId"), "10001");
  EXPECT_EQ(at(sandbox_.records("list_7"), "/0/properties/recordId"), "10001");
  EXPECT_EQ(
      at(sandbox_.send("PUT", "/crm/v3/lists/7/memberships/add", R"(["10002"])").body, "/recordsIdsAdded/0"),
      "10002");
  EXPECT_EQ(sandbox_.send("PUT", "/crm/v3/lists/7/memberships/add", R"({"a":1})").status, 400);
  EXPECT_EQ(sandbox_.get("/crm/v3/lists/7/memberships/add").status, 405);
  EXPECT_EQ(sandbox_.get("/crm/v3/lists/7").status, 404);
}

TEST_F(Links, associations_come_and_go) {
  const char* path = "/crm/v4/associations/contacts/companies/batch/create";
  const char* two =
      R"({"inputs":[{"from":{"id":"10001"},"to":{"id":"10001"},"types":[{"associationCategory":)"
      R"("HUBSPOT_DEFINED","associationTypeId":279}]},{"from":{"id":"10001"},"to":{"id":"5"},"types":[]}]})";
  const ServerReply reply = sandbox_.post(path, two);
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(at(reply.body, "/results/0/fromObjectTypeId"), "0-1");
  EXPECT_EQ(at(reply.body, "/errors/0/category"), "OBJECT_NOT_FOUND");
  EXPECT_EQ(at(reply.body, "/errors/0/context/toObjectId/0"), "5");
  EXPECT_EQ(at(sandbox_.records("contacts_to_companies"), "/0/properties/to"), "10001");
  const char* pair = R"({"inputs":[{"from":{"id":"10002"},"to":{"id":"10001"}}]})";
  EXPECT_EQ(sandbox_.post("/crm/v4/associations/contact/0-2/batch/associate/default", pair).status, 200);
  const char* gone = R"({"inputs":[{"from":{"id":"10001"},"to":[{"id":"10001"},{"id":"77"}]}]})";
  EXPECT_EQ(sandbox_.post("/crm/v4/associations/contacts/companies/batch/archive", gone).status, 204);
  EXPECT_EQ(at(sandbox_.records("contacts_to_companies"), "/0/properties/from"), "10002");
  EXPECT_EQ(sandbox_.post(path, pair).status, 400);
  EXPECT_EQ(sandbox_.post("/crm/v4/associations/contacts/companies/batch/merge", pair).status, 404);
}

}  // namespace
}  // namespace penstock::sandbox
