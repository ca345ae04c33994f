// What records hold, asked for by their ids: the request of each connector, and what its reply tells.
#include <gtest/gtest.h>

#include "connector/connector.h"
#include "connector/encode.h"

namespace penstock::connector {
namespace {

struct Reading {
  std::string connector, object, match;
  MatchKind kind = MatchKind::unique;
  std::vector<std::string> fields{"name", "plan"};
  std::vector<std::string> ids{"1", "2"};
};

class Reader {
 public:
  explicit Reader(Reading reading) : reading_(std::move(reading)) {
    TargetFacts facts;
    facts.sync = "people";
    facts.object = reading_.object;
    facts.match_fields = {reading_.match};
    facts.match_kind = reading_.kind;
    facts.fields = reading_.fields;
    for (size_t i = 0; i < reading_.fields.size(); ++i) facts.read.set(i);
    auto target =
        Target::bind(catalog_.find(reading_.connector),
                     {{{"base_url", "http://h"}, {"version", "v62.0"}, {"base", "app1"}}, {}}, facts);
    EXPECT_TRUE(target.ok()) << target.error().message;
    target_.emplace(*std::move(target));
  }

  // METHOD path body
  std::string request() const {
    if (target_->read() == nullptr) return "none";
    const BoundOperation& read = *target_->read();
    std::vector<RowView> rows(std::min(reading_.ids.size(), static_cast<size_t>(read.operation->rows)));
    for (size_t i = 0; i < rows.size(); ++i) rows[i].record_id = reading_.ids[i];
    const std::string url = target_->url(read, rows, {}), body = encode(read, rows, {});
    return read.method + " " +
           url.substr(url.find('/', url.find("//") == url.npos ? 0 : url.find("//") + 2)) +
           (body.empty() ? "" : " " + body);
  }

  // What the reply tells: "id name=.. plan=..", one record after another.
  std::string told(int status, std::string_view body) const {
    const BoundOperation& read = *target_->read();
    const SentRows sent{.count = 1, .match = {}, .record_id = {}};
    const ReplyReading reading = target_->read(read, status, body, sent);
    if (reading.verdict == Verdict::missing) return "missing";
    if (reading.verdict != Verdict::accepted) return "another verdict: " + reading.message;
    const auto found = read_found(*read.find, reading_.match, body, target_->read_fields());
    if (!found.ok()) return found.error().message;
    std::string out;
    for (const auto& record : found->records) {
      out += (out.empty() ? "" : "; ") + record.record_id;
      for (size_t i = 0; i < reading_.fields.size(); ++i)
        out += " " + reading_.fields[i] + "=" + record.fields[i].json;
    }
    return out;
  }
  // The look-up by match value of one row.
  std::string find_url() const { return target_->url(*target_->find(), std::vector<RowView>(1), {}); }

 private:
  Catalog catalog_;
  Reading reading_;
  std::optional<Target> target_;
};

TEST(ReadById, HubSpot) {
  const Reader reader(
      {.connector = "hubspot", .object = "companies", .match = "domain", .kind = MatchKind::search});
  EXPECT_EQ(reader.request(),
            R"(POST /crm/v3/objects/companies/batch/read {"properties":["domain","name","plan"],)"
            R"("propertiesWithHistory":[],"inputs":[{"id":"1"},{"id":"2"}]})");
  EXPECT_EQ(
      reader.told(207, R"({"status":"COMPLETE","results":[{"id":"2","properties":{"name":"Zoë","plan":null}}],
      "numErrors":1,"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["1"]}}]})"),
      R"(2 name="Zoë" plan=null)");
}

// Who is matched by the id has no such field: it is not asked for.
TEST(ReadById, TheRecordsIdIsAskedForWhereItIsAField) {
  EXPECT_EQ(
      Reader({.connector = "hubspot", .object = "deals", .match = "hs_object_id", .kind = MatchKind::id})
          .request(),
      R"(POST /crm/v3/objects/deals/batch/read {"properties":["name","plan"],)"
      R"("propertiesWithHistory":[],"inputs":[{"id":"1"},{"id":"2"}]})");
  EXPECT_EQ(
      Reader({.connector = "salesforce", .object = "Lead", .match = "Id", .kind = MatchKind::id}).request(),
      R"(POST /services/data/v62.0/composite/sobjects/Lead {"ids":["1","2"],"fields":["Id","name","plan"]})");
}

TEST(ReadById, Salesforce) {
  const Reader reader({.connector = "salesforce",
                       .object = "Contact",
                       .match = "Email",
                       .kind = MatchKind::search,
                       .fields = {"LastName", "Account.Ext__c"}});
  EXPECT_EQ(reader.request(), R"(POST /services/data/v62.0/composite/sobjects/Contact )"
                              R"({"ids":["1","2"],"fields":["Id","Email","LastName","Account.Ext__c"]})");
  EXPECT_EQ(
      reader.told(
          200,
          R"([{"attributes":{},"Id":"003A","LastName":"Li","Account":{"Ext__c":"A1"}},null,{"Id":"003B","Account":null}])"),
      R"(003A LastName="Li" Account.Ext__c="A1"; 003B LastName=null Account.Ext__c=null)");
  EXPECT_NE(
      reader.find_url().find("SELECT+Id%2CEmail%2CLastName%2CAccount.Ext__c+FROM+Contact+WHERE+Email+IN+("),
      std::string::npos)
      << reader.find_url();
}

TEST(ReadById, Zendesk) {
  const std::vector<std::string> fields{"name", "user_fields.tier"};
  const Reader users({.connector = "zendesk",
                      .object = "users",
                      .match = "email",
                      .kind = MatchKind::search,
                      .fields = fields});
  EXPECT_EQ(users.request(), "GET /api/v2/users/show_many?ids=1%2C2");
  EXPECT_EQ(users.told(200, R"({"users":[{"id":1,"name":"Ana","active":true,"user_fields":{"tier":7}},
      {"id":2,"name":"Ben","active":false}]})"),
            R"(1 name="Ana" user_fields.tier=7)");
  const Reader tickets({.connector = "zendesk", .object = "tickets", .match = "id", .kind = MatchKind::id});
  EXPECT_EQ(tickets.request(), "GET /api/v2/tickets/show_many?ids=1%2C2");
  EXPECT_EQ(tickets.told(200, R"({"tickets":[{"id":1,"name":"Rain"}]})"), R"(1 name="Rain" plan=null)");
}

