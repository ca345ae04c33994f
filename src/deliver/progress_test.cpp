// What a delivery says of itself while it goes on, in virtual time.
#include <fmt/format.h>

#include "deliver/stage_test.h"

namespace penstock {
namespace {

constexpr const char* kSlowPlace = R"(
connector: staged
title: Place
summary: People.
facts: 2026-11
settings: { base_url: { type: url, required: true, help: Where it is. } }
auth: { type: none }
base: "{setting.base_url}"
limits: { writes: { rates: [{ rate: WRITES/s }] }, searches: { rates: [{ rate: SEARCHES/s }] } }
objects: { people: { title: People, match: { name: search } } }
routes: { search: { find: find, create: create, update: update } }
operations:
  find:
    request: POST /find
    limit: searches
    rows: 10
    body: { names: "{matches}" }
    replies: [{ status: 200, is: accepted }]
    find: { each: people, record_id: id, value: name }
  create:
    request: POST /people
    limit: writes
    rows: 10
    body: { rows: { each_row: { "...": "{fields}" } } }
    replies: [{ status: 200, is: accepted }]
  update:
    request: PUT /people
    limit: writes
    rows: 10
    body: { rows: { each_row: { id: "{record_id}", "...": "{fields}" } } }
    replies: [{ status: 200, is: accepted }]
)";

HttpReply nobody_is_found(const HttpRequest&) {
  HttpReply reply;
  reply.status = 200;
  reply.body = R"({"people":[]})";
  return reply;
}

class DeliveryProgressTest : public testing::Test {
 protected:
  // Rates in a second.
  void deliver(size_t rows, int searches, int writes) {
    std::string connector = kSlowPlace;
    const auto set = [&](const std::string& word, int value) {
      connector.replace(connector.find(word), word.size(), std::to_string(value));
    };
    set("WRITES", writes);
    set("SEARCHES", searches);
    connector::TargetFacts facts;
    facts.object = "people";
    facts.match_fields = {"name"};
    facts.match_kind = connector::MatchKind::search;
    facts.fields = {"city"};
    StagedSync sync{.connector = connector.c_str(), .facts = facts};
    sync.look = [this](const DeliveryProgress& progress) { seen.push_back(progress); };
    const Staged staged = deliver_in_virtual_time(
        sync,
        fmt::format(
            "SELECT CAST(i AS UBIGINT), 'added', 'k', CAST(0 AS UBIGINT), CAST(i AS UBIGINT), "
            "CAST(1 AS UBIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), "
            "CAST(i AS VARCHAR), 'Ulm' FROM range({}) t(i)",
            rows),
        destination, loop);
    EXPECT_TRUE(staged.ended.ok());
    EXPECT_EQ(staged.progress.outcomes.accepted, rows);
    end = staged.progress;
  }
  static const StepQueue* queue(const DeliveryProgress& progress, std::string_view step) {
    for (const auto& one : progress.queues)
      if (one.step == step) return &one;
    return nullptr;
  }
  uint64_t rows(const DeliveryProgress& progress, std::string_view step) {
    const StepQueue* found = queue(progress, step);
    return found == nullptr ? 0 : found->rows;
  }
  SimLoop loop;
  PlayedDestination destination{loop, nobody_is_found};
  std::vector<DeliveryProgress> seen;
  DeliveryProgress end;
};

TEST_F(DeliveryProgressTest, TheFullestQueueStandsBeforeTheSlowStep) {
  deliver(2000, 20, 500);
  const DeliveryProgress middle = seen.at(seen.size() / 2);
  EXPECT_GT(rows(middle, "lookup"), 500u);
  EXPECT_LT(rows(middle, "deliver"), 50u);
  seen.clear();
  deliver(2000, 500, 20);
  const DeliveryProgress other = seen.at(seen.size() / 2);
  EXPECT_LT(rows(other, "lookup"), 50u);
  EXPECT_GT(rows(other, "deliver"), 500u);
}

TEST_F(DeliveryProgressTest, RowsThatWaitAreThoseThatAreNotElsewhere) {
  deliver(3000, 100, 50);
  ASSERT_GT(seen.size(), 20u);
  uint64_t most = 0;
  for (const auto& progress : seen) {
    const uint64_t waiting = rows(progress, "lookup") + rows(progress, "deliver");
    EXPECT_LE(waiting + progress.outcomes.sent(), progress.rows_read);
    // What does not wait is in requests, of ten rows each.
    EXPECT_LE(progress.rows_read - progress.outcomes.sent() - waiting, progress.in_flight * 10);
    most = std::max(most, waiting);
  }
  EXPECT_GT(most, 2000u);
}

TEST_F(DeliveryProgressTest, InTheEndNothingWaits) {
  deliver(100, 100, 100);
  ASSERT_EQ(end.queues.size(), 3u);
  for (const auto& one : end.queues) {
    EXPECT_EQ(one.rows, 0u) << one.step;
    EXPECT_GT(one.capacity, 0u) << one.step;
  }
  EXPECT_EQ(end.in_flight, 0u);
}

TEST_F(DeliveryProgressTest, LatencyIsThatOfTheRequests) {
  EXPECT_FALSE(seen.size() > 0);
  deliver(100, 100, 100);
  EXPECT_FALSE(seen.front().latencies.has_value());  // no request has ended
  ASSERT_TRUE(end.latencies.has_value());
  EXPECT_EQ(end.latencies->p50, 10ms);  // PlayedDestination's
  EXPECT_EQ(end.latencies->p99, 10ms);
}

TEST(LatencyWindow, SaysWhatSoManyOfAHundredDoNotExceed) {
  LatencyWindow window;
  EXPECT_FALSE(window.latencies().has_value());
  window.add(7ms);
  EXPECT_EQ(window.latencies()->p50, 7ms);
  EXPECT_EQ(window.latencies()->p99, 7ms);
  LatencyWindow hundred;
  for (int i = 100; i >= 1; --i) hundred.add(Duration(std::chrono::milliseconds(i)));
  EXPECT_EQ(hundred.latencies()->p50, 50ms);
  EXPECT_EQ(hundred.latencies()->p90, 90ms);
  EXPECT_EQ(hundred.latencies()->p99, 99ms);
}

TEST(LatencyWindow, ForgetsWhatWasLongAgo) {
  LatencyWindow window;
  window.add(std::chrono::hours(2));  // more than it can say
  for (size_t i = 0; i + 1 < LatencyWindow::kRequests; ++i) window.add(1ms);
  EXPECT_EQ(window.latencies()->p50, 1ms);
  window.add(2ms);
  EXPECT_EQ(window.latencies()->p99, 1ms);
  for (size_t i = 0; i < LatencyWindow::kRequests; ++i) window.add(3ms);
  EXPECT_EQ(window.latencies()->p50, 3ms);
}

}  // namespace
}  // namespace penstock
