#include "plan/plan.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "plan/plan_file.h"

namespace penstock {
namespace {

struct TemporaryDirectory {
  std::string path;
  TemporaryDirectory() {
    char name[] = "/tmp/penstock-plan-XXXXXX";
    path = mkdtemp(name);
  }
  ~TemporaryDirectory() { (void)real_disk().remove(path); }
};

// A model in DuckDB, a snapshot on disk, and the smallest possible ledger: what is planned is accepted.
struct PlanTest : testing::Test {
  TemporaryDirectory directory;
  duck::Database source = *duck::Database::open({});
  duck::Connection warehouse = *source.connect();
  std::string snapshot_directory = directory.path + "/snapshot";
  PlanOptions options;

  void SetUp() override {
    options.file = directory.path + "/plan.parquet";
    run("CREATE TABLE customers(id BIGINT, email VARCHAR, name VARCHAR, ltv DECIMAL(10,2))");
  }
  void run(const std::string& sql) {
    const auto done = warehouse.run(sql);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  struct FieldSpec {
    std::string name, sql;
    WritePolicy write = WritePolicy::always;
    bool omit_null = false;
  };
  std::string relation = "(SELECT * FROM customers)";
  std::vector<FieldSpec> fields = {{"name", "name"}, {"ltv", "ltv"}};

  // Everything that one plan needs: a database of its own with the rows copied in.
  struct Planned {
    std::unique_ptr<duck::Database> database;
    std::unique_ptr<duck::Connection> connection;
    MappedModel model;
    Snapshot snapshot;
    Plan plan;
  };

  Planned plan() {
    run("COPY customers TO '" + directory.path + "/customers.parquet'");
    auto database = std::make_unique<duck::Database>(*duck::Database::open({}));
    auto connection = std::make_unique<duck::Connection>(*database->connect());
    EXPECT_TRUE(define_payload_functions(*connection).ok());
    EXPECT_TRUE(
        connection->run("CREATE TABLE customers AS FROM '" + directory.path + "/customers.parquet'").ok());
    Snapshot snapshot = *Snapshot::open(real_disk(), snapshot_directory, Verify::everything);
    MappedModel model;
    model.relation = relation;
    model.keys.push_back(*map_expression(*connection, model.relation, "id", "id"));
    model.mapping.match.push_back(*map_expression(*connection, model.relation, "email", "email"));
    for (const auto& field : fields) {
      MappedField mapped{*map_expression(*connection, model.relation, field.name, field.sql)};
      mapped.write = field.write;
      mapped.omit_null = field.omit_null;
      model.mapping.fields.push_back(mapped);
    }
    model.older =
        evaluable_mappings(*connection, model.relation, snapshot.manifest().mappings, model.mapping);
    auto made = make_plan(*connection, model, snapshot, options);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return {std::move(database), std::move(connection), std::move(model), std::move(snapshot),
            *std::move(made)};
  }

  // Accepts every row of the plan, but for the keys in `refuse`, which wait.
  void accept(Planned& planned, const std::vector<std::string>& refuse = {}) {
    auto changes = *ChangeSet::begin(real_disk(), snapshot_directory);
    auto reader = *PlanReader::open(*planned.connection, planned.plan.file, planned.model);
    while (auto chunk = *reader.next())
      for (size_t row = 0; row < chunk->rows(); ++row) {
        if (chunk->change(row) == Change::removed) {
          EXPECT_TRUE(changes.erase(chunk->key_hash(row)).ok());
          continue;
        }
        KeyState state;
        Details details{.key = std::string(chunk->key(row)),
                        .record_id = "r" + std::string(chunk->key(row)),
                        .match = {},
                        .waiting = {}};
        details.match.emplace_back(chunk->match()[0].bytes(row));
        if (std::find(refuse.begin(), refuse.end(), chunk->key(row)) != refuse.end()) {
          const auto before = *planned.snapshot.find(chunk->key_hash(row));
          if (before) state.accepted = before->accepted;
          details.waiting = Waiting{
              .fingerprint = chunk->fingerprint(row), .next_try = Time(1h), .code = "", .message = ""};
        } else {
          state.accepted = chunk->fingerprint(row);
        }
        state.details = details;
        EXPECT_TRUE(changes.put(chunk->key_hash(row), state).ok());
      }
    for (const auto& key : planned.plan.silent.forget) EXPECT_TRUE(changes.erase(key).ok());
    ManifestUpdate update;
    update.mappings = "[" + planned.model.mapping.description() + "]";
    if (planned.plan.migration)
      update.refingerprint = [&](uint64_t slot, Fingerprint accepted) {
        const Fingerprint now = planned.plan.migration->migrated(slot);
        return now != 0 ? now : accepted;
      };
    const auto committed = commit(planned.snapshot, std::move(changes), update);
    EXPECT_TRUE(committed.ok()) << committed.error().message;
  }

  // "rows added changed removed unchanged invalid waiting"
  static std::string counts(const Planned& planned) {
    const PlanCounts& c = planned.plan.counts;
    EXPECT_EQ(c.rows, c.added + c.changed + c.unchanged + c.invalid + c.waiting);
    return std::to_string(c.rows) + " +" + std::to_string(c.added) + " ~" + std::to_string(c.changed) + " -" +
           std::to_string(c.removed) + " =" + std::to_string(c.unchanged) + " !" + std::to_string(c.invalid) +
           " w" + std::to_string(c.waiting);
  }
  // "change key why send" of each row of the plan file.
  static std::vector<std::string> rows(Planned& planned) {
    std::vector<std::string> all;
    auto texts = *planned.connection->texts(
        "SELECT \"change\" || ' ' || key || ' ' || why || coalesce(' ' || send, '') FROM '" +
        planned.plan.file + "'");
    for (const auto& row : texts) all.push_back(*row[0]);
    return all;
  }
};

using Lines = std::vector<std::string>;

TEST_F(PlanTest, OnlyTheDifferenceIsPlanned) {
  run("INSERT INTO customers SELECT i, 'u' || i || '@x.com', 'n' || i, i FROM range(5000) t(i)");
  auto first = plan();
  EXPECT_EQ(counts(first), "5000 +5000 ~0 -0 =0 !0 w0");
  accept(first);
  auto second = plan();
  EXPECT_EQ(counts(second), "5000 +0 ~0 -0 =5000 !0 w0");
  run("UPDATE customers SET ltv = 1000000 WHERE id = 7; DELETE FROM customers WHERE id = 8; "
      "INSERT INTO customers VALUES (9999, 'new@x.com', 'new', NULL)");
  options.on_removed = OnRemoved::remove;
  auto third = plan();
  EXPECT_EQ(counts(third), "5000 +1 ~1 -1 =4998 !0 w0");
  EXPECT_EQ(rows(third), (Lines{"changed 7 data", "added 9999 new", "removed 8 left the model"}));
}

TEST_F(PlanTest, ANullOrRepeatedKeyIsInvalidAndTheOthersGoOn) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (NULL, 'b@x', 'b', 1), (2, 'c@x', 'c', 1), (2, "
      "'d@x', 'd', 1), (2, 'e@x', 'e', 1)");
  auto planned = plan();
  EXPECT_EQ(counts(planned), "5 +1 ~0 -0 =0 !4 w0");
  EXPECT_EQ(rows(planned), (Lines{"added 1 new"}));
  ASSERT_EQ(planned.plan.invalid.size(), 2u);
  EXPECT_EQ(planned.plan.invalid[0].key + ": " + planned.plan.invalid[0].reason, "2: the key occurs 3 times");
  EXPECT_EQ(planned.plan.invalid[1].key + ": " + planned.plan.invalid[1].reason, "NULL: the key is NULL");
}

TEST_F(PlanTest, AKnownKeyThatComesTwiceIsInvalidButNotRemoved) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 1)");
  auto first = plan();
  accept(first);
  options.on_removed = OnRemoved::remove;
  run("INSERT INTO customers VALUES (1, 'a2@x', 'a2', 1)");
  auto second = plan();
  EXPECT_EQ(counts(second), "3 +0 ~0 -0 =1 !2 w0");
  run("UPDATE customers SET name = 'x' WHERE id = 1");
  auto third = plan();
  EXPECT_EQ(counts(third), "3 +0 ~0 -0 =1 !2 w0");
}

