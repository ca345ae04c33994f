#include <fmt/format.h>

#include <algorithm>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

constexpr const char* kAna = R"({"inputs":[{"id":"Ana@X.org","idProperty":"email",
    "properties":{"firstname":"Ana","tier":"gold"},"objectWriteTraceId":"k1"}]})";

TEST(BatchUpsert, creates_then_updates) {
  TestSandbox sandbox;
  const ServerReply created = sandbox.batch("upsert", kAna);
  EXPECT_EQ(created.status, 200);
  EXPECT_JSON(created.body, R"({"status":"COMPLETE","startedAt":"2026-01-02T03:04:05.678Z",
    "completedAt":"2026-01-02T03:04:05.678Z","results":[{"id":"10001","properties":{"email":"ana@x.org",
    "firstname":"Ana","tier":"gold","hs_object_id":"10001","lastmodifieddate":"2026-01-02T03:04:05.678Z"},
    "createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z","archived":false,
    "objectWriteTraceId":"k1","new":true}]})");
  sandbox.clock.advance(1min);
  const ServerReply updated = sandbox.batch("upsert", R"({"inputs":[{"id":"ANA@x.org","idProperty":"email",
    "properties":{"tier":"","lastname":"Ruiz"},"objectWriteTraceId":"k9"}]})");
  EXPECT_EQ(at(updated.body, "/results/0/new"), "false");
  EXPECT_EQ(at(updated.body, "/results/0/createdAt"), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(at(updated.body, "/results/0/updatedAt"), "2026-01-02T03:05:05.678Z");
  EXPECT_JSON(sandbox.records(), R"([{"id":"10001","properties":{"email":"ana@x.org","firstname":"Ana",
    "lastname":"Ruiz"},"createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:05:05.678Z",
    "archived":false}])");
}

TEST(BatchUpsert, refuses_bad_rows_and_writes_the_others) {
  TestSandbox sandbox;
  const ServerReply reply = sandbox.batch("upsert", R"({"inputs":[
    {"id":"ana@@x.org","idProperty":"email","properties":{"firstname":"Ana"},"objectWriteTraceId":"k1"},
    {"id":"ben@x.org","idProperty":"email","properties":{"firstname":"Ben"},"objectWriteTraceId":"k2"}]})");
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(at(reply.body, "/status"), "COMPLETE");
  EXPECT_EQ(at(reply.body, "/numErrors"), "1");
  EXPECT_EQ(at(reply.body, "/results/0/objectWriteTraceId"), "k2");
  EXPECT_JSON(at(reply.body, "/errors"), R"([{"status":"error","category":"VALIDATION_ERROR",
    "message":"Property values were not valid: [{\"isValid\":false,\"message\":\"Email address ana@@x.org is invalid\",\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]",
    "context":{"objectWriteTraceId":["k1"],"ids":["ana@@x.org"]},
    "errors":[{"message":"Email address ana@@x.org is invalid","code":"INVALID_EMAIL","context":{"propertyName":["email"]}}],
    "links":{}}])");
}

