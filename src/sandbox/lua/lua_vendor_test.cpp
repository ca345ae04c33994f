// The host of the dialects: small dialects of the test's own, on a clock that moves when told to.
#include "sandbox/lua/lua_vendor.h"

#include <gtest/gtest.h>

#include "sandbox/fixture_test.h"

namespace penstock::sandbox::lua {
namespace {

class LuaDialect : public testing::Test {
 protected:
  // Routes of the dialect under test; `{}` around them is not needed.
  void load(std::string_view script, SandboxOptions options = TestSandbox::no_limits()) {
    options_ = options;
    state_ = std::make_unique<State>(options_);
    auto made = make_lua_vendor({"test.lua", std::string(script), 20}, *state_);
    if (!made.ok()) {
      error_ = made.error().message;
      return;
    }
    vendor_ = *std::move(made);
  }

  Answer send(std::string method, std::string path, std::string body = {}, Headers headers = {}) {
    ServerRequest request;
    const size_t question = path.find('?');
    request.method = std::move(method);
    request.path = path.substr(0, question);
    if (question != std::string::npos) request.query = path.substr(question + 1);
    request.body = std::move(body);
    request.headers = std::move(headers);
    state_->now = clock_.now();
    state_->instant = clock_.instant();
    return vendor_->answer(request);
  }
  std::string body(std::string text = {}, Headers headers = {}) {
    return send("POST", "/", std::move(text), std::move(headers)).reply.body;
  }
  std::string records(std::string_view object) {
    state_->now = clock_.now();
    std::string lines;
    vendor_->append_records(object, false, lines);
    return lines;
  }

  ManualClock clock_;
  SandboxOptions options_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Vendor> vendor_;
  std::string error_;
};

TEST_F(LuaDialect, json_keeps_null_empty_arrays_and_numbers) {
  load("route('POST /', function(r) return 200, r:json() end)");
  const char* text =
      R"({"a":[],"b":{},"c":null,"d":1,"e":1.5,"f":[1,null,"x"],"g":true,"h":9007199254740993,"i":"ä\n"})";
  EXPECT_EQ(body(text), text);
  EXPECT_EQ(send("POST", "/", "{").reply.status, 400);
  EXPECT_EQ(send("POST", "/", "5").reply.status, 400);
}

TEST_F(LuaDialect, reads_other_bodies) {
  load(R"(
    route('POST /', function(r)
      local kind = r.headers['content-type']
      if kind == 'csv' then local names, rows = r:csv() return 200, { names = names, rows = rows } end
      if kind == 'form' then local values, all = r:form() return 200, { values = values, all = all } end
      if kind == 'lines' then return 200, r:lines() end
      return 200, r:parts()
    end))");
  EXPECT_EQ(body("a,\"b\"\"c\"\r\n1,\"x\ny\"\n,", {{"Content-Type", "csv"}}),
            R"({"names":["a","b\"c"],"rows":[{"a":"1","b\"c":"x\ny"},{"a":"","b\"c":""}]})");
  EXPECT_EQ(body("a=1+2&b%5B%5D=x&b[]=y&c", {{"Content-Type", "form"}}),
            R"({"all":{"a":["1 2"],"b[]":["x","y"],"c":[""]},"values":{"a":"1 2","b[]":"y","c":""}})");
  EXPECT_EQ(body("{\"a\":1}\n{\"b\":2}\n", {{"Content-Type", "lines"}}), R"([{"a":1},{"b":2}])");
  EXPECT_EQ(body("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: "
                 "text/csv\r\n\r\n"
                 "a,b\r\n1,2\r\n--x--\r\n",
                 {{"Content-Type", "multipart/form-data; boundary=x"}}),
            R"([{"body":"a,b\r\n1,2","filename":"a.csv","name":"file","type":"text/csv"}])");
}

TEST_F(LuaDialect, hashes) {
  load(
      "route('POST /', function(r) return 200, list { md5(r.body), sha256(r.body), base64(r.body), "
      "unbase64(base64(r.body)) } end)");
  EXPECT_EQ(
      body("abc"),
      R"(["900150983cd24fb0d6963f7d28e17f72","ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",)"
      R"("YWJj","abc"])");
}

