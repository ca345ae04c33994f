// Replies that make no sense end a row, however often they come: through a whole delivery in virtual time.
#include "deliver/stage_test.h"

namespace penstock {
namespace {

constexpr const char* kPit = R"(
connector: staged
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

constexpr const char* kEightRows =
    "SELECT CAST(i AS UBIGINT), 'added', 'k' || i, CAST(0 AS UBIGINT), CAST(i AS UBIGINT), CAST(i AS "
    "UBIGINT), "
    "CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), 'n' || i, 'Ulm' FROM range(8) t(i)";

class PoisonTest : public testing::TestWithParam<int> {};

TEST_P(PoisonTest, EveryRowComesToAnEnd) {
  SimLoop loop;
  PlayedDestination pit(loop, [](const HttpRequest&) {
    HttpReply reply;
    reply.status = GetParam();
    reply.body = R"({"code":"NO_SENSE"})";
    return reply;
  });
  connector::TargetFacts facts;
  facts.object = "things";
  facts.match_fields = {"name"};
  facts.match_kind = connector::MatchKind::unique;
  facts.fields = {"city"};
  const Staged staged = deliver_in_virtual_time({.connector = kPit, .facts = facts}, kEightRows, pit, loop);
  const auto& outcomes = staged.progress.outcomes;
  EXPECT_EQ(outcomes.accepted, 0u);
  const uint64_t settled = outcomes.rejected + outcomes.failed + outcomes.in_doubt;
  // A destination that answers nobody ends the run before the last rows are sent.
  EXPECT_GE(settled, staged.ended.ok() ? 8u : 4u);
  EXPECT_LT(loop.now() - kFirstInstant, 2h);
}

TEST(Breaker, WhatOneDeliveryFoundOutTheNextOneNeedNot) {
  SimLoop loop;
  bool is_down = true;
  PlayedDestination pit(loop, [&](const HttpRequest&) {
    HttpReply reply;
    reply.status = is_down ? 503 : 200;
    return reply;
  });
  RateLimits account(loop, 1);
  connector::TargetFacts facts;
  facts.object = "things";
  facts.match_fields = {"name"};
  facts.match_kind = connector::MatchKind::unique;
  facts.fields = {"city"};
  const StagedSync sync{.connector = kPit, .facts = facts, .limits = &account};
  EXPECT_FALSE(deliver_in_virtual_time(sync, kEightRows, pit, loop).ended.ok());
  const size_t first = pit.requests.size();
  EXPECT_GE(first, 6u);
  const auto second = deliver_in_virtual_time(sync, kEightRows, pit, loop).ended;
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(second.error().message.starts_with("the destination does not answer"))
      << second.error().message;
  EXPECT_LE(pit.requests.size() - first, 2u) << "one attempt of each batch under way";
  // It is back: nobody is turned away unheard.
  is_down = false;
  EXPECT_TRUE(deliver_in_virtual_time(sync, kEightRows, pit, loop).ended.ok());
  // And what fails afterwards has all its attempts again.
  is_down = true;
  const size_t before = pit.requests.size();
  EXPECT_FALSE(deliver_in_virtual_time(sync, kEightRows, pit, loop).ended.ok());
  EXPECT_GE(pit.requests.size() - before, 6u);
}

INSTANTIATE_TEST_SUITE_P(Replies, PoisonTest, testing::Values(404, 409, 410, 422, 503, 302));

}  // namespace
}  // namespace penstock