TEST_F(PlanTest, AMatchValueInTwoRowsMakesBothInvalid) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'a@x', 'b', 1), (3, 'c@x', 'c', 1)");
  auto planned = plan();
  EXPECT_EQ(counts(planned), "3 +1 ~0 -0 =0 !2 w0");
  EXPECT_EQ(planned.plan.invalid[0].reason, "the match value occurs in 2 rows");
}

TEST_F(PlanTest, AValueThatCannotBeSentMakesItsRowInvalid) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'bad', 1), (2, 'b@x', 'good', 1)");
  options.why_invalid = [](auto, std::span<const Values> values, size_t row) {
    return values[0].bytes(row) == "bad" ? std::string("name: is bad") : std::string();
  };
  auto planned = plan();
  EXPECT_EQ(counts(planned), "2 +1 ~0 -0 =0 !1 w0");
  EXPECT_EQ(planned.plan.invalid[0].reason, "name: is bad");
}

TEST_F(PlanTest, FailedThenChanged) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first, {"1"});
  EXPECT_EQ(counts(plan()), "1 +0 ~0 -0 =0 !0 w1");
  run("UPDATE customers SET name = 'b'");
  EXPECT_EQ(counts(plan()), "1 +1 ~0 -0 =0 !0 w0");
}

TEST_F(PlanTest, FailedThenReverted) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first);
  run("UPDATE customers SET name = 'b'");
  auto second = plan();
  accept(second, {"1"});
  EXPECT_EQ(counts(plan()), "1 +0 ~0 -0 =0 !0 w1");
  run("UPDATE customers SET name = 'a'");
  EXPECT_EQ(counts(plan()), "1 +0 ~0 -0 =1 !0 w0");
}

