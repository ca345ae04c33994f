#include "connector/connector.h"

#include <gtest/gtest.h>

#include "connector/values.h"

namespace penstock::connector {
namespace {

// One row of payload values, made by DuckDB.
struct Row {
  std::unique_ptr<duck::Database> database = std::make_unique<duck::Database>(*duck::Database::open({}));
  std::unique_ptr<duck::Connection> connection = std::make_unique<duck::Connection>(*database->connect());
  std::vector<std::pair<std::string, Values>> columns;
  std::vector<duck::Chunk> chunks;

  Row() { EXPECT_TRUE(define_payload_functions(*connection).ok()); }
  Values value(const std::string& sql) {
    auto described = *connection->describe("SELECT " + sql);
    auto rows = connection->query("SELECT " + as_payload_sql(sql, described[0].type));
    EXPECT_TRUE(rows.ok()) << rows.error().message;
    chunks.push_back(**rows->next());
    return Values(chunks.back().column(0), payload_type_of(described[0].type));
  }
};

struct HubSpot : testing::Test {
  Catalog catalog;
  Row row;
  std::vector<Values> fields, match;
  RowView view;

  Target target(std::vector<std::string> names, MatchKind kind = MatchKind::unique,
                std::string match_field = "email") {
    TargetFacts facts{.object = "contacts",
                      .match_fields = {match_field},
                      .match_kind = kind,
                      .fields = std::move(names),
                      .personal = {},
                      .read = {}};
    facts.personal.set(0);
    auto bound = Target::bind(
        catalog.find("hubspot"),
        {{{"access_token", "pat-secret"}, {"base_url", "http://127.0.0.1:1/"}, {"account", "professional"}},
         {"pat-secret"}},
        std::move(facts));
    EXPECT_TRUE(bound.ok()) << bound.error().message;
    return *std::move(bound);
  }
  void set(const std::string& match_sql, const std::vector<std::string>& field_sql) {
    match = {row.value(match_sql)};
    for (const auto& sql : field_sql) fields.push_back(row.value(sql));
    view = {.fields = fields,
            .match = match,
            .row = 0,
            .send = {},
            .clear = false,
            .write_match = false,
            .old_match = {},
            .record_id = "51"};
    for (size_t i = 0; i < fields.size(); ++i) view.send.set(i);
  }
  std::string body(const BoundOperation& operation, int copies = 1, bool masked = false) {
    std::string out;
    const RequestFacts request{.page = "0", .masked = masked};
    operation.body->begin(out, request);
    for (int i = 0; i < copies; ++i) operation.body->add(out, view, static_cast<size_t>(i), request);
    operation.body->end(out, request);
    return out;
  }
};

TEST_F(HubSpot, DeclarationIsWithoutFault) {
  for (const auto& name : catalog.names()) EXPECT_NE(catalog.find(name), nullptr) << name;
  EXPECT_EQ(catalog.find("no-such"), nullptr);
}

TEST_F(HubSpot, UpsertIsWrittenStraightFromColumns) {
  set("'ana@x.com'", {"'Ana \"A\"'", "12.50::DECIMAL(10,2)", "true", "NULL::VARCHAR", "['a','b']",
                      "TIMESTAMP '2026-01-02 03:04:05'", "DATE '2026-01-02'"});
  const Target t = target({"firstname", "ltv", "vip", "phone", "tags", "seen", "day"});
  EXPECT_EQ(
      body(*t.upsert()),
      R"({"inputs":[{"id":"ana@x.com","idProperty":"email","properties":{"firstname":"Ana \"A\"","ltv":"12.50","vip":"true","phone":"","tags":"a;b","seen":"2026-01-02T03:04:05Z","day":"2026-01-02"},"objectWriteTraceId":"0"}]})");
  EXPECT_EQ(t.url(*t.upsert(), {}, {}), "http://127.0.0.1:1/crm/v3/objects/contacts/batch/upsert");
  EXPECT_TRUE(t.headers().empty()) << "the login comes on the way";
}