TEST(BatchUpsert, refuses_texts_that_are_too_long_by_row) {
  TestSandbox sandbox;
  const std::string body = R"({"inputs":[{"id":"a@x.org","idProperty":"email","objectWriteTraceId":"1",
    "properties":{"message":")" +
                           std::string(65'537, 'x') + R"("}}]})";
  const ServerReply reply = sandbox.batch("upsert", body);
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(at(reply.body, "/errors/0/errors/0/code"), "VALUE_TOO_LONG");
  EXPECT_EQ(at(reply.body, "/results"), "[]");
}

TEST(BatchUpsert, results_are_not_in_the_order_of_the_request) {
  TestSandbox sandbox;
  std::string rows;
  for (int i = 0; i < 100; ++i) {
    rows += fmt::format(
        R"({}{{"id":"p{}@x.org","idProperty":"email","properties":{{}},"objectWriteTraceId":"{}"}})",
        i == 0 ? "" : ",", i, i);
  }
  const ServerReply reply = sandbox.batch("upsert", "{\"inputs\":[" + rows + "]}");
  std::vector<int> order;
  for (int i = 0; i < 100; ++i)
    order.push_back(std::stoi(at(reply.body, fmt::format("/results/{}/objectWriteTraceId", i))));
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(BatchUpsert, needs_a_unique_property) {
  TestSandbox sandbox;
  const std::string row =
      R"({"inputs":[{"id":"x1","idProperty":"external_id","properties":{"firstname":"A"}}]})";
  const ServerReply unknown = sandbox.batch("upsert", row);
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(at(unknown.body, "/errors/0/code"), "INVALID_ID_PROPERTY");
  sandbox.post("/crm/v3/properties/contacts",
               R"({"name":"external_id","label":"E","type":"string","fieldType":"text",
    "groupName":"contactinformation","hasUniqueValue":true})");
  EXPECT_EQ(sandbox.batch("upsert", row).status, 200);
  EXPECT_EQ(at(sandbox.records(), "/0/properties/external_id"), "x1");
  EXPECT_EQ(at(sandbox.batch("upsert", row).body, "/results/0/new"), "false");
}

// Each body fails the whole request with 400 and writes nothing.
TEST(Batch, whole_requests_are_refused) {
  TestSandbox sandbox;
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += fmt::format(R"({}{{"id":"{}","properties":{{}}}})", i == 0 ? "" : ",", i);
  const auto row = [](std::string_view id, std::string_view properties, std::string_view trace) {
    return fmt::format(R"({{"id":"{}","idProperty":"email","properties":{{{}}},"objectWriteTraceId":"{}"}})",
                       id, properties, trace);
  };
  const std::vector<std::string> bodies = {
      "",
      "{",
      "[]",
      "{}",
      R"({"inputs":{}})",
      R"({"inputs":[]})",
      R"({"inputs":[7]})",
      R"({"inputs":[{"id":7,"properties":{}}]})",
      R"({"inputs":[{"properties":{"firstname":"x"}}]})",
      R"({"inputs":[{"id":"1"}]})",
      R"({"inputs":[{"id":"1","properties":{"firstname":7}}]})",
      R"({"inputs":[{"id":"1","properties":{"firstname":null}}]})",
      "{\"inputs\":[" + many + "]}",
      "{\"inputs\":[" + row("a@x.org", "", "1") + "," + row("A@X.org", "", "2") + "]}",
      "{\"inputs\":[" + row("a@x.org", "", "1") + "," + row("b@x.org", "", "1") + "]}",
      "{\"inputs\":[" + row("a@x.org", "", "1") + "," + row("b@x.org", R"("lifecyclestage":"nope")", "2") +
          "]}",
      "{\"inputs\":[" + row("a@x.org", R"("hs_object_id":"5")", "1") + "]}",
      "{\"inputs\":[" + row("a@x.org", R"("FirstName":"Ana")", "1") + "]}",
  };
  for (const std::string& body : bodies) {
    const ServerReply reply = sandbox.batch("upsert", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(at(reply.body, "/category"), "VALIDATION_ERROR") << body;
    EXPECT_EQ(at(reply.body, "/status"), "error") << body;
  }
  EXPECT_EQ(sandbox.records(), "[]");
}

TEST(Batch, names_the_wrong_values) {
  TestSandbox sandbox;
  const auto code = [&](std::string_view object, std::string_view properties) {
    const ServerReply reply =
        sandbox.post(fmt::format("/crm/v3/objects/{}/batch/create", object),
                     fmt::format(R"({{"inputs":[{{"properties":{{{}}}}}]}})", properties));
    return fmt::format("{} {}", reply.status, at(reply.body, "/errors/0/code"));
  };
  EXPECT_EQ(code("deals", R"("amount":"a lot")"), "400 INVALID_INTEGER");
  EXPECT_EQ(code("deals", R"("closedate":"soon")"), "400 INVALID_DATE");
  EXPECT_EQ(code("deals", R"("dealstage":"won")"), "400 INVALID_OPTION");
  EXPECT_EQ(code("companies", R"("is_public":"yes")"), "400 INVALID_OPTION");
  EXPECT_EQ(code("deals", R"("hs_lastmodifieddate":"2026-01-01")"), "400 READ_ONLY_VALUE");
  EXPECT_EQ(code("deals", R"("amount":"12.5","closedate":"2026-02-03","dealstage":"closedwon")"), "201 ");
  EXPECT_EQ(at(sandbox.records("deals"), "/0/properties/closedate"), "2026-02-03T00:00:00.000Z");
}

TEST(Batch, strict_knows_no_unknown_properties) {
  SandboxOptions options = TestSandbox::no_limits();
  options.strict = true;
  TestSandbox sandbox(options);
  const ServerReply reply = sandbox.batch("upsert", kAna);
  EXPECT_EQ(reply.status, 400);
  EXPECT_JSON(at(reply.body, "/errors"), R"([{"message":"Property \"tier\" does not exist",
    "code":"PROPERTY_DOESNT_EXIST","context":{"propertyName":["tier"]}}])");
  EXPECT_EQ(
      sandbox.post("/crm/v3/objects/spaceships/batch/create", R"({"inputs":[{"properties":{}}]})").status,
      400);
}

TEST(BatchCreate, fails_as_a_whole_without_trace_ids) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  const ServerReply reply = sandbox.batch("create", R"({"inputs":[{"properties":{"email":"new@x.org"}},
    {"properties":{"email":"ana@x.org"}}]})");
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(at(reply.body, "/category"), "CONFLICT");
  EXPECT_EQ(at(reply.body, "/message"), "Contact already exists. Existing ID: 10001");
  EXPECT_EQ(at(sandbox.get("/_sandbox/stats").body, "/records/contacts"), "1");
}

