// Replies that make no sense end a row, however often they come: through a whole delivery in virtual time.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "async/sim_loop.h"
#include "base/memory_disk.h"
#include "connector/login.h"
#include "deliver/deliver.h"

namespace penstock {
namespace {

constexpr const char* kPit = R"(
connector: pit
title: Pit
summary: Answers whatever it likes.
facts: 2026-11
settings: { base_url: { type: url, required: true, help: Where it is. } }
auth: { type: none }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 1000/s }] } }
objects: { things: { title: Things, match: { name: unique } } }
routes: { unique: { upsert: write } }
operations:
  write:
    request: PUT /things
    limit: all
    rows: 4
    body: { rows: { each_row: { name: "{match}", values: "{fields}" } } }
    replies:
      - { status: 200, is: accepted }
replies:
  - { status: 200, is: accepted }
  - { status: 404, is: missing, code: code }
  - { status: 409, is: exists, code: code }
  - { status: 410, is: again }
  - { status: 422, is: split }
  - { status: 5xx, is: retry }
)";

// Gives every request the same answer.
class Pit final : public HttpClient {
 public:
  explicit Pit(SimLoop& loop) : loop_(loop) {}
  Task<HttpOutcome> send(HttpRequest) override {
    ++requests;
    check(requests < 1000, "it goes on for ever");
    HttpReply reply;
    reply.started = loop_.now();
    co_await loop_.sleep_for(10ms);
    reply.finished = loop_.now();
    reply.status = status;
    reply.body = R"({"code":"NO_SENSE"})";
    co_return reply;
  }
  int status = 200;
  size_t requests = 0;

 private:
  SimLoop& loop_;
};

class EightRows final : public RowSource {
 public:
  EightRows() {
    auto rows = connection_.query(
        "SELECT CAST(i AS UBIGINT), 'added', 'k' || i, CAST(0 AS UBIGINT), CAST(i AS UBIGINT), CAST(i AS "
        "UBIGINT), "
        "CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), 'n' || i, 'Ulm' FROM range(8) "
        "t(i)");
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

class PoisonTest : public testing::TestWithParam<int> {};

TEST_P(PoisonTest, EveryRowComesToAnEnd) {
  SimLoop loop;
  MemoryDisk disk;
  Random random{7};
  Pit pit(loop);
  pit.status = GetParam();
  connector::Catalog catalog;
  declare::Diagnostics diagnostics;
  catalog.add(std::make_shared<declare::SourceFile>("connectors/pit.yaml", kPit), diagnostics);
  ASSERT_TRUE(diagnostics.ok()) << as_text(diagnostics);
  const auto connector = catalog.find("pit");
  const connector::TargetSettings settings{{{"base_url", "http://pit.example"}}, {}};
  Access access(loop, pit, connector::bind_login(connector->declaration(), settings.values, {}),
                RefreshTokens(disk, "logins", "pit"));
  connector::TargetFacts facts;
  facts.object = "things";
  facts.match_fields = {"name"};
  facts.match_kind = connector::MatchKind::unique;
  facts.fields = {"city"};
  const auto target = *connector::Target::bind(connector, settings, facts);
  RouteRules rules;
  rules.mode = config::Mode::upsert;
  rules.write = {WritePolicy::always};
  rules.omit_null = {false};
  const Router router = *Router::make(target, rules);
  RateLimits limits(loop, 1);
  EightRows rows;
  RunFacts run;
  run.run = "r";
  auto journal = *Journal::create(loop, disk, "journal", run);
  Delivery delivery({loop, pit, access, target, router, limits, *journal, random, {}});
  const auto ended = loop.run(delivery.run(rows));
  const auto& outcomes = delivery.progress().outcomes;
  EXPECT_EQ(outcomes.accepted, 0u);
  const uint64_t settled = outcomes.rejected + outcomes.failed + outcomes.in_doubt;
  // A destination that answers nobody ends the run before the last rows are sent.
  EXPECT_GE(settled, ended.ok() ? 8u : 4u);
  EXPECT_LT(loop.now() - kFirstInstant, 2h);
}

INSTANTIATE_TEST_SUITE_P(Replies, PoisonTest, testing::Values(404, 409, 410, 422, 503, 302));

}  // namespace
}  // namespace penstock
