#include "run/reviewed_plan.h"

#include <gtest/gtest.h>

#include "async/sim_loop.h"
#include "base/temp_directory.h"

namespace penstock {
namespace {

struct NobodyAnswers final : HttpClient {
  Task<HttpOutcome> send(HttpRequest) override { die("a plan asks nobody"); }
};

// A project with one row, in virtual time.
struct ReviewedPlan : testing::Test {
  TempDirectory directory;
  SimLoop loop;
  NobodyAnswers client;
  Random random = Random(1);
  Interruption interruption;
  declare::Diagnostics diagnostics;
  std::unique_ptr<Workspace> workspace;
  std::string kept = directory.path() + "/plan.parquet";

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(real_disk().make_directories(directory.path() + "/" + name.substr(0, name.rfind('/'))).ok());
    ASSERT_TRUE(real_disk().replace(directory.path() + "/" + name, text).ok());
  }
  void SetUp() override {
    ASSERT_TRUE(real_disk().replace(directory.path() + "/penstock.yaml", "project: acme\n").ok());
    write("sources/warehouse.yaml", "type: duckdb\nfiles: { people: people.csv }\n");
    ASSERT_TRUE(
        real_disk().replace(directory.path() + "/people.csv", "id,email,name\n1,a@example.com,Ann\n").ok());
    write("models/people.yaml", "source: warehouse\nprimary_key: id\ntable: people\n");
    write("destinations/crm.yaml", "type: hubspot\naccess_token: ${env:NOBODY_HAS_THIS}\n");
    write("syncs/contacts.yaml",
          "model: people\ndestination: crm\nobject: contacts\nmode: upsert\nmatch: { email: email }\n"
          "fields: { firstname: name }\n");
    workspace = Workspace::open(real_disk(), loop.clock(), directory.path(), diagnostics, Random(1));
    ASSERT_TRUE(diagnostics.ok()) << as_text(diagnostics);
  }
  const config::Sync& sync() { return *workspace->project().sync("contacts"); }
  PlannedSync plan(RunRequest request) {
    RunParts parts{loop, client, *workspace, random, interruption, {}, nullptr, nullptr};
    auto planned = loop.run(plan_sync(parts, sync(), std::move(request), diagnostics));
    EXPECT_TRUE(planned.ok()) << planned.error().message;
    return *std::move(planned);
  }
  // The row of the kept plan was refused, and waits for an hour.
  void refuse() {
    auto prepared = loop.run(prepare_sync(loop, client, *workspace, sync(), Login::optional, diagnostics));
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    const auto row =
        (*prepared->opened.connection->texts("SELECT key_hi, key_lo, fingerprint FROM '" + kept + "'"))[0];
    const std::string place = workspace->paths().snapshot("contacts");
    auto changes = *ChangeSet::begin(real_disk(), place);
    KeyState state;
    state.details = Details{.key = "1",
                            .waiting = Waiting{.fingerprint = std::stoull(*row[2]),
                                               .next_try = loop.clock().now() + 1h,
                                               .cause = prepared->cause}};
    ASSERT_TRUE(changes.put({std::stoull(*row[0]), std::stoull(*row[1])}, state).ok());
    ASSERT_TRUE(commit(*Snapshot::open(real_disk(), place, Verify::headers), std::move(changes),
                       {.last_run = "run-1", .mappings = "[" + prepared->mapped.mapping.description() + "]"})
                    .ok());
  }
  RunRequest keeping() {
    RunRequest request;
    request.out = kept;
    return request;
  }
  RunRequest reviewed() {
    auto file = open_plan_file(*workspace, kept);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return request_for(*std::move(file));
  }
};

TEST_F(ReviewedPlan, HoldsWhenTheTimeOfAWaitingRowHasCome) {
  plan(keeping());
  refuse();
  EXPECT_EQ(plan(keeping()).plan.counts.waiting, 1u);
  loop.run([](SimLoop* loop) -> Task<void> { co_await loop->sleep_for(24h); }(&loop));
  EXPECT_EQ(plan({}).plan.counts.to_send, 1u) << "its time has come";
  const auto now = plan(reviewed());
  EXPECT_FALSE(now.moved) << now.moved->message;
  EXPECT_EQ(now.plan.counts.waiting, 1u);
  EXPECT_EQ(now.plan.counts.to_send, 0u);
}

TEST_F(ReviewedPlan, NamesTheRunThatMovedTheSnapshot) {
  plan(keeping());
  refuse();
  const auto now = plan(reviewed());
  ASSERT_TRUE(now.moved);
  EXPECT_EQ(now.moved->guard, kPlanMoved);
  EXPECT_NE(now.moved->message.find("run run-1 has moved on"), std::string::npos) << now.moved->message;
}

}  // namespace
}  // namespace penstock
