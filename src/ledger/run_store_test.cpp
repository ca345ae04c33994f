#include "ledger/run_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <barrier>
#include <thread>

#include "base/temp_directory.h"

namespace penstock {
namespace {

// A second process once found the database as it was before the first one's tables, and was refused.
TEST(RunStore, ProcessesCreateOneHistoryAtTheSameTime) {
  constexpr int kProcesses = 4;
  TempDirectory directory;
  for (int round = 0; round < 50; ++round) {
    const std::string path = directory.path() + "/" + std::to_string(round) + ".db";
    std::barrier start(kProcesses);
    std::vector<std::string> errors(kProcesses);
    {
      std::vector<std::jthread> processes;
      processes.reserve(kProcesses);
      for (int i = 0; i < kProcesses; ++i)
        processes.emplace_back([&, i] {
          start.arrive_and_wait();
          auto store = RunStore::open(path);
          if (!store.ok()) {
            errors[i] = store.error().message;
            return;
          }
          RunRow run;
          run.run = "run-" + std::to_string(i);
          run.sync = "contacts";
          if (auto put = store->put(run); !put.ok()) errors[i] = put.error().message;
        });
    }
    for (const std::string& error : errors) EXPECT_EQ(error, "") << "round " << round;
    auto store = RunStore::open(path);
    ASSERT_TRUE(store.ok());
    auto runs = store->list("", 100);
    ASSERT_TRUE(runs.ok());
    EXPECT_EQ(runs->size(), size_t{kProcesses});
  }
}

RunRow some_run(const std::string& id) {
  RunRow run;
  run.run = id;
  run.sync = "contacts";
  return run;
}

TEST(RunStore, KnowsWhatWasConfirmedAndWhoApproved) {
  TempDirectory directory;
  auto store = *RunStore::open(directory.path() + "/penstock.db");
  RunRow run = some_run("a");
  run.confirmed = "max_removed", run.plan = "d1", run.approved_by = "ann";
  ASSERT_TRUE(store.put(run).ok());
  const auto found = *store.find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confirmed, "max_removed");
  EXPECT_EQ(found->plan, "d1");
  EXPECT_EQ(found->approved_by, "ann");
}

TEST(RunStore, ApprovalsAreOfOnePlanAndOnePerson) {
  TempDirectory directory;
  auto store = *RunStore::open(directory.path() + "/penstock.db");
  EXPECT_TRUE(store.approvals("d1")->empty());
  for (const auto& approval : {ApprovalRow{"d1", "contacts", "zoe", Time(1s), ""},
                               ApprovalRow{"d1", "contacts", "ann", Time(2s), "first"},
                               ApprovalRow{"d1", "contacts", "ann", Time(3s), "again"},
                               ApprovalRow{"d2", "contacts", "bob", Time(4s), ""}})
    ASSERT_TRUE(store.put(approval).ok());
  const auto approvals = *store.approvals("d1");
  ASSERT_EQ(approvals.size(), 2u);
  EXPECT_EQ(approvals[0].by, "zoe");
  EXPECT_EQ(approvals[1].by, "ann");
  EXPECT_EQ(approvals[1].note, "again");
  EXPECT_EQ(approvals[1].at, Time(3s));
}

// As version 1 wrote it.
void write_version_1(const std::string& path) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(
          database,
          "CREATE TABLE runs (run TEXT PRIMARY KEY, sync TEXT NOT NULL, status TEXT NOT NULL, kind TEXT "
          "NOT NULL, started INTEGER NOT NULL, finished INTEGER, rows INTEGER, added INTEGER, changed "
          "INTEGER, removed INTEGER, unchanged INTEGER, invalid INTEGER, waiting INTEGER, sent INTEGER, "
          "accepted INTEGER, rejected INTEGER, skipped INTEGER, in_doubt INTEGER, failed INTEGER, requests "
          "INTEGER, throttled INTEGER, error TEXT NOT NULL) STRICT, WITHOUT ROWID;"
          "CREATE INDEX runs_by_sync ON runs(sync, started); PRAGMA user_version = 1;"
          "INSERT INTO runs VALUES "
          "('old','contacts','succeeded','full',1,2,9,0,0,0,9,0,0,0,0,0,0,0,0,0,0,'')",
          nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(database);
}

TEST(RunStore, AnOlderFileIsBroughtUpToDate) {
  TempDirectory directory;
  const std::string path = directory.path() + "/penstock.db";
  write_version_1(path);
  for (int i = 0; i < 2; ++i) {
    auto store = RunStore::open(path);
    ASSERT_TRUE(store.ok()) << store.error().message;
    const auto old = *store->find("old");
    ASSERT_TRUE(old);
    EXPECT_EQ(old->kind, "full");
    EXPECT_EQ(old->unchanged, 9u);
    EXPECT_EQ(old->approved_by, "");
    ASSERT_TRUE(store->put(ApprovalRow{"d1", "contacts", "ann", Time(1s), ""}).ok());
    EXPECT_EQ(store->approvals("d1")->size(), 1u);
    RunRow run = some_run("new");
    run.approved_by = "ann";
    ASSERT_TRUE(store->put(run).ok());
    EXPECT_EQ(store->list("contacts", 10)->size(), 2u);
  }
}

TEST(RunStore, ANewerFileIsRefused) {
  TempDirectory directory;
  const std::string path = directory.path() + "/penstock.db";
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version = 3", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  const auto store = RunStore::open(path);
  ASSERT_FALSE(store.ok());
  EXPECT_NE(store.error().message.find("newer version"), std::string::npos);
}

}  // namespace
}  // namespace penstock