TEST_F(PlanTest, FailedThenRemoved) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 1)");
  auto first = plan();
  accept(first, {"1"});
  run("DELETE FROM customers WHERE id = 1");
  options.on_removed = OnRemoved::remove;
  auto second = plan();
  EXPECT_EQ(counts(second), "1 +0 ~0 -0 =1 !0 w0");
  EXPECT_EQ(second.plan.silent.forget.size(), 1u);
}

TEST_F(PlanTest, RejectedWaitsUntilItsTimeComesOrAPersonSaysSo) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first, {"1"});
  EXPECT_EQ(counts(plan()), "1 +0 ~0 -0 =0 !0 w1");
  options.probe.retry_waiting = true;
  EXPECT_EQ(counts(plan()), "1 +1 ~0 -0 =0 !0 w0");
  options.probe.retry_waiting = false;
  options.probe.cause = 77;  // the connector changed
  EXPECT_EQ(counts(plan()), "1 +1 ~0 -0 =0 !0 w0");
  options.probe.cause = 0;
  options.probe.now = Time(2h);
  EXPECT_EQ(counts(plan()), "1 +1 ~0 -0 =0 !0 w0");
}

TEST_F(PlanTest, AnAddedFieldGoesAloneAndARemovedOneNeedsNothing) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 2), (3, 'c@x', NULL, 3)");
  auto first = plan();
  accept(first);
  fields = {{"name", "name"}, {"upper", "upper(name)", WritePolicy::always, true}};
  run("UPDATE customers SET name = 'z' WHERE id = 2");
  auto second = plan();
  EXPECT_EQ(counts(second), "3 +0 ~2 -0 =1 !0 w0");
  EXPECT_EQ(rows(second), (Lines{"changed 1 mapping 01", "changed 2 data"}));
  accept(second);
  EXPECT_EQ(counts(plan()), "3 +0 ~0 -0 =3 !0 w0");
}

TEST_F(PlanTest, ARedefinedFieldGoesOnlyWhereItsValueDiffers) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'B', 2)");
  auto first = plan();
  accept(first);
  fields = {{"name", "upper(name)"}, {"ltv", "ltv"}};
  auto second = plan();
  EXPECT_EQ(rows(second), (Lines{"changed 1 mapping 10"}));
}

