// Rows that name other records by values of their own: through a whole delivery in virtual time.
#include <fmt/format.h>

#include "deliver/stage_test.h"

namespace penstock {
namespace {

constexpr const char* kTeams = R"(
connector: staged
title: Teams
summary: People of teams.
facts: 2026-11
settings: { base_url: { type: url, required: true, help: Where it is. } }
auth: { type: none }
base: "{setting.base_url}"
limits: { all: { rates: [{ rate: 1000/s }] } }
objects: { people: { title: People, match: { team: unique }, several: true, members: true } }
routes: { unique: { references: { team: { find: find }, city: { find: find_city } }, upsert: write, delete: remove } }
operations:
  find:
    request: POST /teams/find
    limit: all
    rows: 100
    body: { names: "{matches}" }
    replies: [{ status: 200, is: accepted }]
    find: { each: teams, record_id: id, value: name, ignore_case: true }
  find_city:
    request: POST /cities/find
    limit: all
    rows: 100
    body: { names: "{matches}" }
    replies: [{ status: 200, is: accepted }]
    find: { each: teams, record_id: id, value: name }
  write:
    request: PUT /people
    limit: all
    rows: 100
    body: { rows: { each_row: { team: "{reference.team}", city: "{reference.city}" } } }
    replies: [{ status: 200, is: accepted }]
  remove:
    request: DELETE /people
    limit: all
    rows: 100
    body: { rows: { each_row: { team: "{reference.team}" } } }
    replies: [{ status: 200, is: accepted }]
)";

// Teams red (71) and, twice, blue; each city is its own name in capitals.
HttpReply answer(const HttpRequest& request) {
  HttpReply reply;
  reply.status = 200;
  reply.body = "{}";
  if (request.url.ends_with("/teams/find"))
    reply.body =
        R"({"teams":[{"id":"71","name":"Red"},{"id":"72","name":"blue"},{"id":"73","name":"blue"}]})";
  if (request.url.ends_with("/cities/find"))
    reply.body = R"({"teams":[{"id":"ULM","name":"Ulm"},{"id":"ROM","name":"Rom"}]})";
  return reply;
}

class ReferencesTest : public testing::Test {
 protected:
  // rows: change, match_before, team, city
  void deliver(const std::string& rows) {
    connector::TargetFacts facts;
    facts.object = "people";
    facts.match_fields = {"team"};
    facts.match_kind = connector::MatchKind::unique;
    facts.fields = {"city"};
    staged = deliver_in_virtual_time(
        {.connector = kTeams, .facts = facts, .mode = config::Mode::mirror},
        fmt::format(
            "SELECT CAST(row_number() OVER () - 1 AS UBIGINT), change, 'k', CAST(0 AS UBIGINT), "
            "CAST(1 AS UBIGINT), CAST(1 AS UBIGINT), CAST(NULL AS VARCHAR), CAST(before AS VARCHAR), "
            "CAST(NULL AS VARCHAR), team, CAST(city AS VARCHAR) FROM (VALUES {}) t(change, before, team, "
            "city)",
            rows),
        destination, loop);
    EXPECT_TRUE(staged.ended.ok());
  }
  std::string sent() const {
    std::string all;
    for (const auto& request : destination.requests)
      all += fmt::format("{} {} {}\n", request.method, request.url.substr(21), request.body);
    return all;
  }
  std::string code(uint64_t row) { return staged.outcomes.at(row).code; }
  SimLoop loop;
  PlayedDestination destination{loop, answer};
  Staged staged;
};

TEST_F(ReferencesTest, EachValueIsLookedUpOnce) {
  deliver("('added', NULL, 'red', 'Ulm'), ('added', NULL, 'Red', 'Rom'), ('added', NULL, 'RED', NULL)");
  EXPECT_EQ(staged.progress.outcomes.accepted, 3u);
  EXPECT_EQ(sent(),
            "POST /teams/find {\"names\":[\"red\"]}\n"
            "POST /cities/find {\"names\":[\"Ulm\",\"Rom\"]}\n"
            "PUT /people {\"rows\":[{\"team\":\"71\",\"city\":\"\"},{\"team\":\"71\",\"city\":\"ULM\"},"
            "{\"team\":\"71\",\"city\":\"ROM\"}]}\n");
}

TEST_F(ReferencesTest, WhatIsNotThereOrNotAloneIsRefused) {
  deliver("('added', NULL, 'red', 'Oslo'), ('added', NULL, 'green', 'Ulm'), ('added', NULL, 'blue', 'Ulm')");
  EXPECT_EQ(staged.progress.outcomes.rejected, 3u);
  EXPECT_EQ(code(0), "NO_REFERENCE");
  EXPECT_EQ(staged.outcomes.at(0).message, "there is no record of what 'city' names: Oslo");
  EXPECT_EQ(code(1), "NO_REFERENCE");
  EXPECT_EQ(code(2), "SEVERAL_REFERENCES");
}

TEST_F(ReferencesTest, WhatNamedSomethingThatIsGoneIsGone) {
  deliver("('removed', NULL, 'green', NULL), ('removed', NULL, 'red', NULL)");
  EXPECT_EQ(staged.progress.outcomes.accepted, 2u);
  EXPECT_EQ(sent(),
            "POST /teams/find {\"names\":[\"green\",\"red\"]}\n"
            "DELETE /people {\"rows\":[{\"team\":\"71\"}]}\n");
}

TEST_F(ReferencesTest, ARowThatIsReplacedNamesTheOldOneFirst) {
  // The new city is not there, which says nothing of the old record.
  deliver("('changed', 'red', 'red', 'Oslo'), ('changed', 'green', 'red', 'Ulm')");
  EXPECT_EQ(code(0), "NO_REFERENCE");
  EXPECT_EQ(staged.progress.outcomes.accepted, 1u);
  EXPECT_EQ(sent(),
            "POST /teams/find {\"names\":[\"red\",\"green\"]}\n"
            "POST /cities/find {\"names\":[\"Ulm\"]}\n"
            "DELETE /people {\"rows\":[{\"team\":\"71\"}]}\n"
            "POST /cities/find {\"names\":[\"Oslo\"]}\n"
            "PUT /people {\"rows\":[{\"team\":\"71\",\"city\":\"ULM\"}]}\n");
}

}  // namespace
}  // namespace penstock
