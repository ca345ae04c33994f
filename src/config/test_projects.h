// For tests: kinds that config/ itself does not know, and projects out of texts.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_disk.h"
#include "config/project.h"

namespace penstock::config {

class TestKinds : public Kinds {
 public:
  explicit TestKinds(std::vector<std::pair<std::string, declare::Of<Settings>>> kinds)
      : kinds_(std::move(kinds)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, shape] : kinds_) out.push_back(name);
    return out;
  }
  const declare::Of<Settings>* find(std::string_view name) const override {
    for (const auto& [known, shape] : kinds_)
      if (known == name) return &shape;
    return nullptr;
  }

 private:
  std::vector<std::pair<std::string, declare::Of<Settings>>> kinds_;
};

inline const ProjectKinds& test_kinds() {
  using namespace declare;
  static const TestKinds sources(
      {{"duckdb",
        settings("duckdb source", "A DuckDB file, or files queried in place.",
                 {setting("path", text()).example("warehouse.duckdb"),
                  setting("files", map_of(anything())).example("{ customers: \"data/*.parquet\" }")})},
       {"postgres",
        settings("postgres source", "A PostgreSQL database.",
                 {setting("url", reference_text()).required().secret(),
                  setting("connections", integer({.min = 1, .max = 64}, "a number of connections"))
                      .by_default("4")})}});
  static const TestKinds destinations(
      {{"hubspot",
        settings(
            "hubspot destination", "HubSpot's CRM.",
            {setting("access_token", reference_text()).required().secret().example("${env:HUBSPOT_TOKEN}"),
             setting("base_url", reference_url()).by_default("https://api.hubapi.com")})},
       {"webhook",
        settings("webhook destination", "Any HTTP address.", {setting("url", reference_url()).required()})}});
  static const ProjectKinds kinds{sources, destinations};
  return kinds;
}

using Files = std::map<std::string, std::string>;

// A small project without a fault.
inline Files good_files() {
  return {{"penstock.yaml", "project: acme\n"},
          {"sources/warehouse.yaml", "type: duckdb\npath: warehouse.duckdb\n"},
          {"models/customers.yaml",
           "source: warehouse\nprimary_key: id\nsql: select id, email, first_name, ltv from customers\n"},
          {"destinations/crm.yaml", "type: hubspot\naccess_token: ${env:HUBSPOT_TOKEN}\nrate_share: 80%\n"},
          {"alerts/ops.yaml", "type: slack\nwebhook_url: ${env:SLACK_WEBHOOK}\n"},
          {"syncs/customers_to_crm.yaml",
           "model: customers\ndestination: crm\nobject: contacts\nmode: upsert\nmatch: { email: email }\n"
           "fields:\n  firstname: first_name\n"}};
}

struct Loaded {
  Project project;
  Diagnostics diagnostics;
  std::string problems() const { return as_text(diagnostics); }
};

inline Loaded load(const Files& files) {
  MemoryDisk disk;
  for (const auto& [path, text] : files) {
    const size_t slash = path.rfind('/');
    check(disk.make_directories(slash == std::string::npos ? "p" : "p/" + path.substr(0, slash)).ok(),
          "made");
    check(disk.replace("p/" + path, text).ok(), "written");
  }
  Loaded out;
  out.project = load_project(disk, "p", test_kinds(), out.diagnostics);
  return out;
}

inline Files with(Files files, const std::string& path, const std::string& text) {
  files[path] = text;
  return files;
}

}  // namespace penstock::config
