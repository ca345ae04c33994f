// Jobs in virtual time, against a destination that is a list of answers for each kind of request.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "async/sim_loop.h"
#include "base/memory_disk.h"
#include "connector/login.h"
#include "deliver/deliver.h"

namespace penstock {
namespace {

constexpr const char* kLoft = R"(
connector: loft
title: Loft
summary: Things in a loft.
facts: 2026-11
settings: { base_url: { type: url, required: true, help: Where it is. } }
auth: { type: none }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 1000/s }] } }
objects: { things: { title: Things, match: { name: unique } } }
routes: { unique: { create: insert, upsert: many } }
operations:
  many:
    request: PUT /jobs/{job}/rows
    limit: all
    rows: 4
    body: { rows: { each_row: { name: "{match}", values: "{fields}" } } }
    replies: &taken
      - { status: 201, is: accepted }
      - { status: 200, is: rows, unnamed: accepted, rows: [{ each: errors, by: index, at: index, is: rejected, code: code }] }
    job: &job
      create: { request: POST /jobs, body: { kind: "{object}" } }
      id: id
      at_once: 2
      start: { request: "PATCH /jobs/{job}", body: { state: go } }
      poll: { request: "GET /jobs/{job}", state: state, done: done, failed: failed, message: why, pause: 10s, pause_max: 1m }
      results:
        - { request: "GET /jobs/{job}/bad", content: csv, rows: [{ by: match, at: name, is: rejected, code: why }] }
      unnamed: accepted
      end: { request: "DELETE /jobs/{job}" }
  insert:
    request: PUT /jobs/{job}/rows
    limit: all
    rows: 4
    repeatable: false
    body: { rows: { each_row: { name: "{match}", values: "{fields}" } } }
    replies: *taken
    job: *job
replies:
  - { status: 401, is: auth, message: error }
  - { status: 429, is: throttled }
  - { status: 5xx, is: retry, message: error }
  - { status: 413, is: split }
  - { status: 4xx, is: rejected, code: code, message: error }
)";

struct Answer {
  int status = 200;
  std::string body = "{}";
};

class Loft final : public HttpClient {
 public:
  explicit Loft(SimLoop& loop) : loop_(loop) {}
  Task<HttpOutcome> send(HttpRequest request) override {
    const std::string part = part_of(request);
    asked.push_back(part);
    if (part == "upload") uploads.push_back(request.body);
    const Instant started = loop_.now();
    co_await loop_.sleep_for(50ms);
    HttpReply reply;
    url = request.url;
    if (on) on(part);
    Answer answer = usual[part];
    if (auto& next = answers[part]; !next.empty()) {
      answer = next.front();
      next.erase(next.begin());
    }
    if (part == "create" && answer.status < 300) answer.body = fmt::format(R"({{"id":"j{}"}})", ++jobs_);
    reply.status = answer.status;
    reply.body = answer.body;
    reply.started = started;
    reply.finished = loop_.now();
    if (answer.status == 0)
      co_return TransportFailure{
          {ErrorKind::transient, "the connection was lost", ""}, true, started, loop_.now()};
    co_return reply;
  }
  size_t times(const std::string& part) const {
    return static_cast<size_t>(std::count(asked.begin(), asked.end(), part));
  }

  std::map<std::string, Answer> usual{{"create", {201, ""}},           {"upload", {201, ""}},
                                      {"start", {200, "{}"}},          {"poll", {200, R"({"state":"done"})"}},
                                      {"result", {200, "name,why\n"}}, {"end", {204, ""}}};
  std::map<std::string, std::vector<Answer>> answers;  // these first
  std::vector<std::string> asked, uploads;
  std::string url;  // that is asked for
  std::function<void(const std::string&)> on;

 private:
  static std::string part_of(const HttpRequest& request) {
    if (request.method == "POST") return "create";
    if (request.method == "PUT") return "upload";
    if (request.method == "PATCH") return "start";
    if (request.method == "DELETE") return "end";
    return request.url.ends_with("/bad") ? "result" : "poll";
  }
  SimLoop& loop_;
  uint64_t jobs_ = 0;
};

