#include "source/dialect.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Dialect, EachIsFoundByItsNameAndByItsDriver) {
  ASSERT_GE(dialects().size(), 5U);
  for (const auto& dialect : dialects()) {
    EXPECT_EQ(find_dialect(dialect.id), &dialect);
    EXPECT_EQ(dialect_of_driver("/usr/lib/libadbc_driver_" + dialect.drivers[0] + ".so.107"), &dialect);
  }
  EXPECT_EQ(find_dialect("none"), nullptr);
  EXPECT_EQ(dialect_of_driver("/usr/lib/duckdb/libadbc_driver_none.so"), nullptr);
}

TEST(Dialect, NamesAndTextsAreQuoted) {
  const Dialect& doubling = *find_dialect("duckdb");
  EXPECT_EQ(doubling.name_of("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(doubling.text_of("it's \\"), "'it''s \\'");
  const Dialect& escaping = *find_dialect("bigquery");
  EXPECT_EQ(escaping.name_of("key"), "`key`");
  EXPECT_EQ(escaping.text_of("it's \\\n"), "'it\\'s \\\\\\n'");
  EXPECT_EQ(find_dialect("redshift")->text_of("a\\b"), "'a' || CHR(92) || 'b'");
}

TEST(Dialect, KeysHaveTheirTypes) {
  const Dialect& dialect = *find_dialect("snowflake");
  EXPECT_EQ(dialect.key_type("BIGINT"), "BIGINT");
  EXPECT_EQ(dialect.key_type("DECIMAL(38,0)"), "NUMBER(38, 0)");
  EXPECT_EQ(dialect.key_type("TIMESTAMP WITH TIME ZONE"), "TIMESTAMP_TZ");
  EXPECT_EQ(dialect.key_type("STRUCT(a INTEGER)"), "");
  EXPECT_EQ(dialect.key_type("BIGINT[]"), "");
  EXPECT_EQ(find_dialect("bigquery")->key_type("DECIMAL(38,9)"), "NUMERIC");
}

}  // namespace
}  // namespace penstock
