#include "config/starter.h"

#include <gtest/gtest.h>

#include "config/project.h"
#include "config/resolver.h"
#include "config/test_projects.h"

namespace penstock::config {
namespace {

TEST(Starter, IsAProjectWithoutAFault) {
  MemoryDisk disk;
  auto written = write_starter(disk, "new/project");
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(written->size(), starter_files().size());
  Diagnostics diagnostics;
  const Project project = load_project(disk, "new/project", test_kinds(), diagnostics);
  // It runs as it stands: no variable has to be set first.
  unsetenv("HUBSPOT_TOKEN");
  check_references(project, MachineResolver(disk, "new/project"), diagnostics);
  EXPECT_EQ(as_text(diagnostics), "");
  EXPECT_EQ(project.syncs.size(), 1u);
  EXPECT_EQ(*declare::resolve(project.destinations[0].settings.get<Reference>("access_token"),
                              MachineResolver(disk, "new/project")),
            "sandbox");
}

TEST(Starter, OverwritesNothing) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_directories("here").ok());
  ASSERT_TRUE(disk.replace("here/penstock.yaml", "mine").ok());
  ASSERT_TRUE(disk.replace("here/.gitignore", "mine").ok());
  const auto written = write_starter(disk, "here");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().message,
            "here has files that the starter would overwrite: penstock.yaml, .gitignore");
  EXPECT_EQ(written.error().kind, ErrorKind::config);
  EXPECT_EQ(*disk.read("here/penstock.yaml"), "mine");
  EXPECT_FALSE(*disk.exists("here/README.md"));
}

TEST(Starter, HasOneAddressToLearnFrom) {
  for (const StarterFile& file : starter_files()) {
    EXPECT_TRUE(file.text.ends_with("\n")) << file.path;
    if (file.path != "data/customers.csv") continue;
    EXPECT_EQ(std::count(file.text.begin(), file.text.end(), '\n'), 21);
    EXPECT_NE(file.text.find("\n9,ines.moreau@,"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace penstock::config