class Rows final : public RowSource {
 public:
  explicit Rows(size_t count) {
    auto rows = connection_.query(fmt::format(
        "SELECT CAST(i AS UBIGINT), 'added', 'k' || i, CAST(0 AS UBIGINT), CAST(i AS UBIGINT), CAST(i AS "
        "UBIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), 'n' || i, 'Ulm' FROM "
        "range({}) t(i)",
        count));
    EXPECT_TRUE(rows.ok());
    chunk_ = std::make_shared<const PlanChunk>(**rows->next(), std::vector<ValueType>{{}},
                                               std::vector<ValueType>{{}});
  }
  Task<Result<std::shared_ptr<const PlanChunk>>> next() override { co_return std::exchange(chunk_, nullptr); }
  std::shared_ptr<const PlanChunk> chunk() const { return chunk_; }

 private:
  duck::Database database_ = *duck::Database::open({});
  duck::Connection connection_ = *database_.connect();
  std::shared_ptr<const PlanChunk> chunk_;
};

class JobDelivery : public testing::Test {
 protected:
  void deliver(size_t count, config::Mode mode = config::Mode::upsert) {
    Rows rows(count);
    begin(mode);
    result = loop.run(delivery->run(rows));
    read_journal();
  }

  void begin(config::Mode mode) {
    connector::Catalog catalog;
    declare::Diagnostics diagnostics;
    catalog.add(std::make_shared<declare::SourceFile>("connectors/loft.yaml", kLoft), diagnostics);
    ASSERT_TRUE(diagnostics.ok()) << as_text(diagnostics);
    const auto connector = catalog.find("loft");
    connector::TargetSettings settings{{{"base_url", "http://loft.example"}}, {}};
    access = std::make_unique<Access>(loop, loft,
                                      connector::bind_login(connector->declaration(), settings.values, {}),
                                      RefreshTokens(disk, "logins", "crm"));
    connector::TargetFacts facts;
    facts.object = "things";
    facts.match_fields = {"name"};
    facts.match_kind = connector::MatchKind::unique;
    facts.fields = {"city"};
    target = std::make_unique<connector::Target>(*connector::Target::bind(connector, settings, facts));
    RouteRules rules;
    rules.mode = mode;
    rules.write = {WritePolicy::always};
    rules.omit_null = {false};
    router = std::make_unique<Router>(*Router::make(*target, rules));
    RunFacts run;
    run.run = "r";
    journal = *Journal::create(loop, disk, "journal", run);
    delivery = std::make_unique<Delivery>(
        DeliveryParts{loop, loft, *access, *target, *router, limits, *journal, random, {}});
  }

  void read_journal() {
    outcomes.clear();
    stages.clear();
    ASSERT_TRUE(read_log(disk, "journal", [&](std::string_view bytes) -> Result<void> {
                  const auto record = decode_record(bytes);
                  if (const auto* group = std::get_if<OutcomeGroup>(&*record))
                    for (size_t i = 0; i < group->rows.size(); ++i) {
                      EXPECT_FALSE(outcomes.contains(group->rows[i])) << "a row has one outcome";
                      outcomes[group->rows[i]] = group->one(i);
                    }
                  if (const auto* job = std::get_if<JobRecord>(&*record)) stages[job->number] = job->stage;
                  return success();
                }).ok());
  }

  size_t count(Outcome outcome) const {
    return static_cast<size_t>(std::count_if(outcomes.begin(), outcomes.end(),
                                             [&](const auto& one) { return one.second.outcome == outcome; }));
  }

  SimLoop loop;
  MemoryDisk disk;
  Random random{7};
  RateLimits limits{loop, 1.0};
  Loft loft{loop};
  std::unique_ptr<Access> access;
  std::unique_ptr<connector::Target> target;
  std::unique_ptr<Router> router;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Delivery> delivery;
  Result<void> result = success();
  std::map<uint64_t, RowOutcome> outcomes;
  std::map<uint64_t, JobStage> stages;
};