TEST_F(LuaDialect, keeps_records) {
  load(R"(
    local users = records('users', { fold = { 'email' } })
    route('POST /', function(r)
      local row = r:json()
      local known = users:find('email', row.email)
      if known then users:update(known, row) else known = users:create(row) end
      return 200, { id = known.id }
    end)
    route('DELETE /{id}', function(r, id) users:delete(users:get(id)) return 204 end)
    route('GET /{email}', function(r, email) return 200, { hits = #users:all('email', email) } end))");
  EXPECT_EQ(body(R"({"email":"a@x","n":1,"city":"Rome"})"), R"({"id":1})");
  EXPECT_EQ(body(R"({"email":"A@x","n":null})"), R"({"id":1})");
  EXPECT_EQ(body(R"({"email":"b@x"})"), R"({"id":2})");
  EXPECT_EQ(send("GET", "/a@X").reply.body, R"({"hits":1})");
  EXPECT_EQ(send("DELETE", "/2").reply.status, 204);
  EXPECT_EQ(send("GET", "/b@x").reply.body, R"({"hits":0})");
  EXPECT_EQ(records("users"),
            R"({"id":"1","properties":{"city":"Rome","email":"A@x"},"createdAt":"2026-01-02T03:04:05.678Z",)"
            R"("updatedAt":"2026-01-02T03:04:05.678Z","archived":false})"
            "\n");
  std::string counts;
  vendor_->append_counts(counts);
  EXPECT_EQ(counts, R"("users":1)");
}

TEST_F(LuaDialect, jobs_take_their_time) {
  options_ = TestSandbox::no_limits();
  options_.job_time = 1s;
  load(R"(
    local done = records('done')
    route('POST /', function() local one = job { run = function() done:create { a = 1 } end } return 200, { id = one.id } end)
    route('GET /{id}', function(r, id) return 200, { stage = find_job(id):stage(), running = unfinished('job') } end))",
       options_);
  EXPECT_EQ(body(), R"({"id":"1"})");
  EXPECT_EQ(send("GET", "/1").reply.body, R"({"running":1,"stage":"queued"})");
  clock_.advance(600ms);
  EXPECT_EQ(send("GET", "/1").reply.body, R"({"running":1,"stage":"working"})");
  EXPECT_EQ(records("done"), "");
  clock_.advance(400ms);
  EXPECT_NE(records("done"), "");
  EXPECT_EQ(send("GET", "/1").reply.body, R"({"running":0,"stage":"done"})");
}

TEST_F(LuaDialect, limits_refuse_with_the_dialects_words) {
  load(R"(
    vendor { limits = { 'all' }, refusal = function(status, why) return { no = status } end }
    limit('all', { rate = '2/10s', headers = function(a) return { ['X-Left'] = a.remaining } end })
    limit('slow', { rate = '1/1s', key = function(r) return r.body end, refuse = function(a) return 420, 'calm', { Wait = a.wait } end })
    route('POST /', function(r) return 200, {} end)
    route('POST /slow', { limits = { 'slow' } }, function(r) return 200, {} end))",
       SandboxOptions());
  EXPECT_EQ(*find_header(send("POST", "/").reply.headers, "X-Left"), "1");
  EXPECT_EQ(send("POST", "/").reply.status, 200);
  const Answer third = send("POST", "/");
  EXPECT_EQ(third.reply.status, 429);
  EXPECT_EQ(third.reply.body, R"({"no":429})");
  EXPECT_EQ(*find_header(third.reply.headers, "Retry-After"), "10");
  clock_.advance(10s);
  EXPECT_EQ(send("POST", "/").reply.status, 200);
  EXPECT_EQ(send("POST", "/slow", "a").reply.status, 200);
  EXPECT_EQ(send("POST", "/slow", "b").reply.status, 200);
  EXPECT_EQ(send("POST", "/slow", "a").reply.status, 420);
}

TEST_F(LuaDialect, logins_and_tokens) {
  load(R"(
    vendor { login = function(r) local problem = token_problem(bearer(r)) if problem then refuse(401, { problem = problem }) end end }
    route('POST /', function(r) return 200, {} end)
    route('POST /token', { login = false }, function(r) return 200, { token = issue_token(60) } end))");
  EXPECT_EQ(body(), R"({"problem":"missing"})");
  EXPECT_EQ(body("", {{"Authorization", "Bearer any"}}), "{}");
  state_->tokens["bad"] = TokenState::revoked;
  EXPECT_EQ(body("", {{"Authorization", "Bearer bad"}}), R"({"problem":"revoked"})");
  const std::string token = at(send("POST", "/token").reply.body, "/token");
  EXPECT_EQ(body("", {{"Authorization", "Bearer " + token}}), "{}");
  clock_.advance(60s);
  EXPECT_EQ(body("", {{"Authorization", "Bearer " + token}}), R"({"problem":"expired"})");
}

TEST_F(LuaDialect, wrong_paths_get_the_dialects_words) {
  load(
      "vendor { refusal = function(status) return { no = status } end } route('POST /a', { bytes = 3 }, "
      "function() return 200 end)");
  EXPECT_EQ(send("GET", "/a").reply.body, R"({"no":405})");
  EXPECT_EQ(send("GET", "/b").reply.body, R"({"no":404})");
  EXPECT_EQ(send("POST", "/a", "1234").reply.body, R"({"no":413})");
  EXPECT_EQ(vendor_->refusal(503).body, R"({"no":503})");
}

TEST_F(LuaDialect, a_script_that_fails_is_seen) {
  load(
      "route('POST /', function(r)\n  local nothing\n  return nothing.x\nend)\nroute('GET /', function() "
      "return 'x' end)");
  const Answer answer = send("POST", "/");
  EXPECT_EQ(answer.reply.status, 500);
  EXPECT_NE(answer.reply.body.find("test.lua:3"), std::string::npos) << answer.reply.body;
  EXPECT_NE(send("GET", "/").reply.body.find("gives no status"), std::string::npos);
  load("x = = 1");
  EXPECT_NE(error_.find("test.lua:1"), std::string::npos) << error_;
  load("\nroute('nothing', function() end)");
  EXPECT_NE(error_.find("is not a route"), std::string::npos) << error_;
}

TEST_F(LuaDialect, scripts_are_shut_in) {
  load(
      "route('POST /', function() return 200, { io = tostring(io), os = tostring(os), load = tostring(load), "
      "require = tostring(require) } end)");
  EXPECT_EQ(body(), R"({"io":"nil","load":"nil","os":"nil","require":"nil"})");
  load("route('POST /', function() while true do pcall(function() while true do end end) end end)");
  EXPECT_NE(body().find("too long"), std::string::npos);
  load("route('POST /', function() local t = {} t.t = t return 200, t end)");
  EXPECT_NE(body().find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace penstock::sandbox::lua
