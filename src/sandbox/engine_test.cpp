#include "sandbox/engine.h"

#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox {
namespace {

constexpr const char* kUpsert = "/crm/v3/objects/contacts/batch/upsert";

// One row for each of these emails.
std::string upsert_of(const std::vector<std::string>& emails) {
  std::string rows;
  for (const std::string& email : emails) {
    rows += fmt::format(R"({}{{"id":"{}","idProperty":"email","properties":{{"firstname":"x"}},)"
                        R"("objectWriteTraceId":"{}"}})",
                        rows.empty() ? "" : ",", email, email);
  }
  return "{\"inputs\":[" + rows + "]}";
}

std::vector<std::string> people(int count) {
  std::vector<std::string> emails;
  for (int i = 0; i < count; ++i) emails.push_back(fmt::format("p{}@x.org", i));
  return emails;
}

TEST(Engine, refuses_an_unknown_vendor_with_a_list) {
  const ManualClock clock;
  SandboxOptions options;
  options.vendor = "hubspit";
  const auto engine = Engine::make(options, clock);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, ErrorKind::config);
  EXPECT_EQ(engine.error().message, "the sandbox has no vendor 'hubspit'");
  EXPECT_NE(engine.error().remedy.find(", hubspot, "), std::string::npos) << engine.error().remedy;
}

TEST(Engine, admits_so_many_requests_at_once) {
  SandboxOptions options = TestSandbox::no_limits();
  options.at_once = 2;
  options.latency = 50ms;
  TestSandbox sandbox(options);
  const auto status = [&] { return sandbox.get("/crm/v3/objects/contacts").status; };
  EXPECT_EQ(status(), 200);
  sandbox.clock.advance(30ms);
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(status(), 429);
  sandbox.clock.advance(20ms);  // the first was answered
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(status(), 429);
}

TEST(Admin, shows_records_as_json_lines) {
  TestSandbox sandbox;
  sandbox.post(kUpsert, upsert_of({"a@x.org", "b@x.org"}));
  const ServerReply reply = sandbox.get("/_sandbox/records/contacts");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(*find_header(reply.headers, "content-type"), "application/x-ndjson");
  EXPECT_EQ(
      reply.body,
      R"({"id":"10001","properties":{"email":"a@x.org","firstname":"x"},"createdAt":"2026-01-02T03:04:05.678Z",)"
      R"("updatedAt":"2026-01-02T03:04:05.678Z","archived":false})"
      "\n"
      R"({"id":"10002","properties":{"email":"b@x.org","firstname":"x"},"createdAt":"2026-01-02T03:04:05.678Z",)"
      R"("updatedAt":"2026-01-02T03:04:05.678Z","archived":false})"
      "\n");
  EXPECT_EQ(sandbox.get("/_sandbox/records/0-1").body, reply.body);
  EXPECT_EQ(sandbox.get("/_sandbox/records/deals").body, "");
}

TEST(Admin, leaves_out_archived_records_unless_asked) {
  TestSandbox sandbox;
  sandbox.post(kUpsert, upsert_of({"a@x.org", "b@x.org"}));
  sandbox.clock.advance(1s);
  EXPECT_EQ(sandbox.send("DELETE", "/crm/v3/objects/contacts/10001").status, 204);
  EXPECT_EQ(at(sandbox.records(), "/0/id"), "10002");
  const std::string all = sandbox.get("/_sandbox/records/contacts?archived=true").body;
  EXPECT_EQ(at(all.substr(0, all.find('\n')), "/archivedAt"), "2026-01-02T03:04:06.678Z");
}