TEST_F(HubSpot, OnlyTheFieldsThatTravelAreWritten) {
  set("'a@x'", {"'Ana'", "1", "'z'"});
  view.send.reset(1);
  const Target t = target({"firstname", "ltv", "city"});
  EXPECT_EQ(
      body(*t.update(), 2),
      R"({"inputs":[{"id":"51","properties":{"firstname":"Ana","city":"z"},"objectWriteTraceId":"0"},{"id":"51","properties":{"firstname":"Ana","city":"z"},"objectWriteTraceId":"1"}]})");
  EXPECT_EQ(body(*t.update(), 1, true),
            "{\"inputs\":[{\"id\":\"51\",\"properties\":{\"firstname\":\"\u2022\u2022\u2022\",\"city\":\"z\"}"
            ",\"objectWriteTraceId\":\"0\"}]}");
  view.clear = true;
  EXPECT_EQ(body(*t.update()),
            R"({"inputs":[{"id":"51","properties":{"firstname":"","city":""},"objectWriteTraceId":"0"}]})");
}

TEST_F(HubSpot, ACreateCarriesTheMatchFieldEvenIfItIsNotMapped) {
  set("'a@x'", {"'Ana'"});
  view.write_match = true;
  EXPECT_EQ(
      body(*target({"firstname"}).create()),
      R"({"inputs":[{"properties":{"email":"a@x","firstname":"Ana"},"associations":[],"objectWriteTraceId":"0"}]})");
  EXPECT_EQ(body(*target({"email"}).create()),
            R"({"inputs":[{"properties":{"email":"Ana"},"associations":[],"objectWriteTraceId":"0"}]})");
}

TEST_F(HubSpot, LookUps) {
  set("'Ana@X.com'", {"'Ana'"});
  TargetFacts facts{.object = "companies",
                    .match_fields = {"domain"},
                    .match_kind = MatchKind::search,
                    .fields = {"firstname"},
                    .personal = {},
                    .read = FieldMask(1)};
  auto t = Target::bind(catalog.find("hubspot"), {{{"base_url", "http://h"}}, {}}, facts);
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(
      body(*t->find(), 2),
      R"({"filterGroups":[{"filters":[{"propertyName":"domain","operator":"IN","values":["ana@x.com","ana@x.com"]}]}],"properties":["domain","firstname"],"sorts":[],"limit":200,"after":"0"})");
  const Target unique = target({"firstname"});
  EXPECT_EQ(
      body(*unique.find()),
      R"({"idProperty":"email","properties":["email"],"propertiesWithHistory":[],"inputs":[{"id":"Ana@X.com"}]})");
  const std::vector<std::string> names{"phone", "N", "gone", "city"};
  const auto found = read_found(
      *unique.find()->operation->find, "email",
      R"({"results":[{"id":"7","properties":{"email":"Ana@x.com","phone":null,"n":5,"city":"Bonn"}}],"paging":{"next":{"after":"100"}}})",
      {.names = names, .wanted = FieldMask(0b111), .nested = {}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->records[0].value, "ana@x.com");
  EXPECT_EQ(found->records[0].record_id, "7");
  ASSERT_EQ(found->records[0].fields.size(), 4);
  EXPECT_EQ(found->records[0].fields[0].text, "");
  EXPECT_EQ(found->records[0].fields[0].json, "null");
  EXPECT_EQ(found->records[0].fields[1].json, "5");
  EXPECT_EQ(found->records[0].fields[2].json, "null");
  EXPECT_EQ(found->records[0].fields[3].json, "null");  // not wanted
  EXPECT_EQ(found->next_page, "");
}

TEST_F(HubSpot, AMixedReplyGivesEachRowItsOutcome) {
  const Target t = target({"firstname"});
  const auto reading = t.read(*t.upsert(), 207, R"({"status":"COMPLETE","results":[
      {"id":"9","objectWriteTraceId":"2","new":true},{"id":"8","objectWriteTraceId":"0","new":false}],"numErrors":2,"errors":[
      {"status":"error","category":"VALIDATION_ERROR","message":"Email address x is invalid","context":{"objectWriteTraceId":["1"]},
       "errors":[{"message":"m","code":"INVALID_EMAIL"}]},
      {"status":"error","category":"CONFLICT","message":"exists","context":{"objectWriteTraceId":["3"]}}]})",
                              {.count = 5, .match = {}, .record_id = {}});
  ASSERT_EQ(reading.verdict, Verdict::rows);
  EXPECT_EQ(reading.rows[0].record_id, "8");
  EXPECT_EQ(reading.rows[0].created, false);
  EXPECT_EQ(reading.rows[2].created, true);
  EXPECT_EQ(reading.rows[1].verdict, Verdict::rejected);
  EXPECT_EQ(reading.rows[1].code, "INVALID_EMAIL");
  EXPECT_EQ(reading.rows[1].message, "Email address x is invalid");
  EXPECT_EQ(reading.rows[3].verdict, Verdict::exists);
  EXPECT_EQ(reading.rows[4].verdict, Verdict::retry);
}

