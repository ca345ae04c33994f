#include "run/model_columns.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(ModelColumns, AWiderTypeKeepsWhatValuesMean) {
  const std::pair<const char*, const char*> wider[] = {
      {"INTEGER", "BIGINT"},        {"TINYINT", "HUGEINT"},   {"UTINYINT", "UBIGINT"},
      {"UINTEGER", "BIGINT"},       {"FLOAT", "DOUBLE"},      {"DECIMAL(10,2)", "DECIMAL(12,2)"},
      {"TIMESTAMP_S", "TIMESTAMP"}, {"ENUM('a')", "VARCHAR"}, {"VARCHAR", "VARCHAR"}};
  for (const auto& [before, now] : wider) EXPECT_TRUE(is_widened(before, now)) << before << " to " << now;
  const std::pair<const char*, const char*> other[] = {{"BIGINT", "INTEGER"},
                                                       {"INTEGER", "UINTEGER"},
                                                       {"UBIGINT", "BIGINT"},
                                                       {"DECIMAL(10,2)", "DECIMAL(10,3)"},
                                                       {"DECIMAL(10,2)", "DECIMAL(9,2)"},
                                                       {"VARCHAR", "INTEGER"},
                                                       {"DOUBLE", "FLOAT"},
                                                       {"DATE", "TIMESTAMP"},
                                                       {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}};
  for (const auto& [before, now] : other) EXPECT_FALSE(is_widened(before, now)) << before << " to " << now;
}

}  // namespace
}  // namespace penstock
