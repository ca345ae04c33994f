// Limits that are found out, and rows with a limit of their own value, through a whole delivery in virtual
// time.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "async/sim_loop.h"
#include "base/memory_disk.h"
#include "base/temp_directory.h"
#include "connector/login.h"
#include "deliver/accounts.h"
#include "deliver/deliver.h"

namespace penstock {
namespace {

constexpr const char* kChat = R"(
connector: chat
title: Chat
summary: Messages.
facts: 2026-11
settings: { base_url: { type: url, required: true, help: Where it is. } }
auth: { type: none }
base: "{setting.base_url}"
limits:
  workspace: { rates: [{ rate: 500/s }] }
  hall: { adaptive: true }
  channel: { rates: [{ rate: 1/s }], per: "{field.channel}" }
objects: { messages: { title: Messages, other_match: search } }
routes: { search: { create: post } }
operations:
  post:
    request: POST /post
    limit: [workspace, channel]
    repeatable: false
    body: { "...": "{fields}" }
    replies:
      - { status: 200, where: { ok: "false" }, is: throttled, wait_at: wait_ms, wait_unit: 1ms }
      - { status: 200, is: accepted }
      - { status: 429, is: throttled }
)";

// Answers at once; what was posted to a channel, and when.
class Chat final : public HttpClient {
 public:
  explicit Chat(SimLoop& loop) : loop_(loop) {}
  Task<HttpOutcome> send(HttpRequest request) override {
    HttpReply reply;
    reply.status = under_way_ < at_once ? 200 : 429;
    reply.started = loop_.now();
    if (reply.status == 429) {
      reply.finished = loop_.now();
      co_return reply;
    }
    ++under_way_;
    co_await loop_.sleep_for(10ms);
    --under_way_;
    reply.finished = loop_.now();
    const size_t at = request.body.find("\"channel\":\"") + 11;
    const std::string channel = request.body.substr(at, request.body.find('"', at) - at);
    if (refuse > 0) {
      --refuse;
      reply.body = R"({"ok":false,"wait_ms":2500})";
    } else {
      posts[channel].push_back(loop_.now());
      reply.body = R"({"ok":true})";
    }
    co_return reply;
  }
  std::map<std::string, std::vector<Instant>> posts;
  int refuse = 0;
  size_t at_once = SIZE_MAX;  // more requests are refused, with no word of how long to wait

 private:
  SimLoop& loop_;
  size_t under_way_ = 0;
};

class Messages final : public RowSource {
 public:
  explicit Messages(const std::string& channel_sql, size_t count) {
    auto rows = connection_.query(fmt::format(
        "SELECT CAST(i AS UBIGINT), 'added', 'k' || i, CAST(0 AS UBIGINT), CAST(i AS UBIGINT), CAST(i AS "
        "UBIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), {} FROM range({}) "
        "t(i)",
        channel_sql, count));
    EXPECT_TRUE(rows.ok());
    for (;;) {
      auto chunk = rows->next();
      if (!chunk.ok() || !*chunk) break;
      chunks_.push_back(std::make_shared<const PlanChunk>(**std::move(chunk), std::vector<ValueType>{},
                                                          std::vector<ValueType>{{}}));
    }
  }
  Task<Result<std::shared_ptr<const PlanChunk>>> next() override {
    if (at_ == chunks_.size()) co_return std::shared_ptr<const PlanChunk>();
    co_return chunks_[at_++];
  }

 private:
  duck::Database database_ = *duck::Database::open({});
  duck::Connection connection_ = *database_.connect();
  std::vector<std::shared_ptr<const PlanChunk>> chunks_;
  size_t at_ = 0;
};

class KeyedDelivery : public testing::Test {
 protected:
  void SetUp() override { load(kChat); }

  void load(const std::string& text) {
    declare::Diagnostics diagnostics;
    connector::Catalog catalog;
    catalog.add(std::make_shared<declare::SourceFile>("connectors/chat.yaml", text), diagnostics);
    ASSERT_TRUE(diagnostics.ok()) << as_text(diagnostics);
    connector = catalog.find("chat");
    connector::TargetSettings settings{{{"base_url", "http://chat.example"}}, {}};
    access = std::make_unique<Access>(loop, chat,
                                      connector::bind_login(connector->declaration(), settings.values, {}),
                                      RefreshTokens(disk, "logins", "chat"));
    connector::TargetFacts facts;
    facts.object = "messages";
    facts.match_kind = connector::MatchKind::search;
    facts.fields = {"channel"};
    target = std::make_unique<connector::Target>(*connector::Target::bind(connector, settings, facts));
    RouteRules rules;
    rules.mode = config::Mode::append;
    rules.write = {WritePolicy::always};
    rules.omit_null = {false};
    router = std::make_unique<Router>(*Router::make(*target, rules));
    limits = accounts.of(*target, 1);
  }

