#include "base/memory_disk.h"

#include <gtest/gtest.h>

#include "base/temp_directory.h"

namespace penstock {
namespace {

// The one in memory is only as good as it is like the real one: both tell the same story.
class DiskTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { ASSERT_TRUE(disk().make_directories(root_).ok()); }
  Disk& disk() { return GetParam() ? static_cast<Disk&>(memory_) : real_disk(); }
  std::string at(std::string_view name) { return join_path(root_, name); }

  MemoryDisk memory_;
  TempDirectory directory_;
  std::string root_ = directory_.path("root");
};

TEST_P(DiskTest, WritesAndReads) {
  EXPECT_FALSE(disk().read(at("a")).ok());
  EXPECT_FALSE(disk().exists(at("a")).value());
  ASSERT_TRUE(disk().replace(at("a"), "one").ok());
  auto file = disk().append_to(at("a")).value();
  EXPECT_EQ(file->size(), 3u);
  ASSERT_TRUE(file->append("two").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(file->size(), 6u);
  EXPECT_EQ(disk().read(at("a")).value(), "onetwo");
  EXPECT_EQ(disk().map(at("a")).value()->bytes().size(), 6u);
  ASSERT_TRUE(disk().truncate(at("a"), 2).ok());
  EXPECT_EQ(disk().read(at("a")).value(), "on");
}

TEST_P(DiskTest, KeepsDirectories) {
  ASSERT_TRUE(disk().make_directories(at("b/c")).ok());
  ASSERT_TRUE(disk().replace(at("b/c/file"), "").ok());
  ASSERT_TRUE(disk().replace(at("a"), "").ok());
  EXPECT_FALSE(disk().replace(at("none/file"), "").ok());
  EXPECT_FALSE(disk().append_to(at("none/file")).ok());
  EXPECT_TRUE(disk().exists(at("b")).value());
  EXPECT_EQ(disk().list(root_).value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(disk().list(at("none")).ok());
  ASSERT_TRUE(disk().remove(at("b")).ok());
  EXPECT_FALSE(disk().exists(at("b/c/file")).value());
  EXPECT_TRUE(disk().remove(at("b")).ok()) << "what is not there is fine";
}

TEST_P(DiskTest, RenamesOverWhatIsThere) {
  ASSERT_TRUE(disk().replace(at("a"), "one").ok());
  ASSERT_TRUE(disk().replace(at("b"), "two").ok());
  auto mapped = disk().map(at("b")).value();
  ASSERT_TRUE(disk().rename(at("a"), at("b")).ok());
  EXPECT_FALSE(disk().exists(at("a")).value());
  EXPECT_EQ(disk().read(at("b")).value(), "one");
  EXPECT_EQ(static_cast<char>(mapped->bytes()[0]), 't') << "what was mapped stays";
  EXPECT_FALSE(disk().rename(at("a"), at("b")).ok());
}

INSTANTIATE_TEST_SUITE_P(Disks, DiskTest, testing::Bool(),
                         [](const auto& which) { return which.param ? "Memory" : "Real"; });

}  // namespace
}  // namespace penstock
