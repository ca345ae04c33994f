#include "config/selection.h"

#include <gtest/gtest.h>

#include "config/test_projects.h"

namespace penstock::config {
namespace {

std::string sync_text(const std::string& more, const std::string& model = "customers",
                      const std::string& destination = "crm") {
  return "model: " + model + "\ndestination: " + destination +
         "\nobject: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: first_name }\n" +
         more;
}

// Five syncs: crm_b runs after orders, crm_c is paused.
Project selectable() {
  Files files = good_files();
  files.erase("syncs/customers_to_crm.yaml");
  files["sources/lake.yaml"] = "type: duckdb\npath: lake.duckdb\n";
  files["models/orders.yaml"] =
      "source: lake\nowner: sales\nprimary_key: id\nsql: select id, email, first_name from orders\n";
  files["destinations/desk.yaml"] = "type: webhook\nurl: https://desk.example\n";
  files["syncs/crm_a.yaml"] = sync_text("tags: [finance, daily]\nowner: ann\n");
  files["syncs/crm_b.yaml"] = sync_text("tags: [finance]\nschedule: { after: orders }\n");
  files["syncs/crm_c.yaml"] = sync_text("tags: [daily]\npaused: true\n");
  files["syncs/desk.yaml"] = sync_text("tags: [daily]\n", "customers", "desk");
  files["syncs/orders.yaml"] = sync_text("", "orders");
  Loaded loaded = load(files);
  EXPECT_EQ(loaded.problems(), "");
  return std::move(loaded.project);
}

// Names in their order, or what is wrong.
std::string selected(const Project& project, const std::vector<std::string>& words,
                     Paused paused = Paused::left_out) {
  const auto syncs = select_syncs(project, words, paused);
  if (!syncs.ok()) {
    EXPECT_EQ(syncs.error().kind, ErrorKind::config);
    return syncs.error().message + "; " + syncs.error().remedy;
  }
  std::string out;
  for (const auto* sync : *syncs) out += (out.empty() ? "" : " ") + sync->name;
  return out;
}

TEST(Selection, WithoutWordsAllThatAreNotPausedInTheOrderOfTheirDependencies) {
  const Project project = selectable();
  EXPECT_EQ(selected(project, {}), "crm_a orders crm_b desk");
  EXPECT_EQ(selected(project, {}, Paused::included), "crm_a orders crm_b crm_c desk");
}

TEST(Selection, NamesAndPatterns) {
  const Project project = selectable();
  EXPECT_EQ(selected(project, {"desk"}), "desk");
  EXPECT_EQ(selected(project, {"crm_b", "orders", "crm_b"}), "orders crm_b");
  EXPECT_EQ(selected(project, {"crm_*"}), "crm_a crm_b");
  EXPECT_EQ(selected(project, {"crm_?"}, Paused::included), "crm_a crm_b crm_c");
  EXPECT_EQ(selected(project, {"crm_[ab]"}), "crm_a crm_b");
  EXPECT_EQ(selected(project, {"*"}), "crm_a orders crm_b desk");
}

TEST(Selection, ASyncThatIsPausedIsMeantByItsNameOnly) {
  const Project project = selectable();
  EXPECT_EQ(selected(project, {"crm_c"}), "crm_c");
  EXPECT_EQ(selected(project, {"crm_c", "crm_*"}), "crm_a crm_b crm_c");
  EXPECT_EQ(selected(project, {"tag:daily"}), "crm_a desk");
  EXPECT_EQ(selected(project, {"tag:daily,crm_c"}), "crm_c");
  EXPECT_EQ(selected(project, {"crm_[c]"}),
            "all syncs that are selected are paused; name one to run it all the same, or remove `paused: "
            "true` from "
            "its file");
}

TEST(Selection, Selectors) {
  const Project project = selectable();
  EXPECT_EQ(selected(project, {"tag:finance"}), "crm_a crm_b");
  EXPECT_EQ(selected(project, {"destination:desk"}), "desk");
  EXPECT_EQ(selected(project, {"source:lake"}), "orders");
  EXPECT_EQ(selected(project, {"source:*"}), "crm_a orders crm_b desk");
  EXPECT_EQ(selected(project, {"model:customers"}), "crm_a crm_b desk");
  EXPECT_EQ(selected(project, {"owner:ann"}), "crm_a");
  EXPECT_EQ(selected(project, {"owner:sales"}), "orders") << "a sync without owner has its model's";
}

TEST(Selection, CommasIntersectAndWordsUnite) {
  const Project project = selectable();
  EXPECT_EQ(selected(project, {"tag:daily,crm_*"}), "crm_a");
  EXPECT_EQ(selected(project, {"tag:daily,tag:finance", "orders"}), "crm_a orders");
  EXPECT_EQ(selected(project, {"tag:daily", "tag:finance"}), "crm_a crm_b desk");
}

TEST(Selection, WhatFitsNothingIsToldWithTheNearest) {
  const Project project = selectable();
  EXPECT_EQ(selected(project, {"crm_aa"}),
            "there is no sync 'crm_aa'; did you mean 'crm_a'? (syncs: crm_a, orders, crm_b, crm_c or desk)");
  EXPECT_EQ(selected(project, {"erp_*"}),
            "no sync has a name like 'erp_*'; syncs: crm_a, orders, crm_b, crm_c or desk");
  EXPECT_EQ(
      selected(project, {"tga:finance"}),
      "there is no selector 'tga:'; did you mean 'tag'? (selectors: tag:, destination:, source:, model: or "
      "owner:)");
  EXPECT_EQ(selected(project, {"tag:finanec"}),
            "no sync has the tag 'finanec'; did you mean 'finance'? (there is daily and finance)");
  EXPECT_EQ(selected(project, {"destination:dsek"}),
            "no sync writes to a destination 'dsek'; did you mean 'desk'? (there is crm and desk)");
  EXPECT_EQ(selected(project, {"source:xyz"}),
            "no sync reads from a source 'xyz'; there is lake and warehouse");
  EXPECT_EQ(selected(project, {"tag:finance,desk"}),
            "no sync fits all of 'tag:finance,desk'; parts that are joined by commas must all hold; separate "
            "them by "
            "spaces where any is enough");
  EXPECT_EQ(selected(project, {"tag:"}), "'tag:' is without a value; write tag:NAME, or tag:* for any");
  for (const char* empty : {"", ",", "tag:finance,", ",crm_a", "crm_a,,desk"})
    EXPECT_NE(selected(project, {empty}).find("empty"), std::string::npos) << empty;
  EXPECT_EQ(selected(project, {"crm_a", "nothing"}).substr(0, 28), "there is no sync 'nothing'; ")
      << "one word that fits does not hide one that does not";
}

TEST(Selection, AProjectWithoutSyncs) {
  Files files = good_files();
  files.erase("syncs/customers_to_crm.yaml");
  const Loaded loaded = load(files);
  EXPECT_EQ(selected(loaded.project, {}), "this project has no syncs to run; write one in syncs/NAME.yaml");
  EXPECT_EQ(selected(loaded.project, {"tag:x"}), "no sync has the tag 'x'; none of the syncs has one");
}

}  // namespace
}  // namespace penstock::config
