#include "source/clickhouse/decode.h"

#include <gtest/gtest.h>

#include "source/clickhouse/captured_test.h"
#include "source/warehouse.h"

namespace penstock::clickhouse {
namespace {

std::string unhexed(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

struct NameAndType {
  const char* name;
  const char* type;
};
constexpr NameAndType kCommon[] = {{"whole", "Int64"},
                                   {"text", "Nullable(String)"},
                                   {"fixed", "FixedString(3)"},
                                   {"date", "Date"},
                                   {"time", "DateTime('UTC')"},
                                   {"uuid", "UUID"},
                                   {"small", "Decimal(9, 2)"},
                                   {"large", "Decimal(38, 3)"},
                                   {"list", "Array(Nullable(String))"},
                                   {"pair", "Tuple(UInt8, String)"},
                                   {"real", "Float64"}};
constexpr NameAndType kSince[] = {
    {"truth", "UInt8"}, {"map", "Map(String, UInt8)"}, {"finer", "DateTime64(3, 'UTC')"},
    {"old", "Date32"},  {"huge", "Nullable(Int128)"},  {"nested", "Array(Tuple(a UInt8, b Array(String)))"}};

std::vector<Expected> expected_columns(bool newer) {
  std::vector<Expected> all;
  for (const auto& [name, type] : kCommon) all.push_back({name, *form_of(type)});
  if (newer)
    for (const auto& [name, type] : kSince) all.push_back({name, *form_of(type)});
  return all;
}

// One block as a table.
struct OneBlock final : duck::StreamTable {
  std::string bytes;
  std::vector<Expected> expected;
  std::vector<duck::Column> all;

  OneBlock(std::string its_bytes, std::vector<Expected> its_expected)
      : bytes(std::move(its_bytes)), expected(std::move(its_expected)) {
    for (const auto& one : expected) all.push_back({one.name, duck_type_of(one.form, false)});
  }

  struct Rows final : duck::Piece {
    std::vector<ColumnReader> readers;
    size_t left = 0;
    Result<size_t> fill(const duck::Output& output) override {
      const size_t count = std::min(left, duck::kChunkRows);
      size_t bad = 0;
      for (size_t i = 0; i < readers.size(); ++i)
        if (const char* why = readers[i].fill(count, output.column(i), bad))
          return Error{ErrorKind::source, std::to_string(bad) + " " + why, ""};
      left -= count;
      return count;
    }
  };
  struct Reading final : duck::Stream {
    std::unique_ptr<duck::Piece> piece;
    Result<std::unique_ptr<duck::Piece>> next() override { return std::move(piece); }
  };

  const std::vector<duck::Column>& columns() const override { return all; }
  Result<std::unique_ptr<duck::Stream>> open(std::span<const size_t> wanted) override {
    Scanner scanner(expected);
    if (scanner.scan(bytes) != Scanner::Found::block) return Error{ErrorKind::source, "no block", ""};
    size_t length = 0;
    Block block = scanner.take(length);
    auto rows = std::make_unique<Rows>();
    rows->left = block.rows;
    for (const size_t i : wanted) rows->readers.emplace_back(bytes, std::move(block.columns[i]));
    auto reading = std::make_unique<Reading>();
    reading->piece = std::move(rows);
    return std::unique_ptr<duck::Stream>(std::move(reading));
  }
  void cancel() override {}
};

// The rows as JSON, or the error.
std::vector<std::string> rows_of(std::string bytes, std::vector<Expected> expected) {
  auto opened = open_memory({});
  EXPECT_TRUE(opened.ok());
  auto table = std::make_shared<OneBlock>(std::move(bytes), std::move(expected));
  EXPECT_TRUE(opened->connection->define("one_block", table).ok());
  auto texts = opened->connection->texts("SELECT to_json(b) FROM one_block() b");
  if (!texts.ok()) return {texts.error().message};
  std::vector<std::string> all;
  for (auto& row : *texts) all.push_back(*row[0]);
  return all;
}

const std::string kSecondRow =
    R"({"whole":0,"text":null,"fixed":"DE","date":"2026-11-28","time":"2026-11-27 10:00:01+00",)"
    R"("uuid":"6a2f41a3-c54c-fce8-32d2-0324e1c32e22","small":-1.25,"large":12345678901234567890.123,)"
    R"("list":["0"],"pair":[1,"x"],"real":0.25)";

TEST(ClickHouseDecode, ReadsWhatTheServerOf2018Sends) {
  const auto rows = rows_of(unhexed(kFrom18), expected_columns(false));
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[1], kSecondRow + "}");
  EXPECT_NE(rows[2].find(R"("list":["0",null])"), std::string::npos) << rows[2];
  EXPECT_NE(rows[0].find(R"("whole":-1,"text":"0")"), std::string::npos) << rows[0];
}

TEST(ClickHouseDecode, ReadsWhatTheServerOf2026Sends) {
  const auto rows = rows_of(unhexed(kFrom26), expected_columns(true));
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[1],
            kSecondRow +
                R"(,"truth":1,"map":{"a":1},"finer":"2026-11-27 10:00:00.125+00","old":"1925-01-01",)"
                R"("huge":-170141183460469231731687303715884105728,"nested":[{"a":1,"b":["x","y"]}]})");
  EXPECT_NE(rows[2].find(R"("huge":null)"), std::string::npos) << rows[2];
}

TEST(ClickHouseScanner, KnowsNoEndButTheEnd) {
  for (const bool newer : {false, true}) {
    const std::string bytes = unhexed(newer ? kFrom26 : kFrom18);
    const auto expected = expected_columns(newer);
    for (size_t length = 0; length < bytes.size(); ++length) {
      Scanner scanner(expected);
      EXPECT_EQ(scanner.scan(std::string_view(bytes).substr(0, length)), Scanner::Found::more) << length;
    }
  }
}

TEST(ClickHouseScanner, GoesOnByteByByteAndWithTheNextBlock) {
  const auto expected = expected_columns(true);
  const std::string twice = unhexed(kFrom26) + unhexed(kFrom26);
  Scanner scanner(expected);
  size_t begin = 0, blocks = 0;
  for (size_t end = 1; end <= twice.size(); ++end) {
    const auto found = scanner.scan(std::string_view(twice).substr(begin, end - begin));
    ASSERT_NE(found, Scanner::Found::other) << end;
    if (found != Scanner::Found::block) continue;
    size_t length = 0;
    EXPECT_EQ(scanner.take(length).rows, 3);
    begin += length;
    ++blocks;
  }
  EXPECT_EQ(blocks, 2);
  EXPECT_EQ(begin, twice.size());
}

TEST(ClickHouseScanner, TakesAnErrorsTextForNoBlock) {
  const std::string_view texts[] = {
      "Code: 395, e.displayText() = DB::Exception: Value passed to 'throwIf' function is non zero",
      "\r\n__exception__\r\nabcdefghijklmnop\r\nCode: 395. DB::Exception: Value passed"};
  for (const auto text : texts) {
    // As many columns as its first byte is.
    std::vector<Expected> many;
    for (char i = 0; i < text[0]; ++i) many.push_back({"penstock_" + std::to_string(i), *form_of("UInt8")});
    for (const auto& expected : {many, expected_columns(false)}) {
      Scanner scanner(expected);
      EXPECT_EQ(scanner.scan(text), Scanner::Found::other) << text;
    }
  }
}

TEST(ClickHouseScanner, WantsTheColumnsThatItAskedFor) {
  const std::string bytes = unhexed(kFrom18);
  auto other_type = expected_columns(false), other_name = expected_columns(false),
       fewer = expected_columns(false);
  other_type[3].form = *form_of("Date32");
  other_name[3].name = "day";
  fewer.pop_back();
  for (const auto& expected : {other_type, other_name, fewer}) {
    Scanner scanner(expected);
    EXPECT_EQ(scanner.scan(bytes), Scanner::Found::other);
  }
}

std::string block_of(const std::string& type, const std::string& values, char rows) {
  return std::string{'\1', rows, '\1', 'v', static_cast<char>(type.size())} + type + values;
}
std::vector<std::string> values_of(const std::string& type, const std::string& values, char rows) {
  return rows_of(block_of(type, values, rows), {{"v", *form_of(type)}});
}

TEST(ClickHouseDecode, SaysWhyAValueCannotBeCarried) {
  EXPECT_NE(values_of("String", "\1a\1\xff", 2)[0].find("1 is not UTF-8"), std::string::npos);
  EXPECT_NE(values_of("FixedString(2)", std::string("a\0\xff\xff", 4), 2)[0].find("1 is not UTF-8"),
            std::string::npos);
  EXPECT_NE(values_of("DateTime64(7)", std::string("\1\0\0\0\0\0\0\0", 8), 1)[0].find("microsecond"),
            std::string::npos);
  EXPECT_NE(values_of("DateTime64(0)", std::string(7, '\xff') + "\x70", 1)[0].find("too far"),
            std::string::npos);
  const std::string nan("\0\0\0\0\0\0\xf8\x7f", 8);
  EXPECT_NE(values_of("Array(Float64)", std::string("\1\0\0\0\0\0\0\0", 8) + nan, 1)[0].find("NaN"),
            std::string::npos);
}

TEST(ClickHouseDecode, LooksNotAtWhatStandsBehindANull) {
  EXPECT_EQ(values_of("Nullable(String)", std::string("\1\0", 2) + "\1\xff" + "\1b", 2),
            (std::vector<std::string>{R"({"v":null})", R"({"v":"b"})"}));
}

TEST(ClickHouseDecode, BelievesNoLengthsThatDisagree) {
  const auto number = [](char n) { return std::string{n, 0, 0, 0, 0, 0, 0, 0}; };
  // The first list ends behind the second one's end.
  EXPECT_NE(values_of("Array(UInt8)", number(9) + number(1) + "\1", 2)[0].find("list"), std::string::npos);
}

}  // namespace
}  // namespace penstock::clickhouse