TEST(BatchCreate, refuses_by_row_with_trace_ids) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  const ServerReply reply = sandbox.batch("create", R"({"inputs":[
    {"properties":{"email":"new@x.org"},"objectWriteTraceId":"n"},
    {"properties":{"email":"ana@x.org"},"objectWriteTraceId":"a"}]})");
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(at(reply.body, "/results/0/objectWriteTraceId"), "n");
  EXPECT_EQ(at(reply.body, "/results/0/new"), "");
  EXPECT_EQ(at(reply.body, "/errors/0/category"), "CONFLICT");
  EXPECT_JSON(at(reply.body, "/errors/0/context"), R"({"objectWriteTraceId":["a"]})");
}

TEST(BatchUpdate, finds_by_id_and_by_unique_property) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  const ServerReply reply = sandbox.batch("update", R"({"inputs":[
    {"id":"10001","properties":{"firstname":"Anna"},"objectWriteTraceId":"1"},
    {"id":"99999","properties":{"firstname":"Nobody"},"objectWriteTraceId":"2"},
    {"id":"no id","properties":{"firstname":"Nobody"},"objectWriteTraceId":"3"}]})");
  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(at(reply.body, "/numErrors"), "2");
  EXPECT_EQ(at(reply.body, "/errors/0/category"), "OBJECT_NOT_FOUND");
  EXPECT_JSON(at(reply.body, "/errors/0/context"), R"({"objectWriteTraceId":["2"],"ids":["99999"]})");
  EXPECT_EQ(at(sandbox.records(), "/0/properties/firstname"), "Anna");
  const ServerReply by_email = sandbox.batch(
      "update", R"({"inputs":[{"id":"ana@x.org","idProperty":"email","properties":{"firstname":"A"}}]})");
  EXPECT_EQ(by_email.status, 400);
}

TEST(BatchUpdate, cannot_take_a_value_that_another_record_holds) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  sandbox.batch("create", R"({"inputs":[{"properties":{"email":"ben@x.org"}}]})");
  const ServerReply taken =
      sandbox.batch("update", R"({"inputs":[{"id":"10002","properties":{"email":"ana@x.org"}}]})");
  EXPECT_EQ(taken.status, 207);
  EXPECT_EQ(at(taken.body, "/errors/0/category"), "CONFLICT");
  EXPECT_EQ(at(taken.body, "/errors/0/message"),
            "Contact with email 'ana@x.org' already exists. Existing ID: 10001");
  // Freed by an earlier row of the same request, it can be taken by a later one.
  const ServerReply moved = sandbox.batch("update", R"({"inputs":[
    {"id":"10001","properties":{"email":"old@x.org"}},{"id":"10002","properties":{"email":"ana@x.org"}}]})");
  EXPECT_EQ(moved.status, 200);
}

TEST(BatchUpdate, adds_options_after_a_leading_semicolon) {
  TestSandbox sandbox;
  sandbox.post("/crm/v3/objects/tickets", R"({"properties":{"hs_ticket_category":"BILLING_ISSUE"}})");
  sandbox.post("/crm/v3/objects/tickets/batch/update", R"({"inputs":[{"id":"10001",
    "properties":{"hs_ticket_category":";PRODUCT_ISSUE;BILLING_ISSUE"}}]})");
  EXPECT_EQ(at(sandbox.records("tickets"), "/0/properties/hs_ticket_category"),
            "BILLING_ISSUE;PRODUCT_ISSUE");
}

