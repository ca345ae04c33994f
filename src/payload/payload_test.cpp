#include "payload/payload.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace penstock {
namespace {

struct Payload : testing::Test {
  duck::Database database = *duck::Database::open({});
  duck::Connection connection = *database.connect();
  void SetUp() override { ASSERT_TRUE(define_payload_functions(connection).ok()); }

  struct Cell {
    std::string text, json;
    PayloadType type;
    uint64_t contribution;
    bool sendable;
  };
  // What becomes of one SQL expression on its way to a payload.
  Cell cell(const std::string& expression) {
    const auto described = connection.describe("SELECT " + expression + " AS v");
    EXPECT_TRUE(described.ok()) << expression << ": " << described.error().message;
    const duck::Type& type = (*described)[0].type;
    auto rows =
        connection.query("SELECT " + as_payload_sql("v", type) + " FROM (SELECT " + expression + " AS v)");
    EXPECT_TRUE(rows.ok()) << expression << ": " << rows.error().message;
    const auto chunk = *rows->next();
    const Values values(chunk->column(0), payload_type_of(type));
    Cell cell;
    cell.type = values.type().type;
    append_json(cell.json, values, 0);
    if (!values.is_null(0)) append_text(cell.text, values, 0);
    cell.contribution = FingerprintField("f", values.type(), false).contribution(values, 0);
    cell.sendable = unsendable(values, 0) == nullptr;
    return cell;
  }
  std::string json(const std::string& expression) { return cell(expression).json; }
  std::string text(const std::string& expression) { return cell(expression).text; }
};

TEST_F(Payload, NumbersAreNeverPassedThroughADouble) {
  EXPECT_EQ(json("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(json("18446744073709551615::UBIGINT"), "18446744073709551615");
  EXPECT_EQ(json("170141183460469231731687303715884105727::HUGEINT"),
            "170141183460469231731687303715884105727");
  EXPECT_EQ(json("340282366920938463463374607431768211455::UHUGEINT"),
            "340282366920938463463374607431768211455");
  EXPECT_EQ(json("'123456789012345678901234567890123456789012'::BIGNUM"),
            "123456789012345678901234567890123456789012");
  EXPECT_EQ(json("12345678901234567890.123456789012345678::DECIMAL(38,18)"),
            "12345678901234567890.123456789012345678");
  EXPECT_EQ(json("-0.05::DECIMAL(4,2)"), "-0.05");
  EXPECT_EQ(json("(-7)::DECIMAL(9,0)"), "-7");
  EXPECT_EQ(json("1.50::DECIMAL(18,2)"), "1.50");
  EXPECT_EQ(json("0.1::FLOAT"), "0.1");
  EXPECT_EQ(json("0.1::DOUBLE"), "0.1");
  EXPECT_EQ(json("(-128)::TINYINT"), "-128");
  EXPECT_EQ(json("255::UTINYINT"), "255");
}

TEST_F(Payload, TimesKeepTheirUnitAndZone) {
  EXPECT_EQ(json("DATE '2026-02-28'"), "\"2026-02-28\"");
  EXPECT_EQ(json("DATE '0001-01-01'"), "\"0001-01-01\"");
  EXPECT_EQ(json("DATE '12026-01-01'"), "\"12026-01-01\"");
  EXPECT_EQ(json("TIME '23:59:59.000001'"), "\"23:59:59.000001\"");
  EXPECT_EQ(json("TIMESTAMP '2026-11-23 14:13:11.25'"), "\"2026-11-23T14:13:11.25\"");
  EXPECT_EQ(json("TIMESTAMP '1969-12-31 23:59:59.5'"), "\"1969-12-31T23:59:59.5\"");
  EXPECT_EQ(json("TIMESTAMP_S '2026-11-23 14:13:11'"), "\"2026-11-23T14:13:11\"");
  EXPECT_EQ(json("TIMESTAMP_MS '2026-11-23 14:13:11.123'"), "\"2026-11-23T14:13:11.123\"");
  EXPECT_EQ(json("TIMESTAMP_NS '2026-11-23 14:13:11.123456789'"), "\"2026-11-23T14:13:11.123456789\"");
  EXPECT_EQ(json("TIMESTAMPTZ '2026-11-23 14:13:11+02'"), "\"2026-11-23T12:13:11Z\"");
  EXPECT_EQ(cell("TIMETZ '14:13:11+02'").type, PayloadType::text);
}

TEST_F(Payload, DatesAgreeWithDuckDb) {
  auto rows = connection.query(
      "SELECT d, strftime(d, '%Y-%m-%d') FROM (SELECT DATE '0001-01-01' + (i * 37)::INTEGER AS d FROM "
      "range(98000) t(i))");
  while (auto chunk = *rows->next())
    for (size_t row = 0; row < chunk->rows(); ++row) {
      std::string text;
      append_text(text, Values(chunk->column(0), {PayloadType::date}), row);
      ASSERT_EQ(text, chunk->column(1).text(row));
    }
}

TEST_F(Payload, NestedValuesBecomeExactJson) {
  EXPECT_EQ(json("[1, NULL, 3]"), "[1,null,3]");
  EXPECT_EQ(json("{'a': 'x\"y', 'b': [DATE '2026-01-02'], 'c': NULL}"),
            R"({"a":"x\"y","b":["2026-01-02"],"c":null})");
  EXPECT_EQ(json("MAP {'k': 170141183460469231731687303715884105727::HUGEINT}"),
            R"({"k":170141183460469231731687303715884105727})");
  EXPECT_EQ(json("MAP {1: true}"), R"({"1":true})");
  EXPECT_EQ(json("[1.10::DECIMAL(20,2)]"), "[1.10]");
  EXPECT_EQ(json("[1,2]::INTEGER[2]"), "[1,2]");
  EXPECT_EQ(json("[[]::INTEGER[], [5]]"), "[[],[5]]");
  EXPECT_EQ(json("[uuid '0b7e4bd7-5c9a-4b8e-9c55-0a1b2c3d4e5f']"),
            R"(["0b7e4bd7-5c9a-4b8e-9c55-0a1b2c3d4e5f"])");
  EXPECT_EQ(json("union_value(n := 7)"), "7");
  EXPECT_EQ(json("['a'::ENUM('b','a')]"), R"(["a"])");
  EXPECT_EQ(json("[TIMESTAMP '2026-01-01 00:00:00']"), R"(["2026-01-01T00:00:00"])");
  EXPECT_EQ(json("[340282366920938463463374607431768211455::UHUGEINT]"),
            "[340282366920938463463374607431768211455]");
  EXPECT_EQ(json("['0101'::BIT]"), R"(["0101"])");
  EXPECT_EQ(json("{'a': ['5'::BIGNUM]}"), R"({"a":["5"]})");
  EXPECT_EQ(json("[TIMETZ '14:13:11-02:30']"), R"(["14:13:11-02:30"])");
  EXPECT_EQ(json("NULL::INTEGER[]"), "null");
}

TEST_F(Payload, NestedValuesInManyRowsKeepTheirOffsets) {
  auto rows = connection.query(
      "SELECT penstock_json(v), i FROM (SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE [{'n': i}, {'n': i + "
      "1}] END AS v "
      "FROM range(5000) t(i))");
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  while (auto chunk = *rows->next())
    for (size_t row = 0; row < chunk->rows(); ++row) {
      const auto i = chunk->column(1).data<int64_t>()[row];
      ASSERT_EQ(chunk->column(0).valid(row), i % 3 != 0);
      if (i % 3 != 0) {
        ASSERT_EQ(chunk->column(0).text(row),
                  "[{\"n\":" + std::to_string(i) + "},{\"n\":" + std::to_string(i + 1) + "}]");
      }
    }
}

TEST_F(Payload, JsonIsMinifiedWithoutBeingParsedAsNumbers) {
  EXPECT_EQ(json(R"('{ "a" : 12345678901234567890123.10, "b c" : " x \" y " }'::JSON)"),
            R"({"a":12345678901234567890123.10,"b c":" x \" y "})");
}

TEST_F(Payload, TextIsEscapedAsJsonDemands) {
  EXPECT_EQ(json("'plain'"), "\"plain\"");
  EXPECT_EQ(json("'long enough for the fast path, with a \" and a \\ in it'"),
            R"("long enough for the fast path, with a \" and a \\ in it")");
  EXPECT_EQ(json("chr(1) || chr(10) || chr(127) || 'é😀'"), "\"\\u0001\\n\x7f\u00e9\U0001F600\"");
  EXPECT_EQ(json("'\\x00\\xFF'::BLOB"), "\"AP8=\"");
  EXPECT_EQ(json("''"), "\"\"");
}

TEST_F(Payload, WhatNoDestinationTakesIsNamed) {
  EXPECT_FALSE(cell("'nan'::DOUBLE").sendable);
  EXPECT_FALSE(cell("'-inf'::FLOAT").sendable);
  EXPECT_FALSE(cell("'infinity'::DATE").sendable);
  EXPECT_FALSE(cell("'-infinity'::TIMESTAMPTZ").sendable);
  EXPECT_TRUE(cell("1e308::DOUBLE").sendable);
  EXPECT_TRUE(cell("NULL::DOUBLE").sendable);
}

TEST_F(Payload, WideningATypeKeepsItsFingerprint) {
  EXPECT_EQ(cell("42::TINYINT").contribution, cell("42::BIGINT").contribution);
  EXPECT_EQ(cell("42::UBIGINT").contribution, cell("42::INTEGER").contribution);
  EXPECT_NE(cell("42").contribution, cell("'42'").contribution);
  EXPECT_NE(cell("1.5::DECIMAL(4,1)").contribution, cell("1.50::DECIMAL(4,2)").contribution);
  EXPECT_NE(cell("NULL::INTEGER").contribution, cell("0").contribution);
  EXPECT_NE(cell("''").contribution, cell("NULL::VARCHAR").contribution);
}

TEST_F(Payload, FingerprintsAreStableForEver) {
  // Stored snapshots depend on these values: never change them.
  EXPECT_EQ(finish_fingerprint(cell("42").contribution), 4013176448568863357u);
  EXPECT_EQ(finish_fingerprint(cell("'ana@example.com'").contribution), 11023849431910924768u);
  EXPECT_EQ(finish_fingerprint(cell("1.50::DECIMAL(10,2)").contribution), 978032116665312741u);
  EXPECT_EQ(finish_fingerprint(cell("NULL::DATE").contribution), 4104478291794600677u);
}

TEST_F(Payload, KeysAreHashedByTheirText) {
  auto rows = connection.query("SELECT 42::BIGINT, '42', NULL::BIGINT, DATE '2026-01-01'");
  const auto chunk = *rows->next();
  const Values number(chunk->column(0), {PayloadType::integer}), text(chunk->column(1), {PayloadType::text}),
      null(chunk->column(2), {PayloadType::integer}), date(chunk->column(3), {PayloadType::date});
  KeyHash a, b, c, d;
  hash_keys({{number}}, 1, &a);
  hash_keys({{text}}, 1, &b);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, hash_key({{std::string_view("42")}}));
  hash_keys({{number, null}}, 1, &c);
  EXPECT_EQ(c, (KeyHash{0, 0}));
  const Values both[] = {number, date};
  hash_keys(both, 1, &d);
  const std::string_view parts[] = {"42", "2026-01-01"};
  EXPECT_EQ(d, hash_key(parts));
  EXPECT_EQ(key_text(both, 0), R"(["42","2026-01-01"])");
}

