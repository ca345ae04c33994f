#include "duck/stream.h"

#include <gtest/gtest.h>

#include <atomic>

namespace penstock::duck {
namespace {

// Numbers from 0 on, and their squares as text; `fails_at` is the number of a piece.
struct Squares : StreamTable {
  size_t rows, fails_at;
  std::vector<Column> all;
  std::vector<std::vector<size_t>> wanted_by;
  std::atomic<bool> cancelled = false;

  explicit Squares(size_t rows, size_t fails_at = SIZE_MAX) : rows(rows), fails_at(fails_at) {
    all.push_back({"n", Type::of(DUCKDB_TYPE_BIGINT)});
    all.push_back({"square", Type::of(DUCKDB_TYPE_VARCHAR)});
  }

  struct Part : Piece {
    size_t from, to;
    std::vector<size_t> wanted;
    Part(size_t from, size_t to, std::vector<size_t> wanted)
        : from(from), to(to), wanted(std::move(wanted)) {}
    Result<size_t> fill(const Output& output) override {
      const size_t count = std::min(kChunkRows, to - from);
      for (size_t column = 0; column < wanted.size(); ++column) {
        const Writable out = output.column(column);
        for (size_t i = 0; i < count; ++i) {
          if (wanted[column] == 0)
            out.set(i, static_cast<int64_t>(from + i));
          else
            out.set_text(i, std::to_string((from + i) * (from + i)));
        }
      }
      from += count;
      return count;
    }
  };

  struct Reading : Stream {
    Squares& table;
    std::vector<size_t> wanted;
    size_t at = 0, pieces = 0;
    Reading(Squares& table, std::span<const size_t> wanted)
        : table(table), wanted(wanted.begin(), wanted.end()) {}
    Result<std::unique_ptr<Piece>> next() override {
      if (table.cancelled) return Error{ErrorKind::interrupted, "cancelled", ""};
      if (pieces++ == table.fails_at) return Error{ErrorKind::source, "the pipe broke", "mend the pipe"};
      if (at == table.rows) return std::unique_ptr<Piece>();
      const size_t from = std::exchange(at, std::min(table.rows, at + 5000));
      return std::unique_ptr<Piece>(new Part(from, at, wanted));
    }
  };

  const std::vector<Column>& columns() const override { return all; }
  Result<std::unique_ptr<Stream>> open(std::span<const size_t> wanted) override {
    wanted_by.emplace_back(wanted.begin(), wanted.end());
    return std::unique_ptr<Stream>(new Reading(*this, wanted));
  }
  void cancel() override { cancelled = true; }
};

struct StreamTables : testing::Test {
  Database database = *Database::open({});
  Connection connection = *database.connect();
  std::shared_ptr<Squares> define(size_t rows, size_t fails_at = SIZE_MAX) {
    auto table = std::make_shared<Squares>(rows, fails_at);
    EXPECT_TRUE(connection.define("squares", table).ok());
    return table;
  }
};

TEST_F(StreamTables, GiveEveryRowOnceToManyThreads) {
  define(100'001);
  const auto seen = connection.texts(
      "SELECT count(*), count(DISTINCT n), max(square::BIGINT), bool_and(square::BIGINT = n * n) FROM "
      "squares()");
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ((*seen)[0], (Connection::TextRow{"100001", "100001", "10000000000", "true"}));
}

TEST_F(StreamTables, AreAskedOnlyForColumnsThatAreNeeded) {
  const auto table = define(10);
  EXPECT_EQ(*connection.number("SELECT sum(square::BIGINT) FROM squares()"), 285u);
  EXPECT_EQ(*connection.number("SELECT count(*) FROM squares()"), 10u);
  EXPECT_EQ(table->wanted_by, (std::vector<std::vector<size_t>>{{1}, {0}}));
}

TEST_F(StreamTables, AreNotOpenedForAQuestionOfTypes) {
  const auto table = define(10);
  ASSERT_TRUE(connection.run("CREATE TEMP TABLE shape AS SELECT * FROM squares() LIMIT 0").ok());
  EXPECT_EQ(connection.describe("SELECT square, n FROM squares()")->size(), 2u);
  EXPECT_TRUE(table->wanted_by.empty());
}

TEST_F(StreamTables, SayWhyTheyFailedWithRemedyAndKind) {
  define(100'000, 3);
  const auto made = connection.run("CREATE TEMP TABLE t AS SELECT * FROM squares()");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message, "the pipe broke");
  EXPECT_EQ(made.error().remedy, "mend the pipe");
  EXPECT_EQ(made.error().kind, ErrorKind::source);
  define(10);  // and the next one is not blamed
  EXPECT_EQ(*connection.number("SELECT count(*) FROM squares()"), 10u);
}

TEST_F(StreamTables, AreCancelledWithTheConnection) {
  const auto table = define(10);
  connection.interrupt();
  EXPECT_TRUE(table->cancelled);
}

TEST_F(StreamTables, AreForgottenWhenTheirDatabaseIsGivenBack) {
  const auto table = std::make_shared<Squares>(3);
  for (int i = 0; i < 2; ++i) {
    auto borrowed = Database::borrow({});
    auto mine = borrowed->connect();
    ASSERT_TRUE(mine->define("squares", table).ok());
    EXPECT_EQ(*mine->number("SELECT count(*) FROM squares()"), 3u);
  }
  EXPECT_EQ(table.use_count(), 1);
}

}  // namespace
}  // namespace penstock::duck