TEST(BatchRead, lists_what_is_missing) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  const ServerReply reply = sandbox.batch("read", R"({"inputs":[{"id":"Ana@x.org"},{"id":"who@x.org"}],
    "idProperty":"email","properties":["firstname","phone"],"propertiesWithHistory":[]})");
  EXPECT_EQ(reply.status, 207);
  EXPECT_JSON(at(reply.body, "/results"), R"([{"id":"10001","properties":{"firstname":"Ana"},
    "createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z","archived":false}])");
  EXPECT_EQ(at(reply.body, "/numErrors"), "1");
  EXPECT_EQ(at(reply.body, "/errors/0/category"), "OBJECT_NOT_FOUND");
  EXPECT_JSON(at(reply.body, "/errors/0/context"), R"({"ids":["who@x.org"]})");
}

TEST(BatchRead, gives_the_main_properties_when_none_are_named) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  const ServerReply reply = sandbox.batch("read", R"({"inputs":[{"id":"10001"},{"id":"10001"}]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_JSON(at(reply.body, "/results"),
              R"([{"id":"10001","properties":{"email":"ana@x.org","firstname":"Ana",
    "createdate":"2026-01-02T03:04:05.678Z","lastmodifieddate":"2026-01-02T03:04:05.678Z","hs_object_id":"10001"},
    "createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:05.678Z","archived":false}])");
  EXPECT_EQ(sandbox.batch("read", R"({"inputs":[{"id":"x"}],"idProperty":"firstname"})").status, 400);
}

TEST(BatchArchive, frees_the_unique_values) {
  TestSandbox sandbox;
  sandbox.batch("upsert", kAna);
  const ServerReply reply = sandbox.batch("archive", R"({"inputs":[{"id":"10001"},{"id":"4711"}]})");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(at(sandbox.batch("update", R"({"inputs":[{"id":"10001","properties":{}}]})").body,
               "/errors/0/category"),
            "OBJECT_NOT_FOUND");
  EXPECT_EQ(sandbox.get("/crm/v3/objects/contacts/10001").status, 404);
  EXPECT_EQ(sandbox.get("/crm/v3/objects/contacts/10001?archived=true").status, 200);
  EXPECT_EQ(at(sandbox.batch("upsert", kAna).body, "/results/0/id"), "10002");
}

TEST(Objects, have_two_spellings_of_paths_and_many_of_types) {
  TestSandbox sandbox;
  EXPECT_EQ(sandbox.post("/crm/objects/2026-03/contacts/batch/upsert", kAna).status, 200);
  EXPECT_EQ(at(sandbox.get("/crm/v3/objects/0-1/10001").body, "/properties/email"), "ana@x.org");
  EXPECT_EQ(at(sandbox.get("/crm/objects/2026-03/contact/10001").body, "/properties/email"), "ana@x.org");
  EXPECT_EQ(sandbox.post("/crm/v3/objects/2-4711/batch/create", R"({"inputs":[{"properties":{"name":"x"}}]})")
                .status,
            201);
  EXPECT_EQ(
      sandbox.post("/crm/v3/objects/p1_boat/batch/create", R"({"inputs":[{"properties":{"name":"y"}}]})")
          .status,
      201);
  EXPECT_EQ(at(sandbox.records("2-4711"), "/0/properties/name"), "x");
  EXPECT_EQ(at(sandbox.records("p1_boat"), "/0/properties/name"), "y");
  EXPECT_EQ(sandbox.post("/crm/v3/objects/a%20b/batch/create", R"({"inputs":[{"properties":{}}]})").status,
            400);
}

TEST(Objects, know_their_paths_and_methods) {
  TestSandbox sandbox;
  EXPECT_EQ(sandbox.get("/nothing").status, 404);
  EXPECT_EQ(sandbox.get("/crm/v4/objects/contacts").status, 404);
  EXPECT_EQ(sandbox.get("/crm/v3/objects").status, 404);
  EXPECT_EQ(sandbox.post("/crm/v3/objects/contacts/batch/explode", "{}").status, 404);
  EXPECT_EQ(sandbox.get("/crm/v3/objects/contacts/batch/upsert").status, 405);
  EXPECT_EQ(sandbox.send("PUT", "/crm/v3/objects/contacts/10001", "{}").status, 405);
}

}  // namespace
}  // namespace penstock::sandbox
