#include "ledger/retention.h"

#include <gtest/gtest.h>

#include "base/memory_disk.h"

namespace penstock {
namespace {

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    for (const char* sync : {"a", "b"})
      for (const char* kind : {"operations", "requests", "before"})
        EXPECT_TRUE(disk.make_directories(join_path(join_path("state", kind), sync)).ok());
  }
  void put(const std::string& kind, const std::string& sync, const std::string& run, size_t bytes) {
    ASSERT_TRUE(
        disk.replace("state/" + kind + "/" + sync + "/" + run + ".parquet", std::string(bytes, 'x')).ok());
  }
  // "operations/a/RUN", ... in their order.
  std::string left() {
    std::string all;
    for (const char* kind : {"operations", "requests", "before"})
      for (const char* sync : {"a", "b"}) {
        const auto names = disk.list(join_path(join_path("state", kind), sync));
        for (const auto& name : *names)
          all += std::string(all.empty() ? "" : " ") + kind[0] + "/" + sync + "/" +
                 name.substr(0, name.find('.'));
      }
    return all;
  }
  MemoryDisk disk;
  StatePaths paths{"state"};
};

TEST_F(RetentionTest, TheOldestRunsOfAllSyncsGoFirst) {
  put("operations", "a", "20260101-000000-aaaa", 100);
  put("requests", "a", "20260101-000000-aaaa", 50);
  put("operations", "b", "20260102-000000-bbbb", 100);
  put("operations", "a", "20260103-000000-cccc", 100);
  put("requests", "a", "20260103-000000-cccc", 50);
  remove_beyond_size(disk, paths, {"a", "b"}, 250, "20260103-000000-cccc");
  EXPECT_EQ(left(), "o/a/20260103-000000-cccc o/b/20260102-000000-bbbb r/a/20260103-000000-cccc");
}

TEST_F(RetentionTest, WhatFitsStays) {
  put("operations", "a", "20260101-000000-aaaa", 100);
  put("requests", "b", "20260102-000000-bbbb", 150);
  remove_beyond_size(disk, paths, {"a", "b"}, 250, "20260102-000000-bbbb");
  EXPECT_EQ(left(), "o/a/20260101-000000-aaaa r/b/20260102-000000-bbbb");
}

TEST_F(RetentionTest, TheRunThatHasJustEndedStaysHoweverLarge) {
  put("operations", "a", "20260101-000000-aaaa", 100);
  put("operations", "a", "20260102-000000-bbbb", 1000);
  remove_beyond_size(disk, paths, {"a", "b"}, 10, "20260102-000000-bbbb");
  EXPECT_EQ(left(), "o/a/20260102-000000-bbbb");
}

TEST_F(RetentionTest, WhatCanBeUndoneIsNotCounted) {
  put("before", "a", "20260101-000000-aaaa", 5000);
  put("operations", "a", "20260101-000000-aaaa", 100);
  remove_beyond_size(disk, paths, {"a", "b"}, 100, "20260102-000000-bbbb");
  EXPECT_EQ(left(), "o/a/20260101-000000-aaaa b/a/20260101-000000-aaaa");
}

TEST_F(RetentionTest, SyncsThatNeverRanAndOtherFilesAreNoTrouble) {
  put("operations", "a", "20260101-000000-aaaa", 100);
  ASSERT_TRUE(
      disk.replace("state/operations/a/20260101-000000-aaaa.parquet.new", std::string(900, 'x')).ok());
  remove_beyond_size(disk, paths, {"a", "never"}, 100, "");
  EXPECT_EQ(disk.list("state/operations/a")->size(), 2u);
}

TEST_F(RetentionTest, WhatIsOldGoesByAge) {
  put("operations", "a", "20260101-000000-aaaa", 1);
  put("requests", "a", "20260101-000000-aaaa", 1);
  put("before", "a", "20260101-000000-aaaa", 1);
  put("operations", "a", "20260109-000000-bbbb", 1);
  const Time now = from_unix_micros(1'768'003'200'000'000);  // 2026-01-10
  remove_old_operations(disk, paths, "a", {.operations = 3 * 24h, .before = 30 * 24h}, now);
  EXPECT_EQ(left(), "o/a/20260109-000000-bbbb b/a/20260101-000000-aaaa");
}

}  // namespace
}  // namespace penstock
