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

TEST(ReadById, OthersInBatches) {
  const Reader klaviyo({.connector = "klaviyo",
                        .object = "profiles",
                        .match = "email",
                        .fields = {"first_name", "properties.tier"}});
  EXPECT_EQ(klaviyo.request(), "GET /api/profiles?page%5Bsize%5D=100&filter=any(id,%5B%221%22%2C%222%22%5D)");
  EXPECT_EQ(
      klaviyo.told(200, R"({"data":[{"id":"1","attributes":{"first_name":"Ana","properties":{"tier":7}}}]})"),
      R"(1 first_name="Ana" properties.tier=7)");
  const Reader marketo({.connector = "marketo", .object = "leads", .match = "email"});
  EXPECT_EQ(marketo.request(),
            "POST /rest/v1/leads.json?_method=GET "
            "filterType=id&filterValues=1%2C2&fields=id%2Cemail%2Cname%2Cplan");
  EXPECT_EQ(marketo.told(200, R"({"success":true,"result":[{"id":1,"name":"Ana","plan":null}]})"),
            R"(1 name="Ana" plan=null)");
  const Reader pipedrive(
      {.connector = "pipedrive", .object = "persons", .match = "id", .kind = MatchKind::id});
  EXPECT_EQ(pipedrive.request(), "GET /api/v2/persons?limit=100&ids=1%2C2");
  EXPECT_EQ(pipedrive.told(
                200, R"({"data":[{"id":1,"name":"Ana","is_deleted":false},{"id":2,"is_deleted":true}]})"),
            R"(1 name="Ana" plan=null)");
  const Reader jira({.connector = "jira",
                     .object = "issues",
                     .match = "key",
                     .kind = MatchKind::id,
                     .fields = {"summary", "project.key"}});
  EXPECT_EQ(jira.request(),
            R"(POST /rest/api/3/issue/bulkfetch {"issueIdsOrKeys":["1","2"],"fields":["*all"]})");
  EXPECT_EQ(
      jira.told(
          200,
          R"({"issues":[{"id":"9","key":"ENG-1","fields":{"summary":"Rain","project":{"key":"ENG"}}}]})"),
      R"(ENG-1 summary="Rain" project.key="ENG")");
  const Reader elasticsearch(
      {.connector = "elasticsearch", .object = "people", .match = "_id", .kind = MatchKind::id});
  EXPECT_EQ(elasticsearch.request(), R"(POST /people/_mget {"ids":["1","2"]})");
  EXPECT_EQ(
      elasticsearch.told(
          200, R"({"docs":[{"_id":"1","found":true,"_source":{"name":"Ana"}},{"_id":"2","found":false}]})"),
      R"(1 name="Ana" plan=null)");
  const Reader braze({.connector = "braze",
                      .object = "users",
                      .match = "external_id",
                      .kind = MatchKind::id,
                      .fields = {"first_name", "plan"}});
  EXPECT_EQ(braze.request().substr(0, 67),
            R"(POST /users/export/ids {"external_ids":["1","2"],"fields_to_export")");
  EXPECT_EQ(braze.told(201, R"({"message":"success","invalid_user_ids":["2"],"users":[
      {"external_id":"1","first_name":"Ana","custom_attributes":{"plan":"gold"}}]})"),
            R"(1 first_name="Ana" plan="gold")");
  const Reader redis({.connector = "redis", .object = "hash/people:", .match = "id"});
  EXPECT_EQ(redis.request(),
            R"(GET /rows/hash%2Fpeople%3A {"values":["1","2"],"fields":["id","name","plan"]})");
}

TEST(ReadById, OthersOneByOne) {
  const Reader notion({.connector = "notion",
                       .object = "pages/d1",
                       .match = "id",
                       .kind = MatchKind::id,
                       .fields = {"properties.Score.number"}});
  EXPECT_EQ(notion.request(), "GET /v1/pages/1");
  EXPECT_EQ(notion.told(200, R"({"id":"1","in_trash":false,"properties":{"Score":{"number":2}}})"),
            "1 properties.Score.number=2");
  EXPECT_EQ(notion.told(200, R"({"id":"1","in_trash":true})"), "");
  const Reader mailchimp({.connector = "mailchimp",
                          .object = "L1",
                          .match = "email_address",
                          .fields = {"merge_fields.FNAME", "status"}});
  EXPECT_EQ(mailchimp.request(), "GET /3.0/lists/L1/members/1");
  EXPECT_EQ(mailchimp.told(200, R"({"id":"1","status":"subscribed","merge_fields":{"FNAME":"Ana"}})"),
            R"(1 merge_fields.FNAME="Ana" status="subscribed")");
  const Reader iterable(
      {.connector = "iterable", .object = "users", .match = "userId", .kind = MatchKind::id});
  EXPECT_EQ(iterable.request(), "GET /api/users/byUserId/1");
  EXPECT_EQ(iterable.told(200, R"({"user":{"userId":"1","dataFields":{"name":"Ana"}}})"),
            R"(1 name="Ana" plan=null)");
  EXPECT_EQ(iterable.told(200, "{}"), "");
  const Reader asana({.connector = "asana", .object = "project/9", .match = "gid", .kind = MatchKind::id});
  EXPECT_EQ(asana.request().substr(asana.request().find("/tasks")), "/tasks/1?opt_fields=gid%2Cname%2Cplan");
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
