// Sessions in virtual time: all rows of a plan between a beginning and a commit.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "async/sim_loop.h"
#include "base/memory_disk.h"
#include "connector/login.h"
#include "deliver/deliver.h"

namespace penstock {
namespace {

constexpr const char* kShelf = R"(
connector: shelf
title: Shelf
summary: Things on a shelf.
facts: 2026-11
settings: { base_url: { type: url, required: true, help: Where it is. } }
auth: { type: none }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 1000/s }] } }
objects: { things: { title: Things, match: { name: unique } } }
routes: { unique: { upsert: whole, replace: whole } }
operations:
  whole:
    request: "PUT /sessions/{session}/{part}"
    limit: all
    rows: 4
    bytes: 200B
    body: { rows: { each_row: { name: "{match}", values: "{fields}" } } }
    replies:
      - { status: 201, is: accepted }
      - { status: 200, is: rows, unnamed: accepted, rows: [{ each: errors, by: index, at: index, is: rejected, code: code }] }
    session:
      begin: { request: POST /sessions, body: { into: "{object}" } }
      id: id
      commit: { request: "PATCH /sessions/{session}?run={run}", body: { types: "{field_types}" } }
      abort: { request: "DELETE /sessions/{session}" }
replies:
  - { status: 401, is: auth, message: error }
  - { status: 413, is: split }
  - { status: 429, is: throttled }
  - { status: 5xx, is: retry, message: error }
  - { status: 4xx, is: rejected, code: code, message: error }
)";

struct ShelfAnswer {
  int status = 200;
  std::string body = "{}";
};

class Shelf final : public HttpClient {
 public:
  explicit Shelf(SimLoop& loop) : loop_(loop) {}
  Task<HttpOutcome> send(HttpRequest request) override {
    const std::string path = request.url.substr(request.url.find('/', 8));
    asked.push_back(fmt::format("{} {}", request.method, path));
    bodies.push_back(request.body);
    const Instant started = loop_.now();
    co_await loop_.sleep_for(50ms);
    ShelfAnswer answer = request.method == "POST"  ? ShelfAnswer{200, R"({"id":"s1"})"}
                         : request.method == "PUT" ? ShelfAnswer{201, ""}
                                                   : ShelfAnswer{204, ""};
    if (auto& next = answers[request.method]; !next.empty()) {
      answer = next.front();
      next.erase(next.begin());
    }
    HttpReply reply;
    reply.status = answer.status;
    reply.body = answer.body;
    reply.started = started;
    reply.finished = loop_.now();
    if (answer.status == 0)
      co_return TransportFailure{
          {ErrorKind::transient, "the connection was lost", ""}, true, started, loop_.now()};
    co_return reply;
  }
  std::map<std::string, std::vector<ShelfAnswer>> answers;  // by method, before the usual ones
  std::vector<std::string> asked, bodies;

 private:
  SimLoop& loop_;
};

// `count` rows that are written, then two that are gone.
class ShelfRows final : public RowSource {
 public:
  explicit ShelfRows(size_t count) {
    auto rows = connection_.query(fmt::format(
        "SELECT CAST(i AS UBIGINT), CASE WHEN i < {0} THEN 'added' ELSE 'removed' END, 'k' || i, CAST(0 AS "
        "UBIGINT), CAST(i AS UBIGINT), CAST(i AS UBIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), "
        "CAST(NULL AS VARCHAR), 'n' || i, 'Ulm' FROM range({0} + 2) t(i)",
        count));
    EXPECT_TRUE(rows.ok());
    chunk_ = std::make_shared<const PlanChunk>(**rows->next(), std::vector<ValueType>{{}},
                                               std::vector<ValueType>{{}});
  }
  Task<Result<std::shared_ptr<const PlanChunk>>> next() override { co_return std::exchange(chunk_, nullptr); }

 private:
  duck::Database database_ = *duck::Database::open({});
  duck::Connection connection_ = *database_.connect();
  std::shared_ptr<const PlanChunk> chunk_;
};

class SessionDelivery : public testing::Test {
 protected:
  void deliver(size_t count) {
    connector::Catalog catalog;
    declare::Diagnostics diagnostics;
    catalog.add(std::make_shared<declare::SourceFile>("connectors/shelf.yaml", kShelf), diagnostics);
    ASSERT_TRUE(diagnostics.ok()) << as_text(diagnostics);
    const auto connector = catalog.find("shelf");
    connector::TargetSettings settings{{{"base_url", "http://shelf.example"}}, {}};
    Access access(loop, shelf, connector::bind_login(connector->declaration(), settings.values, {}),
                  RefreshTokens(disk, "logins", "crm"));
    connector::TargetFacts facts;
    facts.object = "things";
    facts.match_fields = {"name"};
    facts.match_types = {{}};
    facts.match_kind = connector::MatchKind::unique;
    facts.fields = {"city"};
    facts.field_types = {{}};
    const auto target = *connector::Target::bind(connector, settings, facts);
    const auto router = *Router::make(
        target, {.mode = config::Mode::replace, .write = {WritePolicy::always}, .omit_null = {false}});
    RunFacts run;
    run.run = "r";
    auto journal = *Journal::create(loop, disk, "journal", run);
    DeliveryOptions options;
    options.run = "r1";
    Delivery delivery({loop, shelf, access, target, router, limits, *journal, random, options});
    ShelfRows rows(count);
    result = loop.run(delivery.run(rows));
    ASSERT_TRUE(read_log(disk, "journal", [&](std::string_view bytes) -> Result<void> {
                  const auto record = decode_record(bytes);
                  if (const auto* group = std::get_if<OutcomeGroup>(&*record))
                    for (size_t i = 0; i < group->rows.size(); ++i) {
                      EXPECT_FALSE(outcomes.contains(group->rows[i])) << "a row has one outcome";
                      outcomes[group->rows[i]] = group->one(i);
                    }
                  if (const auto* intent = std::get_if<Intent>(&*record))
                    allowed = std::max(allowed, intent->through);
                  return success();
                }).ok());
  }

