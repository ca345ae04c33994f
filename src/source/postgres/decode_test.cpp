#include "source/postgres/decode.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

namespace penstock::postgres {
namespace {

std::string numeric_bytes(std::vector<uint16_t> digits, int16_t weight, uint16_t sign, uint16_t shown) {
  std::string out;
  const auto put = [&](uint16_t value) {
    value = std::byteswap(value);
    out.append(reinterpret_cast<const char*>(&value), 2);
  };
  put(static_cast<uint16_t>(digits.size()));
  put(static_cast<uint16_t>(weight));
  put(sign);
  put(shown);
  for (const auto digit : digits) put(digit);
  return out;
}

// A vector of one row of a type.
struct OneRow {
  duckdb_vector vector;
  explicit OneRow(const duck::Type& type) : vector(duckdb_create_vector(type.get(), 1)) {}
  ~OneRow() { duckdb_destroy_vector(&vector); }
};

const char* decimal(const std::string& bytes, uint8_t width, uint8_t scale, __int128& value) {
  const duck::Type type(duckdb_create_decimal_type(width, scale));
  const OneRow row(type);
  const duck::Writable out(row.vector);
  if (const char* why = put_decimal(bytes, out, 0, width, scale)) return why;
  if (width <= 4)
    value = *out.data<int16_t>();
  else if (width <= 9)
    value = *out.data<int32_t>();
  else if (width <= 18)
    value = *out.data<int64_t>();
  else
    std::memcpy(&value, out.data<char>(), sizeof value);
  return nullptr;
}

TEST(PostgresNumeric, ScaleMayEndWithinADigitOfTenThousand) {
  __int128 value = 0;
  // 12.345 as numeric(9,3): digits 12 and 3450.
  EXPECT_EQ(decimal(numeric_bytes({12, 3450}, 0, 0, 3), 9, 3, value), nullptr);
  EXPECT_TRUE(value == 12345);
  // -0.05 as numeric(4,2): one digit of weight -1.
  EXPECT_EQ(decimal(numeric_bytes({500}, -1, 0x4000, 2), 4, 2, value), nullptr);
  EXPECT_TRUE(value == -5);
  // 10000 as numeric(18,4): trailing zeros are left out by the server.
  EXPECT_EQ(decimal(numeric_bytes({1}, 1, 0, 4), 18, 4, value), nullptr);
  EXPECT_TRUE(value == 100000000);
  EXPECT_EQ(decimal(numeric_bytes({}, 0, 0, 2), 38, 2, value), nullptr);
  EXPECT_TRUE(value == 0);
}

TEST(PostgresNumeric, WhatDoesNotFitIsAnError) {
  __int128 value = 0;
  EXPECT_NE(decimal(numeric_bytes({9, 9999}, 1, 0, 0), 4, 0, value), nullptr);
  EXPECT_NE(decimal(numeric_bytes({}, 0, 0xC000, 0), 4, 0, value), nullptr);  // NaN
  EXPECT_NE(decimal("short", 4, 0, value), nullptr);
  EXPECT_NE(decimal(numeric_bytes({1, 2, 3}, 0, 0, 0).substr(0, 10), 4, 0, value), nullptr);
}

TEST(PostgresTypes, OfNoPrecisionAreFloats) {
  EXPECT_EQ(carried("n", 1700, -1, false).type.name(), "DOUBLE");
  EXPECT_EQ(carried("n", 1700, ((10 << 16) | 2) + 4, false).type.name(), "DECIMAL(10,2)");
  EXPECT_EQ(carried("n", 1700, ((50 << 16) | 2) + 4, false).type.name(), "DOUBLE");
  // A negative scale: numeric(3,-2).
  EXPECT_EQ(carried("n", 1700, ((3 << 16) | (-2 & 0x7ff)) + 4, false).type.name(), "DOUBLE");
}

TEST(PostgresTypes, OfTheirOwnAreMadeTextOrJsonByTheServer) {
  EXPECT_EQ(carried("an \"ip\"", 869, -1, false).sql, R"("an ""ip"""::text)");
  const auto list = carried("l", 1007, -1, true);
  EXPECT_EQ(list.sql, R"(to_json("l")::text)");
  EXPECT_EQ(list.type.name(), "JSON");
}

}  // namespace
}  // namespace penstock::postgres
