#include "source/adbc/driver.h"

#include <gtest/gtest.h>

namespace penstock::adbc {
namespace {

TEST(AdbcDriver, EntryPointsAreToldByTheFilesName) {
  EXPECT_EQ(entry_points("/usr/lib/libadbc_driver_snowflake.so.107")[0], "AdbcDriverSnowflakeInit");
  EXPECT_EQ(entry_points("libadbc_driver_flight_sql.so")[0], "AdbcDriverFlightSqlInit");
  EXPECT_EQ(entry_points("libduckdb.so"),
            (std::vector<std::string>{"AdbcDriverDuckdbInit", "AdbcDriverInit"}));
  EXPECT_EQ(entry_points("")[1], "AdbcDriverInit");
}

TEST(AdbcDriver, WhatCannotBeLoadedSaysWhy) {
  const auto driver = load_driver("/nowhere/libadbc_driver_none.so", "");
  ASSERT_FALSE(driver.ok());
  EXPECT_EQ(driver.error().kind, ErrorKind::config);
  EXPECT_NE(driver.error().message.find("/nowhere/libadbc_driver_none.so"), std::string::npos);
}

}  // namespace
}  // namespace penstock::adbc
