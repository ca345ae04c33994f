#include "base/faulty_disk.h"

#include <gtest/gtest.h>

#include "base/memory_disk.h"

namespace penstock {
namespace {

using Fault = FaultyDisk::Fault;

TEST(FaultyDisk, PassesOnUntilItStrikes) {
  MemoryDisk memory;
  FaultyDisk disk(memory, 1);
  const std::string path = "a";
  disk.arm(Fault::full, 2);
  EXPECT_TRUE(disk.replace(path, "one").ok());
  EXPECT_TRUE(disk.replace(path, "two").ok());
  EXPECT_FALSE(disk.struck());
  auto full = disk.replace(path, "three");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().kind, ErrorKind::disk);
  EXPECT_FALSE(full.error().remedy.empty());
  EXPECT_TRUE(disk.struck());
  EXPECT_EQ(disk.read(path).value(), "two");
  disk.disarm();
  EXPECT_TRUE(disk.replace(path, "four").ok());
  EXPECT_EQ(disk.operations(), 5u);
}

TEST(FaultyDisk, AReadOnlyDiskIsStillRead) {
  MemoryDisk memory;
  FaultyDisk disk(memory, 1);
  EXPECT_TRUE(disk.replace("a", "one").ok());
  disk.arm(Fault::read_only, 0);
  EXPECT_EQ(disk.read("a").value(), "one");
  EXPECT_FALSE(disk.remove("a").ok());
  EXPECT_FALSE(disk.append_to("a").ok());
  EXPECT_TRUE(disk.exists("a").value());
}

TEST(FaultyDisk, APowerCutKeepsWhatWasSyncedAndPerhapsMore) {
  bool lost_some = false, kept_some = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryDisk memory;
    FaultyDisk disk(memory, seed);
    const std::string path = "a";
    auto file = disk.append_to(path).value();
    ASSERT_TRUE(file->append("durable ").ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(file->append("perhaps").ok());
    disk.arm(Fault::power_cut, 0);
    EXPECT_FALSE(file->append("half").ok());
    EXPECT_FALSE(disk.read(path).ok()) << "no operation works without power";
    ASSERT_TRUE(disk.power_on().ok());
    EXPECT_FALSE(file->append("dead").ok()) << "a file does not outlive the power cut";
    const std::string after = disk.read(path).value();
    EXPECT_TRUE(after.starts_with("durable ")) << "seed " << seed;
    EXPECT_LE(after.size(), std::string("durable perhapshalf").size());
    (after.size() > 8 ? kept_some : lost_some) = true;
  }
  EXPECT_TRUE(lost_some && kept_some);
}

TEST(FaultyDisk, APowerCutReplacesAFileWholeOrNotAtAll) {
  bool old_seen = false, new_seen = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryDisk memory;
    FaultyDisk disk(memory, seed);
    ASSERT_TRUE(disk.replace("a", "old").ok());
    disk.arm(Fault::power_cut, 0);
    EXPECT_FALSE(disk.replace("a", "new").ok());
    ASSERT_TRUE(disk.power_on().ok());
    const std::string after = disk.read("a").value();
    EXPECT_TRUE(after == "old" || after == "new") << after;
    (after == "old" ? old_seen : new_seen) = true;
  }
  EXPECT_TRUE(old_seen && new_seen);
}

}  // namespace
}  // namespace penstock