TEST(ReadById, Intercom) {
  const std::vector<std::string> fields{"name", "custom_attributes.plan"};
  const Reader contacts(
      {.connector = "intercom", .object = "contacts", .match = "external_id", .fields = fields});
  EXPECT_EQ(contacts.request(), "GET /contacts/1");
  EXPECT_EQ(
      contacts.told(200, R"({"type":"contact","id":"1","name":null,"custom_attributes":{"plan":"gold"}})"),
      R"(1 name=null custom_attributes.plan="gold")");
  EXPECT_EQ(contacts.told(404, R"({"errors":[{"code":"not_found"}]})"), "missing");
  const Reader companies(
      {.connector = "intercom", .object = "companies", .match = "company_id", .fields = fields});
  EXPECT_EQ(companies.request(), "GET /companies/1");
}

TEST(ReadById, Stripe) {
  const Reader reader({.connector = "stripe",
                       .object = "customers",
                       .match = "email",
                       .kind = MatchKind::search,
                       .fields = {"name", "metadata.tier"},
                       .ids = {"cus_1"}});
  EXPECT_EQ(reader.request(), "GET /v1/customers/cus_1");
  EXPECT_EQ(reader.told(200, R"({"id":"cus_1","name":"Ana","metadata":{"tier":"gold"}})"),
            R"(cus_1 name="Ana" metadata.tier="gold")");
  EXPECT_EQ(reader.told(200, R"({"id":"cus_1","object":"customer","deleted":true})"), "");
  EXPECT_EQ(reader.told(404, R"({"error":{"code":"resource_missing"}})"), "missing");
}

TEST(ReadById, Airtable) {
  const Reader reader(
      {.connector = "airtable", .object = "People", .match = "Email", .ids = {"rec1", "rec2"}});
  EXPECT_EQ(reader.request(), R"(POST /v0/app1/People/listRecords )"
                              R"({"filterByFormula":"FIND(RECORD_ID(),'rec1,rec2')>0","pageSize":100})");
  EXPECT_EQ(reader.told(200, R"({"records":[{"id":"rec1","fields":{"name":"Ana"}}]})"),
            R"(rec1 name="Ana" plan=null)");
}

// A row is known by what it was matched on.
TEST(ReadById, Databases) {
  for (const auto* name : {"postgres", "mysql"}) {
    const Reader reader({.connector = name, .object = "people", .match = "email", .ids = {"a@x", "b@x"}});
    EXPECT_EQ(
        reader.request(),
        R"(GET /rows/people {"match":"email","values":["a@x","b@x"],"fields":["email","name","plan"]})");
  }
}

// Of several objects that hold fields the first that has one tells it.
TEST(ReadById, FieldsMayStandInSeveralPlaces) {
  FindRule rule;
  rule.record_id = {"id"};
  rule.value = "id";
  rule.fields = {".", "more"};
  rule.where = {{"gone", {}, "absent"}};
  const std::vector<std::string> names{"a", "b", "c"};
  const auto found =
      read_found(rule, "", R"([{"id":1,"a":null,"b":2,"more":{"a":3,"b":4,"c":[5]}},{"id":2,"gone":true}])",
                 {.names = names, .wanted = FieldMask(0b111)});
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->records.size(), 1);
  EXPECT_EQ(found->records[0].fields[0].json, "3");
  EXPECT_EQ(found->records[0].fields[1].json, "2");
  EXPECT_EQ(found->records[0].fields[2].json, "[5]");
}

}  // namespace
}  // namespace penstock::connector