TEST_F(JobDelivery, RowsOfSeveralJobsGetTheirOwnOutcomes) {
  loft.answers["result"] = {{200, "name,why\nN2,TOO_OLD\n"}};
  deliver(10);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(loft.times("create"), 3u) << "four rows a job";
  EXPECT_EQ(count(Outcome::accepted), 9u);
  EXPECT_EQ(count(Outcome::rejected), 1u);
  for (const auto& [number, stage] : stages) EXPECT_EQ(stage, JobStage::ended) << number;
  EXPECT_EQ(delivery->progress().jobs.size(), 0u);
}

TEST_F(JobDelivery, NoMoreJobsWorkAtATimeThanTheDestinationTakes) {
  int working = 0, most = 0;
  loft.on = [&](const std::string& part) {
    working += part == "create" ? 1 : part == "end" ? -1 : 0;
    most = std::max(most, working);
  };
  deliver(20);
  EXPECT_EQ(most, 2);
  EXPECT_EQ(count(Outcome::accepted), 20u);
}

TEST_F(JobDelivery, WhatOneJobTookTellsWhenToAskForTheNext) {
  std::map<std::string, Instant> started;
  loft.on = [&](const std::string& part) {
    if (part == "start") started[loft.url] = loop.now();
    if (part == "poll" && loop.now() - started[loft.url] < 45s)
      loft.answers["poll"] = {{200, R"({"state":"busy"})"}};
  };
  deliver(40);
  EXPECT_EQ(count(Outcome::accepted), 40u);
  // Ten jobs, two at a time; without a memory each is asked three times (after 10, 25 and 47 seconds).
  EXPECT_LE(loft.times("poll"), 18u);
  EXPECT_GE(loft.times("poll"), 12u);
}

TEST_F(JobDelivery, PollsThatFailAreMadeAgainAndUnknownStatesWork) {
  loft.answers["poll"] = {{503, ""}, {429, ""}, {0, ""}, {200, R"({"state":"musing"})"}, {503, ""}};
  deliver(3);
  EXPECT_EQ(count(Outcome::accepted), 3u);
  EXPECT_EQ(loft.times("create"), 1u);
  EXPECT_EQ(loft.times("poll"), 6u);
}

TEST_F(JobDelivery, APollThatNeverAnswersEndsTheRunAndLeavesTheJob) {
  loft.usual["poll"] = {503, R"({"error":"down"})"};
  deliver(3);
  EXPECT_EQ(result.error().kind, ErrorKind::transient);
  EXPECT_EQ(delivery->jobs_left(), 1u);
  EXPECT_EQ(stages[1], JobStage::running);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_GT(loop.now() - kFirstInstant, Duration(10min));
  EXPECT_LT(loop.now() - kFirstInstant, Duration(15min));
}

TEST_F(JobDelivery, ALoginThatIsRefusedLeavesTheJob) {
  loft.usual["poll"] = {401, R"({"error":"who are you"})"};
  deliver(3);
  EXPECT_EQ(result.error().kind, ErrorKind::auth);
  EXPECT_EQ(delivery->jobs_left(), 1u);
}

TEST_F(JobDelivery, AFailedJobOfRowsThatMayBeRepeatedIsTriedThreeTimes) {
  loft.usual["poll"] = {200, R"({"state":"failed","why":"disk full"})"};
  deliver(3);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(loft.times("create"), 3u);
  EXPECT_EQ(count(Outcome::in_doubt), 3u) << "they may have been written each time";
  EXPECT_EQ(outcomes[0].message, "disk full");
}

TEST_F(JobDelivery, AFailedJobOfRowsThatMustNotBeRepeatedLeavesThemInDoubt) {
  loft.usual["poll"] = {200, R"({"state":"failed"})"};
  deliver(3, config::Mode::insert);
  EXPECT_EQ(loft.times("create"), 1u);
  EXPECT_EQ(count(Outcome::in_doubt), 3u);
}

