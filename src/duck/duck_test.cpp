#include "duck/duck.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

namespace penstock::duck {
namespace {

struct Memory : testing::Test {
  Database database = *Database::open({});
  Connection connection = *database.connect();
};
using Duck = Memory;

TEST_F(Duck, StreamsRowsInChunks) {
  auto rows = connection.query("SELECT i FROM range(5000) t(i)");
  ASSERT_TRUE(rows.ok());
  size_t count = 0;
  while (auto chunk = *rows->next()) count += chunk->rows();
  EXPECT_EQ(count, 5000u);
}

TEST_F(Duck, AnErrorInTheMiddleOfAStreamIsAnErrorNotAnEnd) {
  auto rows = connection.query(
      "SELECT CAST(CASE WHEN i = 900000 THEN 'x' ELSE '1' END AS INTEGER) FROM range(1000000) t(i)");
  bool failed = !rows.ok();
  while (!failed) {
    auto chunk = rows->next();
    failed = !chunk.ok();
    if (chunk.ok() && !*chunk) break;
  }
  EXPECT_TRUE(failed);
}

TEST_F(Duck, NamesTypesAsSqlDoes) {
  const auto columns = connection.describe(
      "SELECT 1::DECIMAL(10,2) a, [1] b, {'x': 1, 'y z': [true]} c, MAP {'k': 1.5} d, '{}'::JSON e, NULL f, "
      "[1,2]::INTEGER[2] g, union_value(n := 1) h");
  ASSERT_TRUE(columns.ok()) << columns.error().message;
  std::vector<std::string> names;
  for (const auto& column : *columns) names.push_back(column.type.name());
  EXPECT_EQ(names,
            (std::vector<std::string>{
                "DECIMAL(10,2)", "INTEGER[]", "STRUCT(\"x\" INTEGER, \"y z\" BOOLEAN[])",
                "MAP(VARCHAR, DECIMAL(2,1))", "JSON", "INTEGER", "INTEGER[2]", "UNION(\"n\" INTEGER)"}));
}

TEST_F(Duck, AFunctionWithEffectsSeesEachRowOnce) {
  static std::atomic<uint64_t> seen{0};
  ScalarFunction function;
  function.name = "note";
  function.has_effects = true;
  function.call = [](std::span<const Vector> arguments, size_t rows, duckdb_vector result) -> Result<void> {
    seen += rows;
    auto* out = static_cast<bool*>(duckdb_vector_get_data(result));
    for (size_t i = 0; i < rows; ++i) out[i] = arguments[0].data<int64_t>()[i] % 2 == 0;
    return success();
  };
  ASSERT_TRUE(connection.define(std::move(function)).ok());
  EXPECT_EQ(*connection.number(
                "SELECT count(*) FROM (SELECT i, note(i) AS n FROM range(300000) t(i)) WHERE n AND n"),
            150000u);
  EXPECT_EQ(seen, 300000u);
}

TEST_F(Duck, RefusesWhatIsNotOneSelect) {
  EXPECT_TRUE(connection.check_is_one_select("SELECT 1").ok());
  EXPECT_EQ(connection.check_is_one_select("SELECT 1; SELECT 2").error().message,
            "expected one SELECT, found 2 statements");
  EXPECT_FALSE(connection.check_is_one_select("CREATE TABLE t(a INTEGER)").ok());
  EXPECT_FALSE(connection.check_is_one_select("SELEC 1").ok());
  EXPECT_FALSE(connection.check_is_one_select("").ok());
}

TEST_F(Duck, CountsTheRowsThatAStatementChanged) {
  EXPECT_EQ(*connection.run("CREATE TEMP TABLE t AS SELECT range AS i FROM range(5000)"), 5000);
  EXPECT_EQ(*connection.run("INSERT INTO t SELECT 1 FROM range(3)"), 3);
  EXPECT_EQ(*connection.run("DELETE FROM t WHERE i = 1"), 4);
  EXPECT_EQ(*connection.run("CREATE TEMP TABLE none AS SELECT 1 AS i WHERE false"), 0);
}

TEST(BorrowedDuck, IsAsNewForWhoeverHasItNext) {
  Options options;
  options.memory_limit = "123MB";  // nobody else's
  const auto define = [](Connection& connection, int64_t answer) {
    return connection.define(
        {.name = "answer",
         .parameters = {DUCKDB_TYPE_BIGINT},
         .result = Type::of(DUCKDB_TYPE_BIGINT),
         .call = [answer](std::span<const Vector>, size_t rows, duckdb_vector result) -> Result<void> {
           for (size_t row = 0; row < rows; ++row) Writable(result).set(row, answer);
           return success();
         }});
  };
  {
    Connection connection = *Database::borrow(options)->connect();
    ASSERT_TRUE(define(connection, 1).ok());
    ASSERT_TRUE(connection.run("CREATE TEMP TABLE mine AS SELECT answer(range) AS a FROM range(10)").ok());
    EXPECT_EQ(*connection.number("SELECT sum(a) FROM mine"), 10);
  }
  Connection again = *Database::borrow(options)->connect();
  EXPECT_FALSE(again.run("SELECT * FROM mine").ok());
  ASSERT_TRUE(define(again, 7).ok());
  EXPECT_EQ(*again.number("SELECT sum(answer(range)) FROM range(10)"), 70);
  // The first is in use: the second is another one.
  Connection other = *Database::borrow(options)->connect();
  ASSERT_TRUE(define(other, 2).ok());
  EXPECT_EQ(*again.number("SELECT answer(0)"), 7);
}

TEST_F(Duck, BorrowedForgetsTheFilesThatWereAttached) {
  Options options;
  options.memory_limit = "124MB";
  const std::string file = fmt::format("{}/borrowed-{}.duckdb", testing::TempDir(), ::getpid());
  ASSERT_TRUE(connection
                  .run(fmt::format("ATTACH {} AS made; CREATE TABLE made.t AS SELECT 1 AS i; DETACH made",
                                   quote_text(file)))
                  .ok());
  for (int i = 0; i < 3; ++i) {
    Connection borrowed = *Database::borrow(options)->connect();
    EXPECT_FALSE(borrowed.run("SELECT * FROM warehouse.t").ok());
    ASSERT_TRUE(borrowed.attach(file, "warehouse").ok());
    EXPECT_EQ(*borrowed.number("SELECT i FROM t"), 1);
  }
  std::filesystem::remove(file);
}

TEST_F(Duck, AppendsAndReadsBack) {
  ASSERT_TRUE(connection.run("CREATE TEMP TABLE t(a VARCHAR, b UBIGINT, c TIMESTAMP)").ok());
  auto appender = Appender::open(connection, "t");
  ASSERT_TRUE(appender.ok());
  ASSERT_TRUE(appender->add("x'y").add(uint64_t{18446744073709551615u}).add_time(0).end_row().ok());
  ASSERT_TRUE(appender->add_null().add(uint64_t{0}).add_null().end_row().ok());
  ASSERT_TRUE(appender->close().ok());
  const auto rows = *connection.texts("SELECT * FROM t");
  EXPECT_EQ(rows[0], (Connection::TextRow{"x'y", "18446744073709551615", "1970-01-01 00:00:00"}));
  EXPECT_EQ(rows[1], (Connection::TextRow{std::nullopt, "0", std::nullopt}));
}

TEST_F(Duck, AppendsToATemporaryTableWhileAnotherDatabaseIsInUse) {
  ASSERT_TRUE(connection
                  .run("ATTACH ':memory:' AS other; USE other; CREATE TABLE t(a VARCHAR); "
                       "CREATE TEMP TABLE t(a VARCHAR)")
                  .ok());
  auto appender = Appender::open(connection, "t");
  ASSERT_TRUE(appender.ok());
  ASSERT_TRUE(appender->add("x").end_row().ok());
  ASSERT_TRUE(appender->close().ok());
  EXPECT_EQ(*connection.number("SELECT count(*) FROM temp.t"), 1u);
  EXPECT_EQ(*connection.number("SELECT count(*) FROM other.t"), 0u);
}

}  // namespace
}  // namespace penstock::duck
