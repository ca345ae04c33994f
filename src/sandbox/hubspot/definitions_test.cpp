#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

constexpr const char* kProperties = "/crm/v3/properties/contacts";
constexpr const char* kSchemas = "/crm-object-schemas/v3/schemas";

TEST(Properties, describe_the_standard_ones) {
  TestSandbox sandbox;
  EXPECT_JSON(sandbox.get(std::string(kProperties) + "/email").body, R"({"name":"email","label":"Email",
    "type":"string","fieldType":"text","groupName":"contactsinformation","description":"","options":[],
    "createdAt":"1970-01-01T00:00:00.000Z","updatedAt":"1970-01-01T00:00:00.000Z","hasUniqueValue":true,
    "hidden":false,"hubspotDefined":true,"calculated":false,"externalOptions":false,"archived":false,
    "formField":true,"displayOrder":-1,
    "modificationMetadata":{"archivable":false,"readOnlyDefinition":true,"readOnlyValue":false}})");
  const std::string stage = sandbox.get("/crm/properties/2026-03/deals/dealstage").body;
  EXPECT_EQ(at(stage, "/type"), "enumeration");
  EXPECT_EQ(at(stage, "/options/5/value"), "closedwon");
  EXPECT_EQ(
      at(sandbox.get(std::string(kProperties) + "/hs_object_id").body, "/modificationMetadata/readOnlyValue"),
      "true");
  EXPECT_EQ(sandbox.get(std::string(kProperties) + "/tier").status, 404);
}

TEST(Properties, are_made_changed_and_archived) {
  TestSandbox sandbox;
  const ServerReply made = sandbox.post(kProperties, R"({"name":"tier","label":"Tier","type":"enumeration",
    "fieldType":"select","groupName":"contactinformation","options":[{"label":"Gold","value":"gold","hidden":false}]})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(at(made.body, "/options/0/value"), "gold");
  EXPECT_EQ(
      sandbox.post(kProperties, R"({"name":"tier","label":"T","type":"string","fieldType":"text"})").status,
      409);
  const auto write = [&](const char* tier) {
    return sandbox.post("/crm/v3/objects/contacts", fmt::format(R"({{"properties":{{"tier":"{}"}}}})", tier))
        .status;
  };
  EXPECT_EQ(write("gold"), 201);
  EXPECT_EQ(write("silver"), 400);
  EXPECT_EQ(sandbox
                .send("PATCH", std::string(kProperties) + "/tier",
                      R"({"options":[{"label":"S","value":"silver"}]})")
                .status,
            200);
  EXPECT_EQ(write("silver"), 201);
  EXPECT_EQ(sandbox.send("DELETE", std::string(kProperties) + "/tier").status, 204);
  EXPECT_EQ(sandbox.get(std::string(kProperties) + "/tier").status, 404);
  EXPECT_EQ(sandbox.send("DELETE", std::string(kProperties) + "/email").status, 400);
}

TEST(Properties, refuse_bad_definitions) {
  TestSandbox sandbox;
  sandbox.post("/crm/v3/objects/contacts", R"({"properties":{"code":"x"}})");
  sandbox.post("/crm/v3/objects/contacts", R"({"properties":{"code":"x"}})");
  for (const char* body :
       {"x", "{}", R"({"name":"a","label":"A","type":"string"})",
        R"({"name":"A b","label":"A","type":"string","fieldType":"text"})",
        R"({"name":"a","label":"A","type":"text","fieldType":"text"})",
        R"({"name":"a","label":"A","type":"string","fieldType":"text","hasUniqueValue":"yes"})",
        R"({"name":"a","label":"A","type":"string","fieldType":"text","options":[{}]})"}) {
    EXPECT_EQ(sandbox.post(kProperties, body).status, 400) << body;
  }
}

TEST(Properties, appear_on_first_use_unless_strict) {
  TestSandbox sandbox;
  sandbox.post("/crm/v3/objects/contacts", R"({"properties":{"favourite_tea":"green"}})");
  EXPECT_EQ(at(sandbox.get(std::string(kProperties) + "/favourite_tea").body, "/type"), "string");
}

TEST(Schemas, make_custom_objects) {
  TestSandbox sandbox;
  const ServerReply made =
      sandbox.post(kSchemas, R"({"name":"car","labels":{"singular":"Car","plural":"Cars"},
    "requiredProperties":["vin"],"associatedObjects":["CONTACT"],
    "properties":[{"name":"vin","label":"VIN","type":"string","fieldType":"text","hasUniqueValue":true},
                  {"name":"doors","label":"Doors","type":"number","fieldType":"number"}]})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(at(made.body, "/objectTypeId"), "2-1000001");
  EXPECT_EQ(at(made.body, "/fullyQualifiedName"), "p1_car");
  EXPECT_EQ(at(made.body, "/labels/plural"), "Cars");
  const auto upsert = [&](const char* type) {
    return sandbox
        .post(fmt::format("/crm/v3/objects/{}/batch/upsert", type),
              R"({"inputs":[{"id":"V1","idProperty":"vin","properties":{"doors":"3"}}]})")
        .body;
  };
  EXPECT_EQ(at(upsert("car"), "/results/0/new"), "true");
  EXPECT_EQ(at(upsert("p1_car"), "/results/0/new"), "false");
  EXPECT_EQ(at(upsert("2-1000001"), "/results/0/new"), "false");
  EXPECT_EQ(at(sandbox.records("p1_car"), "/0/properties/vin"), "V1");
  EXPECT_EQ(at(sandbox.get(kSchemas).body, "/results/0/name"), "car");
  EXPECT_EQ(at(sandbox.get(std::string(kSchemas) + "/car").body, "/objectTypeId"), "2-1000001");
  EXPECT_EQ(sandbox.get(std::string(kSchemas) + "/boat").status, 404);
  EXPECT_EQ(sandbox.post(kSchemas, R"({"name":"car","labels":{},"properties":[]})").status, 409);
  EXPECT_EQ(sandbox.post(kSchemas, R"({"name":"contacts","labels":{},"properties":[]})").status, 409);
  EXPECT_EQ(sandbox.post(kSchemas, R"({"labels":{}})").status, 400);
}

TEST(Account, has_details) {
  TestSandbox sandbox;
  EXPECT_EQ(at(sandbox.get("/account-info/v3/details").body, "/portalId"), "1");
}

}  // namespace
}  // namespace penstock::sandbox