TEST_F(Payload, ManyIntegerKeysAreEachHashedByTheirDigits) {
  auto rows = connection.query(
      "SELECT CASE WHEN range % 9 = 4 THEN NULL ELSE range * 7919 - 300000 END FROM range(200)");
  const auto chunk = *rows->next();
  const Values integers(chunk->column(0), {PayloadType::integer});
  std::vector<KeyHash> hashes(chunk->rows());
  hash_keys({{integers}}, hashes.size(), hashes.data());
  for (size_t row = 0; row < 200; ++row) {
    const std::string text = std::to_string(static_cast<int64_t>(row) * 7919 - 300000);
    EXPECT_EQ(hashes[row], row % 9 == 4 ? KeyHash{} : hash_key({{std::string_view(text)}})) << row;
  }
}

TEST_F(Payload, IntegerKeysAreHashedByTheirDigits) {
  auto rows = connection.query(
      "SELECT unnest([-9223372036854775808, -1, 0, NULL, 9223372036854775807]), "
      "18446744073709551615::UBIGINT");
  const auto chunk = *rows->next();
  const Values integers(chunk->column(0), {PayloadType::integer});
  const Values large(chunk->column(1), {PayloadType::unsigned_integer});
  KeyHash hashes[5];
  hash_keys({{integers}}, 5, hashes);
  const std::string_view texts[] = {"-9223372036854775808", "-1", "0", "", "9223372036854775807"};
  for (size_t row = 0; row < 5; ++row)
    EXPECT_EQ(hashes[row], row == 3 ? KeyHash{} : hash_key({{texts[row]}})) << row;
  hash_keys({{large}}, 1, hashes);
  EXPECT_EQ(hashes[0], hash_key({{std::string_view("18446744073709551615")}}));
}

}  // namespace
}  // namespace penstock