  void deliver(const std::string& channel_sql, size_t count) {
    Messages rows(channel_sql, count);
    RunFacts run;
    run.run = "r";
    auto journal = *Journal::create(loop, disk, "journal", run);
    Delivery delivery({loop, chat, *access, *target, *router, *limits, *journal, random, {}});
    EXPECT_TRUE(loop.run(delivery.run(rows)).ok());
    EXPECT_EQ(delivery.progress().outcomes.accepted, count);
    throttled = delivery.progress().throttled;
  }

  SimLoop loop;
  MemoryDisk disk;
  Random random{7};
  Chat chat{loop};
  std::shared_ptr<const connector::Connector> connector;
  std::unique_ptr<Access> access;
  std::unique_ptr<connector::Target> target;
  std::unique_ptr<Router> router;
  Accounts accounts{loop, ""};
  std::shared_ptr<RateLimits> limits;
  uint64_t throttled = 0;
};

TEST_F(KeyedDelivery, ABusyChannelHoldsUpNoOther) {
  deliver("CASE WHEN i < 100 THEN 'busy' ELSE 'calm' || i END", 140);
  EXPECT_EQ(chat.posts.size(), 41u);
  for (const auto& [channel, times] : chat.posts) {
    if (channel == "busy") continue;
    EXPECT_LT(times.back() - kFirstInstant, 1s) << channel;
  }
  const auto& busy = chat.posts["busy"];
  ASSERT_EQ(busy.size(), 100u);
  for (size_t i = 1; i < busy.size(); ++i) EXPECT_GE(busy[i] - busy[i - 1], 1s);
  EXPECT_LT(busy.back() - kFirstInstant, 105s);
}

TEST_F(KeyedDelivery, AReplyTellsHowLongItsChannelWaits) {
  chat.refuse = 1;
  deliver("CASE WHEN i = 0 THEN 'busy' ELSE 'calm' || i END", 3);
  EXPECT_EQ(throttled, 1u);
  EXPECT_GE(chat.posts["busy"].at(0) - kFirstInstant, 2500ms);
  EXPECT_LT(chat.posts["calm2"].at(0) - kFirstInstant, 100ms);
}

struct Sender {
  RateLimits& limits;
  const connector::Target& target;
  std::string channel;
  std::vector<Instant> sent = {};
};

Task<void> send_some(Sender* sender, int messages) {
  LimitUser user(sender->limits, 1);
  for (int i = 0; i < messages; ++i) {
    const LimitSet set{sender->limits.of(sender->target, "channel", sender->channel)};
    auto turn = co_await sender->limits.acquire(user, set);
    sender->sent.push_back(sender->limits.loop().now());
    turn.permit->sent();
    turn.permit->end(RequestEnd::answered);
  }
}

Task<void> send_all(Loop* loop, std::vector<Sender>* senders, int messages) {
  TaskGroup group(*loop);
  for (auto& sender : *senders) group.spawn(send_some(&sender, messages));
  co_await group.join();
}

TEST_F(KeyedDelivery, ProcessesShareTheLimitOfEachKey) {
  const TempDirectory directory;
  Accounts one(loop, directory.path("limits")), other(loop, directory.path("limits"));
  const auto a = one.of(*target, 1), b = other.of(*target, 1);
  std::vector<Sender> senders{{*a, *target, "busy"}, {*b, *target, "busy"}, {*b, *target, "calm"}};
  loop.run(send_all(&loop, &senders, 5));
  std::vector<Instant> busy = senders[0].sent;
  busy.insert(busy.end(), senders[1].sent.begin(), senders[1].sent.end());
  std::sort(busy.begin(), busy.end());
  for (size_t i = 1; i < busy.size(); ++i) EXPECT_GE(busy[i] - busy[i - 1], 1s);
  EXPECT_LT(busy.back() - busy.front(), 10s);
  EXPECT_LT(senders[2].sent.back() - senders[2].sent.front(), 4100ms);
}

// A refusal that asks for fewer at once is answered with fewer at once; a pause would let the hall stand
// empty.
TEST_F(KeyedDelivery, ALimitThatNobodyToldIsFoundWithoutPauses) {
  std::string text = kChat;
  text.replace(text.find("[workspace, channel]"), std::string_view("[workspace, channel]").size(), "hall");
  load(text);
  chat.at_once = 8;
  deliver("'c' || i", 20000);
  // Eight at once, ten milliseconds each: 25 seconds at best.
  EXPECT_LT(loop.now() - kFirstInstant, 25s * 105 / 100);
  EXPECT_GT(throttled, 0u);
  EXPECT_LT(throttled, 200u);
}

TEST_F(KeyedDelivery, OneAccountHasItsLimitsOnce) {
  EXPECT_EQ(accounts.of(*target, 1), limits);
  connector::TargetFacts facts;
  facts.object = "messages";
  facts.fields = {"channel"};
  const auto other = connector::Target::bind(connector, {{{"base_url", "http://else.example"}}, {}}, facts);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(accounts.of(*other, 1), limits);
  const auto key =
      connector::Target::bind(connector, {{{"base_url", "http://chat.example"}}, {"secret"}}, facts);
  EXPECT_NE(accounts.of(*key, 1), limits);
}

}  // namespace
}  // namespace penstock
