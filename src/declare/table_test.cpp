#include "declare/table.h"

#include <gtest/gtest.h>

#include "declare/test_documents.h"

namespace penstock::declare {
namespace {

struct Schedule {
  std::optional<Duration> every;
  std::optional<std::string> cron, timezone;
};
struct Sync {
  Place place;
  Placed<std::string> model;
  int64_t rows = 0;
  std::optional<int64_t> limit;
  std::string token;
  std::unique_ptr<Schedule> schedule;
  std::vector<std::string> tags;
};

const Of<Schedule>& schedule_shape() {
  static const Of<Schedule> shape =
      structure<Schedule>(
          "schedule", "When a sync runs.",
          {field<&Schedule::every>("every", duration(1min)).help("The time between two runs."),
           field<&Schedule::cron>("cron", text("a cron expression")),
           field<&Schedule::timezone>("timezone", text())})
          .shorthand("every")
          .exactly_one({"every", "cron"})
          .needs("timezone", "cron");
  return shape;
}

const Of<Sync>& sync_shape() {
  static const Of<Sync> shape =
      structure<Sync>("sync", "Carries a model to an object.",
                      {field<&Sync::model>("model", placed(identifier())).required().example("customers"),
                       field<&Sync::rows>("rows", integer({.min = 1}, "a number of rows")).by_default("100"),
                       field<&Sync::limit>("limit", integer()), field<&Sync::token>("token", text()).secret(),
                       field<&Sync::schedule>("schedule", schedule_shape()),
                       field<&Sync::tags>("tags", list(text()).or_one()).deprecated("write labels")})
          .place<&Sync::place>()
          .check([](const Sync& sync, const Node& node, Reading& reading) {
            if (!sync.limit || *sync.limit <= sync.rows) return true;
            reading.error(node.find("limit")->value.place, "'limit' is more than 'rows'");
            return false;
          });
  return shape;
}

TEST(Table, ReadsAStruct) {
  const auto out = attempt(
      sync_shape(), "# a sync\nmodel: customers\nlimit: 5\nschedule: { cron: 0 7 * * *, timezone: UTC }\n");
  EXPECT_EQ(out.problems, "");
  EXPECT_EQ(*out.value.model, "customers");
  EXPECT_EQ(out.value.model.place.show(), "x.yaml:2:8");
  EXPECT_EQ(out.value.place.show(), "x.yaml:2:1");
  EXPECT_EQ(out.value.rows, 100);
  EXPECT_EQ(out.value.limit, 5);
  EXPECT_EQ(out.value.schedule->timezone, "UTC");
  EXPECT_EQ(attempt(sync_shape(), "{model: a}").value.schedule, nullptr);
}

TEST(Table, AShorthandStandsForItsField) {
  EXPECT_EQ(attempt(sync_shape(), "{model: a, schedule: 15m}").value.schedule->every, 15min);
  EXPECT_EQ(first_line(sync_shape(), "{model: a, schedule: [15m]}"),
            "x.yaml:1:22: error: schedule: expected a duration of at least 1m, such as 15m, or a schedule (a "
            "map with "
            "every, cron and timezone), found a list of 1");
}

TEST(Table, EverythingWrongIsSaidAtOnce) {
  EXPECT_EQ(attempt(sync_shape(),
                    "modle: customers\nrows: many\nschedule: { every: 1s, cron: x }\nlimit:\ntags: x\n")
                .problems,
            R"(x.yaml:1:1: error: unknown field 'modle' in a sync; did you mean 'model'?
    1 | modle: customers
      | ^~~~~
      = the fields of a sync are model, rows, limit, token, schedule and tags
x.yaml:2:7: error: rows: expected a number of rows of at least 1, found the text 'many'
    2 | rows: many
      |       ^~~~
x.yaml:3:20: error: schedule.every: expected a duration of at least 1m, such as 15m, found the text '1s'
    3 | schedule: { every: 1s, cron: x }
      |                    ^~
x.yaml:3:24: error: schedule: 'cron' cannot stand beside 'every' in a schedule
    3 | schedule: { every: 1s, cron: x }
      |                        ^~~~
      = x.yaml:3:13: 'every' is given here
      = keep only one of every or cron
x.yaml:4:1: error: limit: there is no value; expected a whole number
    4 | limit:
      | ^~~~~
      = give it a value, or remove the line
x.yaml:5:1: warning: tags: 'tags' is deprecated
    5 | tags: x
      | ^~~~
      = write labels
)");
}

TEST(Table, FieldsThatNeedEachOther) {
  EXPECT_EQ(
      attempt(sync_shape(), "model: a\nschedule:\n  every: 5m\n  timezone: UTC\n").problems,
      "x.yaml:4:3: error: schedule: 'timezone' means something only beside 'cron'\n    4 |   timezone: UTC\n"
      "      |   ^~~~~~~~\n      = add 'cron', or remove 'timezone'\n");
  EXPECT_EQ(attempt(sync_shape(), "model: a\nschedule: {}\n").problems,
            "x.yaml:2:11: error: schedule: a schedule needs one of every or cron\n    2 | schedule: {}\n"
            "      |           ^\n      = add one of every or cron\n");
}

TEST(Table, ChecksRunWhenAllWasRead) {
  EXPECT_EQ(first_line(sync_shape(), "{model: a, limit: 200}"),
            "x.yaml:1:19: error: 'limit' is more than 'rows'");
}

TEST(Table, SecretsAreNotShown) {
  EXPECT_EQ(attempt(sync_shape(), "model: a\ntoken: [hunter2]\n").problems,
            "x.yaml:2:8: error: token: expected text (what is there is not shown)\n"
            "      = put quotes around a text that starts with '{' or '['\n");
  EXPECT_EQ(attempt(sync_shape(), "model: a\ntoken: hunter2\n").problems,
            "x.yaml:2:8: warning: token: a secret is written out in the file\n"
            "      = keep it out of git: write ${env:NAME}, ${file:PATH} or ${secret:NAME}\n");
}

TEST(Table, AWholeFileOfAnotherForm) {
  EXPECT_EQ(first_line(sync_shape(), ""),
            "x.yaml:1:1: error: there is nothing here; expected a sync (a map with model, ...)");
  EXPECT_EQ(first_line(sync_shape(), "hello"),
            "x.yaml:1:1: error: expected a sync (a map with model, ...), found the text 'hello'");
}

}  // namespace
}  // namespace penstock::declare
