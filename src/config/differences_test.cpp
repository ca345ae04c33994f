#include "config/differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_disk.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;

class Differences : public testing::Test {
 protected:
  Differences() {
    for (MemoryDisk* disk : {&before_, &after_}) {
      for (const char* folder : {"sources", "models", "destinations", "syncs", "connectors"})
        EXPECT_TRUE(disk->make_directories(std::string("p/") + folder).ok());
      put(*disk, "penstock.yaml", "project: acme\ndefaults: { owner: data }\n");
      put(*disk, "sources/w.yaml", "type: duckdb\n");
      put(*disk, "models/m.sql", "-- source: w\nselect 1\n");
      put(*disk, "models/n.yaml", "source: w\ntable: t\n");
      put(*disk, "destinations/crm.yaml", "type: own\n");
      put(*disk, "connectors/own.yaml", "title: Own\n");
      put(*disk, "syncs/a.yaml", "model: n\ndestination: crm\nfields: { x: y, z: q }\n");
    }
  }
  static void put(MemoryDisk& disk, const std::string& path, const std::string& text) {
    EXPECT_TRUE(disk.replace("p/" + path, text).ok());
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const auto& each : sync_differences(before_, after_, "p")) {
      std::string line = each.sync + " " + std::string(name_of(each.kind)) + ":";
      for (const auto& what : each.what) line += " " + what;
      out.push_back(line);
    }
    return out;
  }
  MemoryDisk before_, after_;
};

TEST_F(Differences, FormMakesNone) {
  put(after_, "syncs/a.yaml", "# why\ndestination: 'crm'\nmodel: n\nfields:\n  z: q\n  x: y\n");
  EXPECT_THAT(told(), ElementsAre());
}

TEST_F(Differences, WhatASyncSaysIsNamed) {
  put(after_, "syncs/a.yaml", "model: n\ndestination: crm\nfields: { x: y2, w: q }\nmode: mirror\n");
  EXPECT_THAT(told(), ElementsAre("a changed: fields.x fields.w fields.z mode"));
}

TEST_F(Differences, WhatASyncStandsOnIsNamed) {
  put(after_, "sources/w.yaml", "type: duckdb\npath: x\n");
  put(after_, "models/n.yaml", "source: w\ntable: t2\n");
  put(after_, "connectors/own.yaml", "title: Other\n");
  put(after_, "destinations/crm.yaml", "type: own\nregion: eu\n");
  put(after_, "penstock.yaml", "project: acme\ndefaults: { owner: sales }\n");
  EXPECT_THAT(told(), ElementsAre("a changed: source w model n connector own destination crm owner"));
}

TEST_F(Differences, AnotherModelIsToldByItsName) {
  put(after_, "models/n.yaml", "source: w\ntable: t2\n");
  put(after_, "syncs/a.yaml", "model: m\ndestination: crm\nfields: { x: y, z: q }\n");
  EXPECT_THAT(told(), ElementsAre("a changed: model"));
}

TEST_F(Differences, SyncsComeAndGo) {
  put(after_, "syncs/b.yaml", "model: n\n");
  EXPECT_TRUE(after_.remove("p/syncs/a.yaml").ok());
  EXPECT_THAT(told(), ElementsAre("a removed:", "b added:"));
}

TEST_F(Differences, ANumberIsNotItsText) {
  put(before_, "syncs/a.yaml", "model: n\ndestination: crm\nfields: { x: { value: 5 } }\n");
  put(after_, "syncs/a.yaml", "model: n\ndestination: crm\nfields: { x: { value: '5' } }\n");
  EXPECT_THAT(told(), ElementsAre("a changed: fields.x"));
}

}  // namespace
}  // namespace penstock::config