TEST_F(HubSpot, WholeReplies) {
  const Target t = target({"firstname"});
  const SentRows many{.count = 3, .match = {}, .record_id = {}},
      one{.count = 1, .match = {}, .record_id = {}};
  const auto read = [&](int status, std::string_view body, const SentRows& sent) {
    return t.read(*t.upsert(), status, body, sent);
  };
  EXPECT_EQ(read(401, R"({"category":"INVALID_AUTHENTICATION","message":"no"})", many).verdict,
            Verdict::auth);
  EXPECT_EQ(read(403, "{}", many).verdict, Verdict::forbidden);
  EXPECT_EQ(read(429, R"({"policyName":"DAILY"})", many).verdict, Verdict::quota);
  EXPECT_EQ(read(429, R"({"policyName":"TEN_SECONDLY_ROLLING"})", many).verdict, Verdict::throttled);
  EXPECT_EQ(read(429, "<html>", many).verdict, Verdict::throttled);
  EXPECT_EQ(read(502, "<html>", many).verdict, Verdict::retry);
  EXPECT_EQ(read(200, "not json", many).verdict, Verdict::retry);
  EXPECT_EQ(read(200, "", many).verdict, Verdict::retry);
  EXPECT_EQ(read(302, "", many).verdict, Verdict::rejected);
  const std::string_view bad =
      R"({"category":"VALIDATION_ERROR","message":"bad","errors":[{"code":"PROPERTY_DOESNT_EXIST"}]})";
  EXPECT_EQ(read(400, bad, many).verdict, Verdict::split);
  EXPECT_EQ(read(400, bad, one).verdict, Verdict::rejected);
  EXPECT_EQ(read(400, bad, one).code, "PROPERTY_DOESNT_EXIST");
  EXPECT_EQ(read(409, R"({"category":"CONFLICT"})", one).verdict, Verdict::exists);
  EXPECT_EQ(t.read(*t.remove(), 204, "", many).verdict, Verdict::accepted);
}

// Zendesk's `{ email: "{match}", "...": "{fields}" }` once said it twice, first as null.
TEST_F(HubSpot, AMemberThatIsNothingButTheMatchIsLeftOutWithoutOne) {
  TargetFacts facts;
  facts.object = "users";
  facts.match_kind = MatchKind::search;
  facts.fields = {"email", "name"};
  const auto zendesk =
      Target::bind(catalog.find("zendesk"), {{{"base_url", "http://127.0.0.1:1"}}, {}}, facts);
  ASSERT_TRUE(zendesk.ok()) << zendesk.error().message;
  set("'unused'", {"'ana@x.com'", "'Ana'"});
  view.match = {};
  EXPECT_EQ(body(*zendesk->create()), R"({"users":[{"email":"ana@x.com","name":"Ana"}]})");
}

// What is made carries what it will be found by, once: `{ email: "{match}", "...": "{fields}" }` said it
// twice.
TEST_F(HubSpot, AMatchThatHasAPlaceIsNotRepeatedAmongTheFields) {
  TargetFacts facts;
  facts.object = "users";
  facts.match_kind = MatchKind::search;
  facts.match_fields = {"email"};
  facts.fields = {"name"};
  const auto zendesk =
      Target::bind(catalog.find("zendesk"), {{{"base_url", "http://127.0.0.1:1"}}, {}}, facts);
  ASSERT_TRUE(zendesk.ok()) << zendesk.error().message;
  set("'ana@x.com'", {"'Ana'"});
  view.write_match = true;
  EXPECT_EQ(body(*zendesk->create()), R"({"users":[{"email":"ana@x.com","name":"Ana"}]})");
  EXPECT_EQ(body(*zendesk->update()), R"({"users":[{"id":"51","email":"ana@x.com","name":"Ana"}]})");
}

