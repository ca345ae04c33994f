// A delivery in virtual time to a destination that a test plays: a connector's text, rows of a query, and
// what became of them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "async/sim_loop.h"
#include "base/memory_disk.h"
#include "connector/login.h"
#include "deliver/deliver.h"
#include "ledger/log_file.h"

namespace penstock {

// Answers each request as it is told, 10 ms after it came.
class PlayedDestination final : public HttpClient {
 public:
  using Answer = std::function<HttpReply(const HttpRequest&)>;
  PlayedDestination(SimLoop& loop, Answer answer) : loop_(loop), answer_(std::move(answer)) {}
  Task<HttpOutcome> send(HttpRequest request) override {
    check(requests.size() < 1000, "it goes on for ever");
    const Instant started = loop_.now();
    co_await loop_.sleep_for(10ms);
    HttpReply reply = answer_(request);
    reply.started = started;
    reply.finished = loop_.now();
    requests.push_back(std::move(request));
    co_return reply;
  }
  std::vector<HttpRequest> requests;

 private:
  SimLoop& loop_;
  Answer answer_;
};

// The columns of a plan: ordinal, change, key, key_hi, key_lo, fingerprint, record_id, match_before, send,
// then the match values and the fields, all of them texts.
class PlannedRows final : public RowSource {
 public:
  PlannedRows(const std::string& sql, size_t matches, size_t fields) : matches_(matches), fields_(fields) {
    auto rows = connection_.query(sql);
    EXPECT_TRUE(rows.ok()) << rows.error().message;
    rows_.emplace(*std::move(rows));
  }
  Task<Result<std::shared_ptr<const PlanChunk>>> next() override {
    auto chunk = rows_->next();
    if (!chunk.ok()) co_return chunk.error();
    if (!*chunk) co_return std::shared_ptr<const PlanChunk>();
    co_return std::make_shared<const PlanChunk>(**std::move(chunk), std::vector<ValueType>(matches_),
                                                std::vector<ValueType>(fields_));
  }

 private:
  duck::Database database_ = *duck::Database::open({});
  duck::Connection connection_ = *database_.connect();
  std::optional<duck::Rows> rows_;
  size_t matches_, fields_;
};

struct Staged {
  Result<void> ended;
  DeliveryProgress progress;
  std::map<uint64_t, RowOutcome> outcomes;  // by the rows' numbers
};

// What is said of the sync; every field is always written.
struct StagedSync {
  const char* connector;
  connector::TargetFacts facts;
  config::Mode mode = config::Mode::upsert;
  RateLimits* limits = nullptr;  // those of an account that others write to as well
  std::function<void(const DeliveryProgress&)> look = nullptr;  // called every 5 ms
};

inline Task<void> keep_looking(SimLoop& loop, const Delivery& delivery,
                               std::function<void(const DeliveryProgress&)> look) {
  for (;;) {
    look(delivery.progress());
    co_await loop.sleep_for(5ms);
  }
}

inline Staged deliver_in_virtual_time(const StagedSync& sync, const std::string& sql,
                                      PlayedDestination& destination, SimLoop& loop) {
  MemoryDisk disk;
  Random random{7};
  connector::Catalog catalog;
  declare::Diagnostics diagnostics;
  catalog.add(std::make_shared<declare::SourceFile>("connectors/staged.yaml", sync.connector), diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << as_text(diagnostics);
  const auto connector = catalog.find("staged");
  const connector::TargetSettings settings{{{"base_url", "http://staged.example"}}, {}};
  Access access(loop, destination, connector::bind_login(connector->declaration(), settings.values, {}),
                RefreshTokens(disk, "logins", "staged"));
  const auto target = *connector::Target::bind(connector, settings, sync.facts);
  RouteRules rules;
  rules.mode = sync.mode;
  rules.write.assign(sync.facts.fields.size(), WritePolicy::always);
  rules.omit_null.assign(sync.facts.fields.size(), false);
  const Router router = *Router::make(target, rules);
  RateLimits own_limits(loop, 1);
  RateLimits& limits = sync.limits != nullptr ? *sync.limits : own_limits;
  PlannedRows rows(sql, sync.facts.match_fields.size(), sync.facts.fields.size());
  RunFacts run;
  run.run = "r";
  auto journal = *Journal::create(loop, disk, "journal", run);
  Delivery delivery({loop, destination, access, target, router, limits, *journal, random, {}});
  Staged staged;
  {
    TaskGroup looking(loop);
    if (sync.look) looking.spawn(keep_looking(loop, delivery, sync.look));
    staged.ended = loop.run(delivery.run(rows));
  }
  staged.progress = delivery.progress();
  const auto read = read_log(disk, "journal", [&](std::string_view bytes) -> Result<void> {
    const auto record = decode_record(bytes);
    if (const auto* group = record ? std::get_if<OutcomeGroup>(&*record) : nullptr)
      for (size_t i = 0; i < group->rows.size(); ++i) staged.outcomes[group->rows[i]] = group->one(i);
    return success();
  });
  EXPECT_TRUE(read.ok());
  return staged;
}

}  // namespace penstock
