#include "config/project.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/random.h"
#include "config/resolver.h"
#include "config/test_projects.h"

namespace penstock::config {
namespace {

// The example of the contract, word for word.
Files full_files() {
  Files files = good_files();
  files["penstock.yaml"] = "project: acme\nstate: .penstock\n";
  files["syncs/customers_to_crm.yaml"] = R"(model: customers
destination: crm
object: contacts
mode: upsert                           # insert | update | upsert | mirror | append | delete
match: { email: email }                # destination field: model column
fields:
  firstname: first_name                # destination field: model column
  tier: { sql: "case when ltv > 1000 then 'gold' else 'standard' end" }
  lead_source: { value: warehouse, write: on_create }
  phone: { from: phone, write: if_empty, null: omit }      # null: clear (default) | omit
on_removed: ignore                     # ignore | delete | clear
match_change: follow                   # follow | new
schedule: { every: 15m }
guard: { max_removed: 5%, max_changed: 50%, max_rejected: 10%, empty_model: stop }
alerts: [ops]
)";
  return files;
}

TEST(Project, ReadsTheContractsExample) {
  const Loaded loaded = load(full_files());
  ASSERT_EQ(loaded.problems(), "");
  const Project& project = loaded.project;
  EXPECT_EQ(project.name, "acme");
  EXPECT_EQ(project.state.literal(), ".penstock");
  EXPECT_EQ(project.keep_operations, 30 * 24h);
  const Model& model = *project.model("customers");
  EXPECT_EQ(*model.source, "warehouse");
  EXPECT_EQ(*model.primary_key[0], "id");
  EXPECT_EQ(model.sql->at(7).show(), "models/customers.yaml:3:13");
  const Destination& destination = *project.destination("crm");
  EXPECT_DOUBLE_EQ(destination.rate_share.fraction, 0.8);
  EXPECT_EQ(destination.settings.get<Reference>("base_url").literal(), "https://api.hubapi.com");
  const Sync& sync = *project.sync("customers_to_crm");
  EXPECT_EQ(sync.mode.value, Mode::upsert);
  EXPECT_EQ(sync.mode.place.show(), "syncs/customers_to_crm.yaml:4:7");
  EXPECT_EQ(sync.match[0].name, "email");
  EXPECT_EQ(**sync.match[0].value.from, "email");
  ASSERT_EQ(sync.fields.size(), 4u);
  EXPECT_EQ(sync.fields[1].value.sql->at(10).show(), "syncs/customers_to_crm.yaml:8:27");
  EXPECT_EQ(sync.fields[2].value.value->text, "warehouse");
  EXPECT_EQ(sync.fields[2].value.write, Write::on_create);
  EXPECT_EQ(sync.fields[3].name_place.show(), "syncs/customers_to_crm.yaml:10:3");
  EXPECT_EQ(sync.fields[3].value.null, NullValue::omit);
  EXPECT_EQ(sync.schedule->every, 15min);
  EXPECT_EQ(sync.guard.max_removed->value.share, Share{0.05});
  EXPECT_EQ(*sync.alerts[0], "ops");
  EXPECT_EQ(project.alert("ops")->on,
            (std::vector{AlertEvent::failed, AlertEvent::stopped, AlertEvent::late, AlertEvent::recovered}));
  EXPECT_EQ(project.sync("nobody"), nullptr);
}

TEST(Project, EverythingMayStandInOneFile) {
  const Loaded loaded = load({{"penstock.yaml", R"(
project: acme
sources: { warehouse: { type: duckdb, path: w.duckdb } }
models:
  customers: { source: warehouse, primary_key: [id, country], table: customers, pii: [email] }
destinations: { crm: { type: webhook, url: "https://x.example" } }
syncs:
  a: { model: customers, destination: crm, object: o, mode: append, fields: { f: c } }
)"}});
  ASSERT_EQ(loaded.problems(), "");
  EXPECT_EQ(loaded.project.model("customers")->primary_key.size(), 2u);
  EXPECT_EQ(loaded.project.sync("a")->place.show(), "penstock.yaml:8:3");
}

TEST(Project, OrInAFileOfEachKind) {
  Files files = good_files();
  files.erase("models/customers.yaml");
  files["models.yaml"] = "customers: { source: warehouse, primary_key: id, dbt: dim_customers }\n";
  const Loaded loaded = load(files);
  ASSERT_EQ(loaded.problems(), "");
  EXPECT_EQ(*loaded.project.model("customers")->dbt->value.begin(), 'd');
}

TEST(Project, ModelsMayBeSqlFiles) {
  Files files = good_files();
  files.erase("models/customers.yaml");
  files["models/customers.sql"] =
      "-- source: warehouse\n-- primary_key: id\n-- pii: [email]\n-- # told in prose\n\nselect id, "
      "email\nfrom customers;\n";
  files["models/orders.sql"] = "/*\n * source: warehouse\n * primary_key:\n *   - id\n */\nselect 1 as id\n";
  const Loaded loaded = load(files);
  ASSERT_EQ(loaded.problems(), "");
  const Model& customers = *loaded.project.model("customers");
  EXPECT_EQ(customers.primary_key[0].place.show(), "models/customers.sql:2:17");
  EXPECT_EQ(customers.sql->at(customers.sql->text.find("customers")).show(), "models/customers.sql:7:6");
  EXPECT_TRUE(customers.sql->text.ends_with("from customers"));
  EXPECT_EQ(*loaded.project.model("orders")->primary_key[0], "id");
}

TEST(Project, DefaultsHoldWhereASyncIsSilent) {
  Files files = full_files();
  files["penstock.yaml"] =
      "project: acme\ndefaults:\n  guard: { max_removed: 1%, max_first_run: 100 }\n  owner: data\n  "
      "schedule: { every: 1h }\n";
  const Loaded loaded = load(files);
  ASSERT_EQ(loaded.problems(), "");
  const Sync& sync = *loaded.project.sync("customers_to_crm");
  EXPECT_EQ(sync.owner, "data");
  EXPECT_EQ(sync.guard.max_removed->value.share, Share{0.05});
  EXPECT_EQ(sync.guard.max_first_run->value, 100);
  EXPECT_EQ(sync.guard.max_first_run->place.show(), "penstock.yaml:3:44");
  EXPECT_EQ(sync.schedule->every, 15min);
}

TEST(Project, MirrorDeletes) {
  Files files = good_files();
  files["syncs/customers_to_crm.yaml"] += "";
  std::string& sync = files["syncs/customers_to_crm.yaml"];
  sync.replace(sync.find("upsert"), 6, "mirror");
  const Loaded loaded = load(files);
  ASSERT_EQ(loaded.problems(), "");
  EXPECT_EQ(loaded.project.sync("customers_to_crm")->on_removed, OnRemoved::remove);
}

TEST(Project, ListsOwnConnectorsAndTests) {
  Files files = good_files();
  files["connectors/b.yaml"] = "x";
  files["connectors/a.yml"] = "x";
  files["connectors/README.md"] = "x";
  files["tests/t.yaml"] = "x";
  const Loaded loaded = load(files);
  EXPECT_EQ(loaded.problems(), "");
  EXPECT_EQ(loaded.project.connector_files,
            (std::vector<std::string>{"connectors/a.yml", "connectors/b.yaml"}));
  EXPECT_EQ(loaded.project.test_files, (std::vector<std::string>{"tests/t.yaml"}));
}

TEST(Project, WarnsOfReferencesThatLeadNowhere) {
  const Loaded loaded = load(good_files());
  MemoryDisk disk;
  unsetenv("HUBSPOT_TOKEN");
  setenv("SLACK_WEBHOOK", "https://hooks.example", 1);
  Diagnostics diagnostics;
  check_references(loaded.project, MachineResolver(disk, "p"), diagnostics);
  EXPECT_EQ(
      as_text(diagnostics),
      "destinations/crm.yaml:2:15: warning: access_token: the environment variable HUBSPOT_TOKEN is not set\n"
      "    2 | access_token: ${env:HUBSPOT_TOKEN}\n      |               ^~~~~~~~~~~~~~~~~~~~\n"
      "      = set it: export HUBSPOT_TOKEN=...\n");
}

TEST(Project, AThousandSyncsLoadQuickly) {
  Files files = good_files();
  for (int i = 0; i < 1000; ++i)
    files["syncs/s" + std::to_string(i) + ".yaml"] = full_files()["syncs/customers_to_crm.yaml"];
  const auto start = std::chrono::steady_clock::now();
  const Loaded loaded = load(files);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(loaded.problems(), "");
  EXPECT_EQ(loaded.project.syncs.size(), 1001u);
  RecordProperty("milliseconds",
                 std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_LT(took, 5s);  // 0.2 s when this was written; sanitizers are slower
}

bool has_valid_place(const Place& place) {
  if (!place.known()) return false;
  if (place.line == 0) return true;
  return place.line <= place.file->lines() && place.column >= 1;
}

TEST(Project, MutatedFilesNeverBreakIt) {
  const uint64_t seed = 42;
  Random random(seed);
  const Files base = full_files();
  for (int round = 0; round < 3000; ++round) {
    Files files = base;
    auto victim = std::next(files.begin(), static_cast<long>(random.below(files.size())));
    std::string& text = victim->second;
    for (uint64_t edits = 1 + random.below(4); edits > 0; --edits) {
      const size_t at = random.below(text.size() + 1);
      constexpr std::string_view kInserts[] = {":", "\n", " ",  "-", "[",  "}", "\"",   "'",
                                               "#", "&a", "*a", "|", "\t", "x", "\xFF", "${"};
      if (random.chance(0.5))
        text.insert(at, kInserts[random.below(std::size(kInserts))]);
      else
        text.erase(at, random.below(8));
    }
    const Loaded loaded = load(files);
    for (const auto& each : loaded.diagnostics.sorted()) {
      EXPECT_TRUE(has_valid_place(each.place)) << each.message << "\n" << text << "\nseed " << seed;
      for (const auto& note : each.notes)
        EXPECT_TRUE(has_valid_place(note.place)) << note.text << "\nseed " << seed;
      EXPECT_FALSE(as_json(each).empty());
    }
  }
}

}  // namespace
}  // namespace penstock::config