TEST_F(HubSpot, LimitsFollowTheAccount) {
  EXPECT_EQ(target({"a"}).limit("crm").rates.at(0), (declare::Rate{190, 10s}));
  auto starter = Target::bind(catalog.find("hubspot"), {{{"account", "starter"}}, {}},
                              {.object = "contacts",
                               .match_fields = {"email"},
                               .match_kind = MatchKind::unique,
                               .fields = {},
                               .personal = {},
                               .read = {}});
  EXPECT_EQ(starter->limit("crm").rates.at(0), (declare::Rate{100, 10s}));
}

TEST_F(HubSpot, SecretsAreTakenOutOfTexts) {
  EXPECT_EQ(target({"a"}).without_secrets("token pat-secret, pat-secret"), "token ***, ***");
}

TEST_F(HubSpot, ValuesThatCannotBeWrittenAreNamed) {
  set("'a'", {"['a;b']", "['a']", "'nan'::DOUBLE"});
  const Target t = target({"tags"});
  EXPECT_EQ(why_not(fields[1], 0, t.values()), "");
  EXPECT_NE(why_not(fields[2], 0, t.values()), "");
  EXPECT_EQ(why_not(fields[0], 0, t.values()), "has an item that holds ';', which separates items there");
}

// What a match value was is known by its text only, and must be written as it was.
TEST(OldValues, AreWrittenAsTheyWereWhenTheyWereNew) {
  Row row;
  const std::vector<std::string> values{"'Ana \"A\"'",
                                        "42",
                                        "-7::BIGINT",
                                        "12.50::DECIMAL(10,2)",
                                        "1.5::DOUBLE",
                                        "true",
                                        "99999999999999999999::HUGEINT",
                                        "DATE '2026-01-02'",
                                        "DATE '1969-12-30'",
                                        "TIMESTAMP '2026-01-02 03:04:05.25'",
                                        "TIMESTAMP '1960-05-06 07:08:09.000001'",
                                        "['a','b']",
                                        "'x'::BLOB"};
  using Rules = ValueRules;
  for (const auto style : {Rules::Style::json, Rules::Style::text})
    for (const auto times : {Rules::Times::iso, Rules::Times::epoch_ms, Rules::Times::epoch_s})
      for (const auto lists : {Rules::Lists::json, Rules::Lists::join})
        for (const auto& sql : values) {
          Rules rules;
          rules.style = style;
          rules.timestamps = rules.dates = times;
          rules.lists = lists;
          const Values now = row.value(sql);
          std::string text, json, old_json, plain, old_plain;
          append_text(text, now, 0);
          append_value(json, now, 0, rules);
          append_old_value(old_json, now.type(), text, rules);
          append_value_text(plain, now, 0, rules);
          append_old_value_text(old_plain, now.type(), text, rules);
          EXPECT_EQ(old_json, json) << sql;
          EXPECT_EQ(old_plain, plain) << sql;
        }
}

TEST_F(HubSpot, OldMatchValuesStandForTheRowsOwn) {
  set("'new@x'", {"'Ana'"});
  const std::vector<std::string> old{"old@x"};
  view.old_match = old;
  EXPECT_NE(body(*target({"firstname"}).upsert()).find(R"("id":"old@x")"), std::string::npos);
}

ReplyRule rule_of(Verdict is, std::vector<Named<std::string>> header, Verdict unnamed = Verdict::retry) {
  ReplyRule rule;
  rule.is = is;
  rule.header = std::move(header);
  rule.unnamed = unnamed;
  rule.code = {"code"};
  rule.message = {"why"};
  if (is == Verdict::rows) {
    RowRule good;
    good.each.value = "good";
    good.by = RowRule::By::trace;
    rule.rows.push_back(std::move(good));
  }
  return rule;
}