TEST_F(PlanTest, AFieldWrittenOnCreateOnlyNeverMakesARowChange) {
  fields = {{"name", "name"}, {"ltv", "ltv", WritePolicy::on_create}};
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first);
  run("UPDATE customers SET ltv = 2");
  EXPECT_EQ(counts(plan()), "1 +0 ~0 -0 =1 !0 w0");
}

TEST_F(PlanTest, AChangedMatchValueIsNotedWithWhatItWas) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first);
  run("UPDATE customers SET email = 'new@x'");
  auto second = plan();
  auto reader = *PlanReader::open(*second.connection, second.plan.file, second.model);
  const auto chunk = *reader.next();
  EXPECT_EQ(chunk->match_before(0), "a@x");
  EXPECT_EQ(chunk->record_id(0), "r1");
  EXPECT_EQ(chunk->match()[0].bytes(0), "new@x");
}

TEST_F(PlanTest, AKeyThatChangedButKeepsItsRecordIsHandedOverNotRemoved) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first);
  run("UPDATE customers SET id = 2");
  options.on_removed = OnRemoved::remove;
  auto second = plan();
  EXPECT_EQ(counts(second), "1 +1 ~0 -0 =0 !0 w0");
  EXPECT_EQ(second.plan.counts.handed_over, 1u);
}

TEST_F(PlanTest, UnderIgnoreAKeyLeavesOnceAndMayReturn) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 1)");
  auto first = plan();
  accept(first);
  run("DELETE FROM customers WHERE id = 1");
  auto second = plan();
  EXPECT_EQ(counts(second), "1 +0 ~0 -1 =1 !0 w0");
  ASSERT_EQ(second.plan.silent.gone.size(), 1u);
  EXPECT_EQ(second.plan.counts.to_send, 0u);
}

TEST_F(PlanTest, FullSendsEveryRowAndKeySendsOne) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 1)");
  auto first = plan();
  accept(first);
  options.probe.everything = true;
  EXPECT_EQ(counts(plan()), "2 +0 ~2 -0 =0 !0 w0");
  const std::string_view key[] = {"2"};
  options.probe.only = hash_key(key);
  auto one = plan();
  EXPECT_EQ(counts(one), "1 +0 ~1 -0 =0 !0 w0");
  EXPECT_EQ(rows(one), (Lines{"changed 2 full"}));
}

TEST_F(PlanTest, AnOrderThatTheModelAsksForIsTheOrderOfThePlan) {
  run("INSERT INTO customers SELECT i, 'e' || i, 'n', 1 FROM range(400000) t(i)");
  relation = "(SELECT * FROM customers ORDER BY hash(id))";
  Planned planned = plan();
  auto other = *planned.database->connect();
  auto order = *other.query("SELECT CAST(id AS BIGINT) FROM customers ORDER BY hash(id)");
  auto reader = *PlanReader::open(*planned.connection, planned.plan.file, planned.model);
  std::optional<duck::Chunk> expected;
  size_t at = 0;
  uint64_t rows = 0;
  while (auto chunk = *reader.next())
    for (size_t row = 0; row < chunk->rows(); ++row, ++at, ++rows) {
      if (!expected || at == expected->rows()) {
        expected = *order.next();
        at = 0;
      }
      ASSERT_EQ(chunk->key(row), std::to_string(expected->column(0).data<int64_t>()[at])) << "row " << rows;
    }
  EXPECT_EQ(rows, 400000u);
}

TEST_F(PlanTest, ALimitSendsTheFirstRowsAndCountsThemAll) {
  run("INSERT INTO customers SELECT i, 'u' || i, 'n', i FROM range(10) t(i)");
  options.limit = 3;
  auto planned = plan();
  EXPECT_EQ(counts(planned), "10 +10 ~0 -0 =0 !0 w0");
  EXPECT_EQ(planned.plan.counts.to_send, 3u);
}