  size_t count(Outcome outcome) const {
    return static_cast<size_t>(std::count_if(outcomes.begin(), outcomes.end(),
                                             [&](const auto& one) { return one.second.outcome == outcome; }));
  }
  size_t times(std::string_view start) const {
    return static_cast<size_t>(std::count_if(shelf.asked.begin(), shelf.asked.end(),
                                             [&](const auto& one) { return one.starts_with(start); }));
  }

  SimLoop loop;
  MemoryDisk disk;
  Random random{7};
  RateLimits limits{loop, 1.0};
  Shelf shelf{loop};
  Result<void> result = success();
  std::map<uint64_t, RowOutcome> outcomes;
  uint64_t allowed = 0;
};

TEST_F(SessionDelivery, CarriesAllRowsBetweenABeginningAndACommit) {
  deliver(10);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(shelf.asked,
            (std::vector<std::string>{"POST /sessions", "PUT /sessions/s1/1", "PUT /sessions/s1/2",
                                      "PUT /sessions/s1/3", "PATCH /sessions/s1?run=r1"}));
  EXPECT_EQ(shelf.bodies[0], R"({"into":"things"})");
  EXPECT_EQ(shelf.bodies[3],
            R"({"rows":[{"name":"n8","values":{"city":"Ulm"}},{"name":"n9","values":{"city":"Ulm"}}]})");
  EXPECT_EQ(shelf.bodies[4], R"({"types":{"name":"VARCHAR","city":"VARCHAR"}})");
  EXPECT_EQ(count(Outcome::accepted), 12u) << "those that are gone as well";
  EXPECT_GE(allowed, 12u);
}

TEST_F(SessionDelivery, ARepeatedPartKeepsItsNumber) {
  shelf.answers["PUT"] = {{503, "{}"}, {0, ""}, {429, "{}"}};
  deliver(4);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(times("PUT /sessions/s1/1"), 4u);
  EXPECT_EQ(count(Outcome::accepted), 6u);
}

TEST_F(SessionDelivery, APartThatIsTooLargeIsHalved) {
  shelf.answers["PUT"] = {{413, "{}"}};
  deliver(4);
  EXPECT_EQ(times("PUT"), 3u);
  EXPECT_EQ(count(Outcome::accepted), 6u);
}

TEST_F(SessionDelivery, RefusedRowsAreMissingInTheWhole) {
  shelf.answers["PUT"] = {{200, R"({"errors":[{"index":2,"code":"BAD"}]})"}};
  deliver(4);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(count(Outcome::accepted), 5u);
  EXPECT_EQ(outcomes[2].outcome, Outcome::rejected);
  EXPECT_EQ(outcomes[2].code, "BAD");
  EXPECT_TRUE(outcomes[2].effect_unknown) << "what was accepted before is not there any more";
}

TEST_F(SessionDelivery, NothingCountsWithoutACommit) {
  shelf.answers["PUT"] = {{201, ""}, {401, R"({"error":"who are you?"})"}};
  deliver(10);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::auth);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(allowed, 0u) << "after a crash nothing is in doubt either";
  EXPECT_EQ(times("PATCH"), 0u);
  EXPECT_EQ(times("DELETE /sessions/s1"), 1u);
}

TEST_F(SessionDelivery, ADestinationThatIsDownIsGivenUp) {
  shelf.answers["PUT"] = std::vector<ShelfAnswer>(6, ShelfAnswer{503, R"({"error":"later"})"});
  deliver(4);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::transient);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(SessionDelivery, ACommitThatMayHaveBeenCarriedOutLeavesDoubt) {
  shelf.answers["PATCH"] = {{0, ""}};
  deliver(4);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(times("PATCH"), 1u);
  EXPECT_EQ(count(Outcome::in_doubt), 6u);
}

TEST_F(SessionDelivery, ACommitThatIsRefusedChangesNothing) {
  shelf.answers["PATCH"] = {{429, "{}"}, {409, R"({"error":"no room"})"}};
  deliver(4);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("no room"), std::string::npos);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(times("DELETE"), 1u);
}

TEST_F(SessionDelivery, ASessionThatIsNotBegunIsSaid) {
  shelf.answers["POST"] = {{404, R"({"error":"no such thing"})"}};
  deliver(4);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("no such thing"), std::string::npos);
  EXPECT_EQ(shelf.asked.size(), 1u);
}

}  // namespace
}  // namespace penstock