TEST(Admin, counts_what_was_asked) {
  TestSandbox sandbox;
  sandbox.post(kUpsert, upsert_of({"a@x.org", "bad", "b@x.org"}));
  sandbox.clock.advance(2s);
  sandbox.get("/crm/v3/objects/contacts/10001");
  sandbox.get("/crm/v3/objects/contacts/10002");
  sandbox.get("/_sandbox/records/contacts");
  const std::string stats = sandbox.get("/_sandbox/stats").body;
  EXPECT_EQ(at(stats, "/requests"), "3");
  EXPECT_EQ(at(stats, "/rows"), "3");
  EXPECT_EQ(at(stats, "/rejected"), "1");
  EXPECT_EQ(at(stats, "/throttled"), "0");
  EXPECT_EQ(at(stats, "/records/contacts"), "2");
  EXPECT_EQ(at(stats, "/first_at"), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(at(stats, "/last_at"), "2026-01-02T03:04:07.678Z");
  EXPECT_JSON(at(stats, "/by_path"),
              R"({"/crm/v3/objects/contacts/batch/upsert":1,"/crm/v3/objects/contacts/{id}":2})");
}

TEST(Admin, starts_anew_on_reset) {
  TestSandbox sandbox;
  sandbox.post(kUpsert, upsert_of({"a@x.org"}));
  sandbox.post("/_sandbox/fault", R"({"path":"/","count":-1})");
  sandbox.post("/_sandbox/token", R"({"token":"token","state":"revoked"})");
  EXPECT_EQ(sandbox.send("POST", "/_sandbox/reset").status, 200);
  EXPECT_EQ(sandbox.records(), "[]");
  EXPECT_EQ(at(sandbox.get("/_sandbox/stats").body, "/requests"), "0");
  const ServerReply reply = sandbox.post(kUpsert, upsert_of({"a@x.org"}));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(at(reply.body, "/results/0/id"), "10001");
}

TEST(Admin, explains_mistakes) {
  TestSandbox sandbox;
  EXPECT_EQ(sandbox.get("/_sandbox/nothing").status, 404);
  EXPECT_EQ(sandbox.get("/_sandbox/fault").status, 404);
  EXPECT_EQ(sandbox.get("/_sandbox/records/").status, 404);
  const ServerReply fault = sandbox.post("/_sandbox/fault", R"({"kind":"explode"})");
  EXPECT_EQ(fault.status, 400);
  EXPECT_EQ(at(fault.body, "/error"),
            "fault: there is no kind 'explode'. Use status, reset, stall, garbage, noise, partial or slow.");
  EXPECT_EQ(sandbox.post("/_sandbox/token", R"({"token":"x","state":"odd"})").status, 400);
  EXPECT_EQ(sandbox.get("/_sandbox/history/contacts").status, 400);
}

TEST(Admin, keeps_the_history_of_writes) {
  SandboxOptions options = TestSandbox::no_limits();
  options.history = true;
  TestSandbox sandbox(options);
  sandbox.post(kUpsert, upsert_of({"A@x.org", "bad"}));
  sandbox.clock.advance(1s);
  sandbox.send("PATCH", "/crm/v3/objects/contacts/10001", R"({"properties":{"firstname":"y"}})");
  sandbox.post("/crm/v3/objects/contacts/batch/archive", R"({"inputs":[{"id":"10001"},{"id":"77"}]})");
  EXPECT_EQ(
      sandbox.get("/_sandbox/history/contacts").body,
      R"({"seq":1,"at":"2026-01-02T03:04:05.678Z","operation":"upsert","id":"10001","match":"A@x.org","properties":{"firstname":"x"}})"
      "\n"
      R"({"seq":2,"at":"2026-01-02T03:04:06.678Z","operation":"update","id":"10001","match":"10001","properties":{"firstname":"y"}})"
      "\n"
      R"({"seq":3,"at":"2026-01-02T03:04:06.678Z","operation":"archive","id":"10001","match":"10001","properties":{}})"
      "\n");
}

TEST(Faults, before_leave_no_trace_and_after_do) {
  TestSandbox sandbox;
  sandbox.post("/_sandbox/fault", R"({"path":"/batch/upsert","kind":"reset"})");
  EXPECT_EQ(sandbox.post(kUpsert, upsert_of({"a@x.org"})).fault, Fault::reset);
  EXPECT_EQ(sandbox.records(), "[]");
  sandbox.post("/_sandbox/fault", R"({"path":"/batch/upsert","kind":"reset","after":true})");
  EXPECT_EQ(sandbox.post(kUpsert, upsert_of({"a@x.org"})).fault, Fault::reset);
  EXPECT_EQ(at(sandbox.records(), "/0/properties/email"), "a@x.org");
  EXPECT_EQ(sandbox.post(kUpsert, upsert_of({"a@x.org"})).fault, Fault::none);
  const std::string stats = sandbox.get("/_sandbox/stats").body;
  EXPECT_EQ(at(stats, "/faults"), "2");
  EXPECT_EQ(at(stats, "/rows"), "2");
}

TEST(Faults, answer_with_a_status_in_the_vendors_words) {
  TestSandbox sandbox;
  sandbox.post("/_sandbox/fault", R"({"path":"/crm","status":503,"retry_after":7,"count":2})");
  for (int i = 0; i < 2; ++i) {
    const ServerReply reply = sandbox.get("/crm/v3/objects/contacts");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(*find_header(reply.headers, "Retry-After"), "7");
    EXPECT_EQ(at(reply.body, "/category"), "INTERNAL_ERROR");
    EXPECT_EQ(at(reply.body, "/correlationId").size(), 36u);
  }
  EXPECT_EQ(sandbox.get("/crm/v3/objects/contacts").status, 200);
  sandbox.post("/_sandbox/fault", R"({"path":"/crm","status":403})");
  EXPECT_EQ(at(sandbox.get("/crm/v3/objects/contacts").body, "/category"), "MISSING_SCOPES");
  sandbox.post("/_sandbox/fault", R"({"path":"/crm","status":200,"body":{"results":[],"errors":[]}})");
  EXPECT_EQ(sandbox.get("/crm/v3/objects/contacts").body, R"({"results":[],"errors":[]})");
}

TEST(Faults, of_the_other_kinds) {
  TestSandbox sandbox;
  const auto hit = [&](const std::string& kind) {
    sandbox.post("/_sandbox/fault", fmt::format(R"({{"kind":"{}","delay_ms":300}})", kind));
    return sandbox.post(kUpsert, upsert_of({"a@x.org"}));
  };
  EXPECT_EQ(hit("stall").fault, Fault::stall);
  EXPECT_EQ(hit("noise").fault, Fault::garbage);
  const ServerReply garbage = hit("garbage");
  EXPECT_EQ(garbage.status, 200);
  EXPECT_EQ(at(garbage.body, ""), "");
  EXPECT_EQ(sandbox.records(), "[]");
  const ServerReply partial = hit("partial");
  EXPECT_EQ(partial.fault, Fault::partial);
  EXPECT_EQ(at(partial.body, "/results/0/new"), "true");
  const ServerReply slow = hit("slow");
  EXPECT_EQ(slow.delay, 300ms);
  EXPECT_EQ(at(slow.body, "/results/0/new"), "false");
}

TEST(Engine, delays_the_vendors_answers_only) {
  SandboxOptions options = TestSandbox::no_limits();
  options.latency = 20ms;
  TestSandbox sandbox(options);
  EXPECT_EQ(sandbox.get("/crm/v3/objects/contacts").delay, 20ms);
  EXPECT_EQ(sandbox.get("/_sandbox/stats").delay, 0ms);
}

TEST(Engine, fails_a_share_of_the_requests) {
  SandboxOptions options = TestSandbox::no_limits();
  options.fail_requests = 0.1;
  TestSandbox sandbox(options);
  int failed = 0;
  for (int i = 0; i < 1'000; ++i) failed += sandbox.get("/crm/v3/objects/contacts").status == 503;
  EXPECT_NEAR(failed, 100, 40);
  EXPECT_EQ(at(sandbox.get("/_sandbox/stats").body, "/failed"), std::to_string(failed));
}

TEST(Engine, refuses_the_same_share_of_rows_every_time) {
  SandboxOptions options = TestSandbox::no_limits();
  options.fail_rows = 0.2;
  const auto accepted = [&] {
    TestSandbox sandbox(options);
    sandbox.post(kUpsert, upsert_of(people(100)));
    const std::string again = sandbox.post(kUpsert, upsert_of(people(100))).body;
    EXPECT_EQ(at(again, "/errors/0/category"), "VALIDATION_ERROR");
    EXPECT_EQ(at(again, "/errors/0/errors/0/code"), "SANDBOX_REFUSED");
    return sandbox.records();
  };
  const std::string first = accepted();
  EXPECT_EQ(first, accepted());
  EXPECT_NEAR(static_cast<double>(std::count(first.begin(), first.end(), '@')), 80, 15);
  options.seed = 2;
  EXPECT_NE(first, accepted());
}

}  // namespace
}  // namespace penstock::sandbox