TEST_F(PlanTest, ALimitTakesTheSameRowsHoweverManyThreadsLookAtThem) {
  run("INSERT INTO customers SELECT i, 'u' || i, 'n', i FROM range(300_000) t(i)");
  options.limit = 3;
  auto planned = plan();
  auto reader = *PlanReader::open(*planned.connection, planned.plan.file, planned.model);
  const auto chunk = *reader.next();
  ASSERT_EQ(chunk->rows(), 3u);
  for (size_t row = 0; row < 3; ++row) EXPECT_EQ(chunk->key(row), std::to_string(row));
}

TEST_F(PlanTest, FieldsThatDifferOnlyInCaseStayApart) {
  fields = {{"Name", "name"}, {"name", "upper(name)"}, {"key", "ltv"}};
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto planned = plan();
  auto reader = *PlanReader::open(*planned.connection, planned.plan.file, planned.model);
  const auto chunk = *reader.next();
  EXPECT_EQ(chunk->fields()[0].bytes(0), "a");
  EXPECT_EQ(chunk->fields()[1].bytes(0), "A");
}

TEST_F(PlanTest, AnEmptyModelIsAPlanOfRemovals) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1)");
  auto first = plan();
  accept(first);
  run("DELETE FROM customers");
  options.on_removed = OnRemoved::remove;
  EXPECT_EQ(counts(plan()), "0 +0 ~0 -1 =0 !0 w0");
}

// ---- Plans that are kept

struct PlanFileTest : PlanTest {
  std::string kept = directory.path + "/kept.parquet";

  PlanFile keep(Planned& planned, PlanFileFacts facts = {}) {
    facts.project = "p", facts.sync = "s", facts.version = "penstock 1", facts.configuration = "mapping:1";
    facts.counts = planned.plan.counts;
    auto file = write_plan_file(real_disk(), *planned.connection, planned.plan, facts, kept);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return *file;
  }
  PlanDifference differences(Planned& now, Holds holds = Holds::all) {
    auto found = compare_plans(*now.connection, kept, now.plan.file, holds);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return *found;
  }
};

TEST_F(PlanFileTest, SaysWhatItWasMadeOf) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 2)");
  auto planned = plan();
  const PlanFile written = keep(planned, {.planned_at = Time(1'793'610'000'123'456us),
                                          .kind = "full",
                                          .limit = 7,
                                          .key = "it's \"one\"",
                                          .configuration = "",
                                          .generation = 3,
                                          .last_run = "run-3",
                                          .personal = {"name", "ltv"},
                                          .requests = 12,
                                          .seconds = 1.5});
  const auto read = read_plan_file(real_disk(), kept);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(read->intact);
  EXPECT_EQ(read->digest, written.digest);
  EXPECT_EQ(read->digest.size(), 32u);
  const PlanFileFacts& facts = read->facts;
  EXPECT_EQ(facts.planned_at, Time(1'793'610'000'123'456us));
  EXPECT_EQ(facts.kind, "full");
  EXPECT_EQ(facts.limit, 7u);
  EXPECT_EQ(facts.key, "it's \"one\"");
  EXPECT_EQ(facts.generation, 3u);
  EXPECT_EQ(facts.last_run, "run-3");
  EXPECT_EQ(facts.personal, (Lines{"name", "ltv"}));
  EXPECT_EQ(facts.counts.added, 2u);
  EXPECT_EQ(facts.counts.to_send, 2u);
  EXPECT_EQ(facts.requests, 12u);
  EXPECT_EQ(facts.seconds, 1.5);
}

TEST_F(PlanFileTest, ItsDigestDoesNotDependOnTheOrderOfRows) {
  run("INSERT INTO customers SELECT i, 'u' || i, 'n' || i, i FROM range(5000) t(i)");
  auto first = plan();
  const std::string digest = keep(first).digest;
  run("CREATE TABLE turned AS FROM customers ORDER BY id DESC; DELETE FROM customers; INSERT INTO customers "
      "FROM turned");
  auto second = plan();
  EXPECT_TRUE(differences(second).none());
  EXPECT_EQ(keep(second).digest, digest);
  run("UPDATE customers SET name = 'x' WHERE id = 77");
  auto third = plan();
  EXPECT_NE(keep(third).digest, digest);
}

// Snapshots, plans and approvals outlive a version of DuckDB: these numbers must not change.
TEST_F(PlanFileTest, ItsDigestIsTheSameForever) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1.25), (2, 'b@x', NULL, NULL)");
  auto planned = plan();
  EXPECT_EQ(keep(planned).digest, "23c6be27a9b9724a84cfce514f8db3c7");
}

