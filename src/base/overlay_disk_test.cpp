#include "base/overlay_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_disk.h"

namespace penstock {
namespace {

using testing::ElementsAre;

class Overlay : public testing::Test {
 protected:
  Overlay() {
    EXPECT_TRUE(under_.make_directories("p/models").ok());
    EXPECT_TRUE(under_.make_directories("p/data").ok());
    EXPECT_TRUE(under_.replace("p/penstock.yaml", "project: real\n").ok());
    EXPECT_TRUE(under_.replace("p/models/a.sql", "select 1").ok());
    EXPECT_TRUE(under_.replace("p/data/rows.csv", "id\n1\n").ok());
  }
  MemoryDisk under_;
  static bool covers(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".sql"); }
  OverlayDisk disk_{
      under_, "p", covers, {{"penstock.yaml", "project: view\n"}, {"syncs/b.yaml", "model: a\n"}}};
};

TEST_F(Overlay, CoveredFilesAreThoseOfTheView) {
  EXPECT_EQ(*disk_.read("p/penstock.yaml"), "project: view\n");
  EXPECT_EQ(*disk_.read("./p//syncs/b.yaml"), "model: a\n");
  EXPECT_FALSE(disk_.read("p/models/a.sql").ok());
  EXPECT_FALSE(*disk_.exists("p/models/a.sql"));
  EXPECT_TRUE(*disk_.exists("p/syncs"));
  EXPECT_EQ((*disk_.map("p/syncs/b.yaml"))->bytes().size(), 9u);
}

TEST_F(Overlay, EverythingElseIsWhatIsThere) {
  EXPECT_EQ(*disk_.read("p/data/rows.csv"), "id\n1\n");
  EXPECT_TRUE(disk_.replace("p/data/more.csv", "x").ok());
  EXPECT_TRUE(*under_.exists("p/data/more.csv"));
  EXPECT_FALSE(*disk_.exists("q/penstock.yaml"));
}

TEST_F(Overlay, ListsTheViewInItsPlace) {
  EXPECT_THAT(*disk_.list("p"), ElementsAre("data", "models", "penstock.yaml", "syncs"));
  EXPECT_THAT(*disk_.list("p/syncs"), ElementsAre("b.yaml"));
  EXPECT_THAT(*disk_.list("p/models"), ElementsAre());
  EXPECT_FALSE(disk_.list("p/alerts").ok());
}

TEST_F(Overlay, CannotBeWritten) {
  const auto refused = disk_.replace("p/syncs/b.yaml", "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "cannot write p/syncs/b.yaml: it is only a view");
  EXPECT_FALSE(disk_.remove("p/models/a.sql").ok());
  EXPECT_FALSE(disk_.rename("p/data/rows.csv", "p/models/rows.sql").ok());
  EXPECT_TRUE(*under_.exists("p/models/a.sql"));
}

TEST(OverlayDisk, OfTheCurrentDirectory) {
  MemoryDisk under;
  OverlayDisk disk(under, ".", [](std::string_view path) { return path == "penstock.yaml"; },
                   {{"penstock.yaml", "x"}});
  EXPECT_EQ(*disk.read("penstock.yaml"), "x");
  EXPECT_EQ(*disk.read("./penstock.yaml"), "x");
}

}  // namespace
}  // namespace penstock