TEST_F(JobDelivery, AJobThatIsGoneIsNotRepeatedInTheSameRun) {
  loft.usual["poll"] = {404, R"({"error":"no such job"})"};
  deliver(3);
  EXPECT_EQ(loft.times("create"), 1u);
  EXPECT_EQ(count(Outcome::failed), 3u);
  EXPECT_TRUE(outcomes[0].effect_unknown) << "the next plan sends them again";
}

TEST_F(JobDelivery, AJobThatDoesNotEndIsGivenUpAfterADay) {
  loft.usual["poll"] = {200, R"({"state":"working"})"};
  deliver(3, config::Mode::insert);
  EXPECT_EQ(count(Outcome::in_doubt), 3u);
  EXPECT_EQ(outcomes[0].code, "JOB_TIMED_OUT");
}

TEST_F(JobDelivery, AnUploadThatIsTooLargeIsSplit) {
  loft.answers["upload"] = {{413, "{}"}};
  deliver(4);
  EXPECT_EQ(loft.times("create"), 3u);
  EXPECT_EQ(count(Outcome::accepted), 4u);
}

TEST_F(JobDelivery, AnUploadThatIsLostIsMadeInAnotherJobEvenOfRowsThatMustNotBeRepeated) {
  loft.answers["upload"] = {{0, ""}};
  deliver(4, config::Mode::insert);
  EXPECT_EQ(loft.times("start"), 1u) << "the first job was never set to work";
  EXPECT_EQ(count(Outcome::accepted), 4u);
}

TEST_F(JobDelivery, RowsThatTheUploadRefusesAreNotInTheJob) {
  loft.answers["upload"] = {{200, R"({"errors":[{"index":1,"code":"BAD"}]})"}};
  deliver(4);
  EXPECT_EQ(count(Outcome::accepted), 3u);
  EXPECT_EQ(outcomes[1].code, "BAD");
}

TEST_F(JobDelivery, StoppingLeavesTheJobWithoutWaiting) {
  loft.usual["poll"] = {200, R"({"state":"working"})"};
  loft.on = [&](const std::string& part) {
    if (part == "poll") delivery->stop();
  };
  deliver(3);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(delivery->jobs_left(), 1u);
  EXPECT_EQ(loft.times("poll"), 1u);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(JobDelivery, IsTakenUpAgainByTheNextProcess) {
  Rows source(3);
  const auto chunk = source.chunk();
  begin(config::Mode::upsert);
  LeftJob left;
  left.journal.job.number = 1;
  left.journal.job.stage = JobStage::running;
  left.journal.job.id = "j9";
  left.journal.job.operation = "many";
  left.journal.job.step = static_cast<uint64_t>(Step::upsert);
  left.journal.job.created = loop.clock().now() - Duration(1h);
  left.journal.job.rows = {0, 1, 2};
  left.journal.settled = {true, false, false};
  for (uint32_t i = 0; i < 3; ++i) {
    Row row;
    row.chunk = chunk;
    row.index = i;
    (void)router->start(row);
    left.rows.push_back(std::move(row));
  }
  loft.answers["result"] = {{200, "name,why\nn2,TOO_OLD\n"}};
  std::vector<LeftJob> jobs;
  jobs.push_back(std::move(left));
  LeftJobs numbered;
  numbered.requests = 40;
  result = loop.run(delivery->resume(std::move(jobs), numbered));
  read_journal();
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(loft.asked, (std::vector<std::string>{"poll", "result", "end"}));
  EXPECT_EQ(outcomes.size(), 2u) << "the first row had its outcome already";
  EXPECT_EQ(outcomes[1].outcome, Outcome::accepted);
  EXPECT_EQ(outcomes[2].outcome, Outcome::rejected);
  EXPECT_GT(outcomes[2].request, 40u);
  EXPECT_EQ(stages[1], JobStage::ended);
}

}  // namespace
}  // namespace penstock
