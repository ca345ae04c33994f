#include "config/tests.h"

#include <fmt/format.h>

#include "config/shapes.h"

namespace penstock::config {
namespace {

using declare::anything;
using declare::boolean;
using declare::field;
using declare::identifier;
using declare::list;
using declare::map_of;
using declare::Of;
using declare::Reading;
using declare::structure;

const Of<ExpectedRequest>& expected_request_shape() {
  static const Of<ExpectedRequest> shape =
      structure<ExpectedRequest>(
          "request", "A request that must be sent.",
          {field<&ExpectedRequest::request>("request", declare::placed(declare::text("METHOD and path")))
               .required()
               .help("Its method and path, with what follows a `?`.")
               .example("POST /crm/v3/objects/contacts/batch/upsert"),
           field<&ExpectedRequest::body>("body", anything())
               .otherwise("any body will do")
               .help("Its body: of JSON what it says, of all other kinds the text.")
               .example("{ inputs: [{ id: ada@example.com }] }")})
          .place<&ExpectedRequest::place>()
          .shorthand("request");
  return shape;
}

Of<TestCase::Row> row_shape() {
  return map_of(anything()).what("a map from columns of the model to values");
}

Of<TestCase::Payload> payload_shape() {
  return map_of(anything()).what("a map from fields of the sync to values");
}

bool check_case(const TestCase& test_case, const Node& node, Reading& reading) {
  if (!test_case.payload && test_case.payloads.empty() && !test_case.invalid && !test_case.requests) {
    reading.error(node.place, "this case expects nothing").remedy =
        "say what must come of its rows: payload, payloads, invalid or requests";
    return false;
  }
  const size_t rows = test_case.row ? 1 : test_case.rows.size();
  if (test_case.payloads.empty() || test_case.rows_sql || rows == test_case.payloads.size()) return true;
  reading
      .error(node.find("payloads")->value.place,
             fmt::format("there are {} payloads for {} rows", test_case.payloads.size(), rows))
      .remedy = "give one payload for each row, in their order";
  return false;
}

const Of<TestCase>& case_shape() {
  static const Of<TestCase> shape =
      structure<TestCase>(
          "case", "Rows, and what must come of them.",
          {field<&TestCase::name>("name", declare::placed(declare::text()))
               .required()
               .help("What it shows, for people.")
               .example("big customers are gold"),
           field<&TestCase::row>("row", row_shape())
               .help(
                   "A row of the model. Columns that it leaves out are NULL; the primary key gets a number.")
               .example("{ email: ada@example.com, ltv: 1840.50 }"),
           field<&TestCase::rows>("rows", list(row_shape()).not_empty())
               .help("Several rows.")
               .example("[{ id: 1 }, { id: 2 }]"),
           field<&TestCase::rows_sql>("rows_sql", declare::passage("an SQL query"))
               .help("A query in DuckDB's SQL that gives the rows; it reads no source.")
               .example("select i as id from range(3) t(i)"),
           field<&TestCase::found>("found", boolean())
               .by_default("false")
               .help("Whether look-ups at the destination find a record."),
           field<&TestCase::payload>("payload", payload_shape())
               .help("The values that the fields of every row must have, and the match. What is not named is "
                     "not looked at.")
               .example("{ firstname: Ada, tier: gold }"),
           field<&TestCase::payloads>("payloads", list(payload_shape()).not_empty())
               .help("The same for each row.")
               .example("[{ tier: gold }, { tier: standard }]"),
           field<&TestCase::invalid>("invalid", declare::placed(declare::text("a reason, or a part of one")))
               .help("Every row must be invalid, with this in the reason.")
               .example("the match value 'email' is NULL"),
           field<&TestCase::requests>("requests", list(expected_request_shape()))
               .help("The requests that must be sent, in their order, and no others.")
               .example("[POST /crm/v3/objects/contacts/batch/upsert]")})
          .place<&TestCase::place>()
          .exactly_one({"row", "rows", "rows_sql"})
          .at_most_one({"payload", "payloads", "invalid"})
          .check(check_case);
  return shape;
}

// The names that a payload may have.
std::vector<std::string> fields_of(const Sync& sync) {
  std::vector<std::string> names;
  for (const auto& each : sync.fields) names.push_back(each.name);
  for (const auto& each : sync.match)
    if (std::find(names.begin(), names.end(), each.name) == names.end()) names.push_back(each.name);
  return names;
}

void check_payload(const TestCase::Payload& payload, const Sync& sync, const std::vector<std::string>& known,
                   Diagnostics& diagnostics) {
  for (const auto& each : payload) {
    if (std::find(known.begin(), known.end(), each.name) != known.end()) continue;
    auto& wrong =
        diagnostics.error(each.name_place, fmt::format("sync '{}' has no field '{}'", sync.name, each.name));
    wrong.hint = declare::did_you_mean(each.name, known);
    wrong.remedy = fmt::format("its fields are {}", declare::list_names(known));
  }
}

void check_test(const Test& test, const Project& project, Diagnostics& diagnostics) {
  if (!test.sync.place.known()) return;  // reported when it was read
  const Sync* sync = project.sync(*test.sync);
  if (sync == nullptr) {
    std::vector<std::string> known;
    for (const auto& each : project.syncs) known.push_back(each.name);
    auto& wrong = diagnostics.error(test.sync.place, fmt::format("there is no sync '{}'", *test.sync));
    wrong.path = "sync";
    wrong.hint = declare::did_you_mean(*test.sync, known);
    if (!known.empty()) wrong.remedy = fmt::format("the syncs are {}", declare::list_names(known));
    return;
  }
  const auto known = fields_of(*sync);
  for (const auto& each : test.cases) {
    if (each.payload) check_payload(*each.payload, *sync, known, diagnostics);
    for (const auto& payload : each.payloads) check_payload(payload, *sync, known, diagnostics);
  }
}

}  // namespace

const Of<Test>& test_shape() {
  static const Of<Test> shape = structure<Test>(
      "test", "What a sync must do with some rows, tried without source and destination.",
      {field<&Test::sync>("sync", declare::placed(identifier()))
           .required()
           .help("The sync.")
           .example("customers_to_crm"),
       field<&Test::columns>("columns", map_of(declare::text("an SQL type such as DECIMAL(10,2)")))
           .otherwise("what the values look like")
           .help("Types of columns, in DuckDB's SQL.")
           .example("{ created_at: TIMESTAMP, ltv: \"DECIMAL(10,2)\" }"),
       field<&Test::cases>("cases", list(case_shape()).not_empty())
           .required()
           .help("Rows, and what must come of them.")
           .example("[{ name: all is well, row: { id: 1 }, payload: { firstname: null } }]")});
  return shape;
}

std::vector<Test> load_tests(Disk& disk, const Project& project, Diagnostics& diagnostics) {
  std::vector<Test> tests;
  for (const std::string& path : project.test_files) {
    auto text = disk.read(join_path(project.directory, path));
    if (!text.ok()) {
      diagnostics.error(Place::whole(std::make_shared<declare::SourceFile>(path, "")), text.error().message);
      continue;
    }
    const auto node =
        declare::parse_yaml(std::make_shared<declare::SourceFile>(path, *std::move(text)), diagnostics);
    if (!node) continue;
    Test& test = tests.emplace_back();
    test.file = path;
    if (declare::read(test_shape(), *node, test, diagnostics)) check_test(test, project, diagnostics);
  }
  return tests;
}

}  // namespace penstock::config