TEST(Replies, RulesAskForHeadersAndForHowTextsBegin) {
  Operation operation;
  operation.replies = {rule_of(Verdict::quota, {{"X-Reason", {}, "dai*"}}),
                       rule_of(Verdict::throttled, {{"X-Reason", {}, "present"}})};
  operation.replies.push_back(rule_of(Verdict::accepted, {}));
  operation.replies.back().where = {{"kind", {}, "ok*"}};
  const Declaration connector;
  const auto read = [&](std::string reason, std::string_view body) {
    const HeaderOf header = [&](std::string_view name) {
      return name == "X-Reason" && !reason.empty() ? &reason : nullptr;
    };
    return read_reply(operation, connector, 200, body, {.count = 1, .match = {}, .record_id = {}}, header)
        .verdict;
  };
  EXPECT_EQ(read("daily", "{}"), Verdict::quota);
  EXPECT_EQ(read("second", "{}"), Verdict::throttled);
  EXPECT_EQ(read("", R"({"kind":"okay"})"), Verdict::accepted);
  EXPECT_EQ(read("", R"({"kind":"no"})"), Verdict::retry);
}

TEST(Replies, RowsThatNothingNamesAreSplit) {
  Operation operation;
  operation.replies = {rule_of(Verdict::rows, {}, Verdict::split)};
  const Declaration connector;
  const auto read = [&](size_t rows) {
    return read_reply(operation, connector, 200, R"({"good":["0"],"code":"BAD","why":"one is bad"})",
                      {.count = rows, .match = {}, .record_id = {}});
  };
  const auto many = read(3);
  EXPECT_EQ(many.rows[0].verdict, Verdict::accepted);
  EXPECT_EQ(many.rows[1].verdict, Verdict::split);
  operation.replies[0].rows[0].where = {{"no", {}, "such"}};
  const auto alone = read(1);
  EXPECT_EQ(alone.rows[0].verdict, Verdict::rejected);
  EXPECT_EQ(alone.rows[0].code, "BAD");
  EXPECT_EQ(alone.rows[0].message, "one is bad");
}

std::optional<Declaration> parse(const std::string& text, std::string& messages) {
  declare::Diagnostics diagnostics;
  auto file = std::make_shared<declare::SourceFile>("connectors/x.yaml", text);
  auto declaration = read_declaration(file, diagnostics);
  messages = as_text(diagnostics);
  return declaration;
}

TEST(Declaration, MistakesAreNamedWithTheirPlace) {
  std::string messages;
  EXPECT_FALSE(parse(R"(connector: x
title: X
summary: s
facts: 2026-11
settings: { token: { type: text, help: h } }
auth: { type: bearer, token: "{setting.tokn}" }
base: "http://x/{match}"
limits: { all: { rates: [ { rate: 5/s, when: { plan: big } } ] } }
objects: { things: { title: T, members: true, match: { id: id, name: search } } }
routes: { id: { update: updat, upsert: write, references: { owner: { find: update }, other: { find: write } } } }
operations:
  write: { request: PUT /things, limit: all, body: { of: "{reference.team}" }, replies: [ { status: 200, is: accepted } ] }
  update:
    request: PTCH /things
    limit: al
    rows: 10
    repeatable: false
    body: { id: "{record_id}", all: "{nonsense}", "{fields}": 1, "{match}": 2, "{objekt}": 3 }
    find: { each: "x.{match}", record_id: id, value: v }
    replies: [ { status: 20x, is: rows, unnamed: split } ]
)",
                     messages)
                   .has_value());
  for (const auto* expected : {"there is no setting 'tokn'; did you mean 'token'?",
                               "x.yaml:7",
                               "this placeholder cannot stand here",
                               "there is no setting 'plan'",
                               "the last rate of 'all' must hold without conditions",
                               "there is no operation 'updat'; did you mean 'update'?",
                               "there is no route for this kind of match",
                               "'write' speaks of a reference 'team' that its route does not have",
                               "a reference needs a look-up, which 'write' is not",
                               "expected a method and a path",
                               "there is no limit group 'al'; did you mean 'all'?",
                               "a placeholder of a row stands outside `each_row`",
                               "unknown placeholder '{nonsense}'",
                               "`members` of 'things' are added by an `upsert`",
                               "this placeholder cannot stand in a name: '{fields}'",
                               "this placeholder cannot stand in a name: '{match}'",
                               "unknown placeholder '{objekt}'",
                               "this placeholder cannot stand here: 'x.{match}'",
                               "only for what is repeatable",
                               "needs `each_row`",
                               "`is: rows` needs `rows`",
                               "expected a status such as 200 or 4xx"})
    EXPECT_NE(messages.find(expected), std::string::npos) << expected << " in\n" << messages;
}

}  // namespace
}  // namespace penstock::connector
