// tests/NAME.yaml: what a sync must make of some rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/project.h"

namespace penstock::config {

// A request that must be sent; with a body, that body.
struct ExpectedRequest {
  Place place;
  Placed<std::string> request;  // METHOD path
  std::optional<Node> body;
};

// Rows in, and what must come of them. Exactly one of row, rows and rows_sql is there.
struct TestCase {
  using Row = std::vector<Named<Node>>;      // a column's value; columns that are not named are NULL
  using Payload = std::vector<Named<Node>>;  // a field's value; fields that are not named may have any

  Place place;
  Placed<std::string> name;
  std::optional<Row> row;
  std::vector<Row> rows;
  std::optional<Passage> rows_sql;
  bool found = false;  // look-ups find a record
  std::optional<Payload> payload;
  std::vector<Payload> payloads;  // of each row, in their order
  std::optional<Placed<std::string>> invalid;
  std::optional<std::vector<ExpectedRequest>> requests;
};

// What a sync must do with some rows: tests/NAME.yaml.
struct Test {
  std::string file;  // tests/customers_to_crm.yaml
  Placed<std::string> sync;
  std::vector<Named<std::string>> columns;  // SQL types of columns that the rows alone do not tell
  std::vector<TestCase> cases;
};

const declare::Of<Test>& test_shape();

// The project's tests, read and held against its syncs. What is wrong goes to `diagnostics`.
std::vector<Test> load_tests(Disk& disk, const Project& project, Diagnostics& diagnostics);

}  // namespace penstock::config