TEST_F(PlanFileTest, DifferencesAreToldByKey) {
  run("INSERT INTO customers SELECT i, 'u' || i, 'n' || i, i FROM range(20) t(i)");
  auto first = plan();
  keep(first);
  run("UPDATE customers SET name = 'x' WHERE id IN (9, 10); DELETE FROM customers WHERE id = 3; "
      "INSERT INTO customers SELECT i, 'u' || i, 'n', i FROM range(100, 110) t(i)");
  auto second = plan();
  const auto all = differences(second);
  EXPECT_EQ(all.changed.rows, 2u);
  EXPECT_EQ(all.changed.keys, "9, 10");
  EXPECT_EQ(all.gone.keys, "3");
  EXPECT_EQ(all.added.rows, 10u);
  EXPECT_EQ(all.added.keys, "100, 101, 102, 103, 104");
  EXPECT_EQ(differences(second, Holds::part).added.rows, 0u);
  const auto common =
      keep_common_rows(*second.connection, kept, second.plan.file, directory.path + "/common");
  ASSERT_TRUE(common.ok()) << common.error().message;
  EXPECT_EQ(*common, 19u);
}

TEST_F(PlanFileTest, ARowWhoseTimeHasComeIsNotInThePlanOfBefore) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 2)");
  auto first = plan();
  accept(first, {"2"});
  options.probe.now = Time(30min);
  auto before = plan();
  EXPECT_EQ(counts(before), "2 +0 ~0 -0 =1 !0 w1");
  keep(before);
  options.probe.now = Time(2h);
  auto later = plan();
  EXPECT_EQ(differences(later).added.keys, "2");
  options.probe.now = Time(30min);
  auto as_before = plan();
  EXPECT_TRUE(differences(as_before).none());
}

TEST_F(PlanFileTest, WhatWasEditedIsNotIntact) {
  run("INSERT INTO customers VALUES (1, 'a@x', 'a', 1), (2, 'b@x', 'b', 2)");
  auto planned = plan();
  keep(planned);
  const auto entries = *planned.connection->texts(
      "SELECT decode(key), decode(value) FROM parquet_kv_metadata('" + kept + "')");
  const auto rewritten = [&](const std::string& select, const std::string& key = "",
                             const std::string& value = "") {
    std::string metadata;
    for (const auto& entry : entries)
      metadata += (metadata.empty() ? "" : ", ") + *entry[0] + ": " +
                  duck::quote_text(*entry[0] == key ? value : *entry[1]);
    const std::string edited = directory.path + "/edited.parquet";
    EXPECT_TRUE(planned.connection
                    ->run("COPY (" + select + ") TO '" + edited + "' (FORMAT parquet, KV_METADATA {" +
                          metadata + "})")
                    .ok());
    auto file = read_plan_file(real_disk(), edited);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return file->intact;
  };
  const std::string all = "FROM '" + kept + "'";
  EXPECT_TRUE(rewritten(all));
  EXPECT_FALSE(rewritten("SELECT * REPLACE ('c' AS \"fields.name\") " + all));
  EXPECT_FALSE(rewritten(all + " WHERE key = '1'"));
  EXPECT_FALSE(rewritten(all + " UNION ALL " + all));
  EXPECT_FALSE(rewritten(all, "penstock_planned_at_us", "1"));
  EXPECT_FALSE(rewritten(all, "penstock_configuration", "mapping:2"));
  EXPECT_FALSE(rewritten(all, "penstock_generation", "9"));
}

}  // namespace
}  // namespace penstock
