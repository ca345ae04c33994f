#include "config/resolver.h"

#include <gtest/gtest.h>

#include "base/memory_disk.h"

namespace penstock::config {
namespace {

TEST(MachineResolver, LooksWhereItShould) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_directories("p/keys").ok());
  ASSERT_TRUE(disk.make_directories("/etc").ok());
  ASSERT_TRUE(disk.replace("p/keys/a", "in the project\n").ok());
  ASSERT_TRUE(disk.replace("/etc/b", "elsewhere").ok());
  const MachineResolver resolver(
      disk, "p", [](const std::string& name) -> Result<std::optional<std::string>> {
        if (name == "locked") return Error{ErrorKind::disk, "the store is locked", ""};
        return name == "known" ? std::optional<std::string>("s3cret") : std::nullopt;
      });
  setenv("PENSTOCK_RESOLVER_TEST", "value", 1);
  EXPECT_EQ(**resolver.env("PENSTOCK_RESOLVER_TEST"), "value");
  unsetenv("PENSTOCK_RESOLVER_TEST");
  EXPECT_FALSE(*resolver.env("PENSTOCK_RESOLVER_TEST"));
  EXPECT_EQ(**resolver.file("keys/a"), "in the project\n");
  EXPECT_EQ(**resolver.file("/etc/b"), "elsewhere");
  EXPECT_FALSE(*resolver.file("keys/none"));
  EXPECT_EQ(**resolver.secret("known"), "s3cret");
  EXPECT_FALSE(*resolver.secret("other"));
  EXPECT_FALSE(resolver.secret("locked").ok());
  EXPECT_FALSE(*MachineResolver(disk, "p").secret("known"));
}

}  // namespace
}  // namespace penstock::config
