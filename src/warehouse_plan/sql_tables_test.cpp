#include "warehouse_plan/sql_tables.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace penstock {
namespace {

// Notes what it is asked, and plays a warehouse with one line in `syncs`.
class RecordingDoor final : public SqlDoor {
 public:
  struct Seen {
    std::vector<std::string> said;
    uint64_t generation = 0;  // of the line; 0: there is none
    std::string ours = "1";   // lines that say that they are this run's
    std::string breaks_at;    // the beginning of a statement that fails
    std::string why = "no such table";
  };
  explicit RecordingDoor(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  Result<void> open() override { return success(); }
  void close() override {}
  Result<void> run(const std::string& sql) override {
    seen_->said.push_back(sql);
    if (!seen_->breaks_at.empty() && sql.starts_with(seen_->breaks_at))
      return Error{ErrorKind::config, seen_->why, ""};
    return success();
  }
  Result<std::vector<Line>> lines(const std::string& sql) override {
    if (sql.starts_with("SELECT COUNT")) return std::vector<Line>{{seen_->ours}};
    if (seen_->generation == 0) return std::vector<Line>{};
    return std::vector<Line>{
        {std::to_string(seen_->generation), "run0", "", "key id", "{}", "false", "false"}};
  }
  Result<bool> append(const std::string&, const std::string&, duck::Connection&,
                      const std::string&) override {
    return false;
  }
  void interrupt() override {}

 private:
  std::shared_ptr<Seen> seen_;
};

class SqlTablesTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / fmt::format("penstock_sql_tables_{}", ::getpid());
    std::filesystem::create_directories(directory_);
    changes_.file = (directory_ / "changes.duckdb").string();
    auto file = duck::Connection::open({.path = changes_.file, .temporary_directory = ""});
    ASSERT_TRUE(file.ok());
    const auto made = file->run(
        "CREATE TABLE entries AS SELECT i AS k0, uuid() AS key, i AS digest, 5::bigint AS accepted, false AS "
        "gone, "
        "false AS foreign_record, 'it''s' AS shown_key, NULL::varchar AS record_id, NULL::varchar AS "
        "match_values, "
        "NULL::varchar AS waiting, i = 3 AS deleted FROM range(1, 4) t(i);"
        "CREATE TABLE owners AS SELECT * EXCLUDE (k0, digest) FROM entries LIMIT 0;"
        "CREATE TABLE written AS FROM owners");
    ASSERT_TRUE(made.ok()) << made.error().message;
    changes_.base = 7;
    changes_.head.generation = 8;
    changes_.head.last_run = "run1";
    changes_.key_columns = 1;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<PlanTables> tables(std::string_view dialect) {
    seen_ = std::make_shared<RecordingDoor::Seen>();
    seen_->generation = 7;
    return make_sql_tables(*find_dialect(dialect), "penstock", "project", "sync",
                           std::make_unique<RecordingDoor>(seen_));
  }

  size_t at(std::string_view beginning) const {
    for (size_t i = 0; i < seen_->said.size(); ++i)
      if (seen_->said[i].starts_with(beginning)) return i;
    return seen_->said.size();
  }
  bool said(std::string_view beginning) const { return at(beginning) < seen_->said.size(); }

  std::filesystem::path directory_;
  Changes changes_;
  std::shared_ptr<RecordingDoor::Seen> seen_;
};

TEST_F(SqlTablesTest, NothingIsDoneWhereAnotherPushed) {
  for (const auto& dialect : dialects()) {
    auto open = tables(dialect.id);
    seen_->generation = 8;
    const auto applied = open->apply(changes_);
    ASSERT_FALSE(applied.ok()) << dialect.id;
    EXPECT_EQ(applied.error().kind, ErrorKind::locked) << dialect.id;
    EXPECT_TRUE(seen_->said.empty()) << dialect.id;
  }
}

TEST_F(SqlTablesTest, OfTwoAtTheSameMomentTheSecondGivesUp) {
  auto in_session = tables("snowflake");
  seen_->ours = "0";
  auto applied = in_session->apply(changes_);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().kind, ErrorKind::locked);
  EXPECT_TRUE(said("ROLLBACK"));
  EXPECT_FALSE(said("MERGE"));

  auto as_script = tables("bigquery");
  seen_->breaks_at = "BEGIN TRANSACTION";
  seen_->why = "query error: penstock: pushed by another at [3:1]";
  applied = as_script->apply(changes_);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().kind, ErrorKind::locked);

  auto one_by_one = tables("databricks");
  seen_->ours = "0";
  applied = one_by_one->apply(changes_);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().kind, ErrorKind::locked);
}

TEST_F(SqlTablesTest, TheHeadGoesLastWhereNothingTakesEffectTogether) {
  ASSERT_TRUE(tables("databricks")->apply(changes_).ok());
  EXPECT_LT(at("MERGE INTO"), at("UPDATE"));
  ASSERT_TRUE(tables("snowflake")->apply(changes_).ok());
  EXPECT_LT(at("BEGIN"), at("UPDATE"));
  EXPECT_LT(at("UPDATE"), at("MERGE INTO"));
  EXPECT_LT(at("MERGE INTO"), at("COMMIT"));
}

TEST_F(SqlTablesTest, WhatBreaksOffIsRolledBackAndToldWithWhatIsNeeded) {
  auto open = tables("redshift");
  seen_->breaks_at = "DELETE FROM";
  const auto applied = open->apply(changes_);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().kind, ErrorKind::source);
  EXPECT_NE(applied.error().message.find("no such table"), std::string::npos);
  EXPECT_NE(applied.error().remedy.find("CREATE SCHEMA"), std::string::npos);
  EXPECT_TRUE(said("ROLLBACK"));
  EXPECT_FALSE(said("COMMIT"));
  // What was staged is of no use any more.
  EXPECT_TRUE(seen_->said.back().starts_with("DROP TABLE IF EXISTS")) << seen_->said.back();
}

TEST_F(SqlTablesTest, StatementsStayWithinTheirLimit) {
  auto file = duck::Connection::open({.path = changes_.file, .temporary_directory = ""});
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(
      file->run(
              "INSERT INTO entries SELECT i, uuid(), i, 5, false, false, repeat('x', 300), NULL, NULL, NULL, "
              "false FROM range(10, 5010) t(i)")
          .ok());
  file = Error{ErrorKind::internal, "closed", ""};
  for (const auto& dialect : dialects()) {
    ASSERT_TRUE(tables(dialect.id)->apply(changes_).ok()) << dialect.id;
    size_t rows = 0;
    for (const auto& sql : seen_->said) {
      if (!sql.starts_with("INSERT INTO") || sql.find("VALUES (") == sql.npos) continue;
      EXPECT_LE(static_cast<int64_t>(sql.size()), dialect.insert.bytes + 1000) << dialect.id;
      for (size_t found = 0; (found = sql.find("xxxx', NULL", found)) != sql.npos; ++found) ++rows;
    }
    EXPECT_EQ(rows, 5000U) << dialect.id;
  }
}

TEST_F(SqlTablesTest, ADigestTellsNullFromEmpty) {
  EXPECT_EQ(tables("databricks")->digest("q", {"a", "b"}),
            "xxhash64(q.`a` IS NULL, q.`a`, q.`b` IS NULL, q.`b`)");
  EXPECT_EQ(tables("bigquery")->digest("q", {"a"}), "FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(q.`a`)))");
  EXPECT_EQ(tables("bigquery")->digest("q", {}), "CAST(1 AS INT64)");
}

}  // namespace
}  // namespace penstock
