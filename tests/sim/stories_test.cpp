// What seeds once found, told by hand: each of these was a bug.
#include <gtest/gtest.h>

#include "sim/machine.h"

namespace penstock::sim {
namespace {

Scenario scenario(const char* object, const char* field, const char* kind, const char* mode) {
  Scenario s;
  s.object = object, s.match_field = field, s.match_kind = kind, s.mode = mode;
  s.on_removed = "ignore", s.match_change = "follow", s.in_doubt = "hold";
  s.batch_rows = 1, s.concurrency = 1;
  return s;
}

Customer customer(int64_t id, const std::string& match, const std::string& name) {
  return {.id = id, .match = match, .name = name, .city = "Oslo", .score = 1};
}

FieldPlans fields() {
  return {{.name = kKeyField, .origin = Origin::key}, {.name = "p_name", .origin = Origin::name}};
}

// Every request is answered by something in between.
Weather fog() {
  Weather weather;
  weather.garbage_before = 1;
  return weather;
}

// One machine and one destination, and nothing that fails unless it is said.
class Play {
 public:
  explicit Play(Scenario s)
      : scenario_(std::move(s)),
        destination_(scenario_.object, scenario_.requests_per_10s, 1),
        auditor_(scenario_, destination_),
        machine_(1, scenario_, destination_, auditor_, [](const std::string&) {}) {}

  LifeEnd run(const Edition& edition, const Doom& doom = {}, RunKind kind = RunKind::usual,
              const Weather& weather = {}) {
    destination_.clock().pass(1h);
    return machine_.live(edition, kind, weather, doom, [] {});
  }
  // The live records whose match value this is.
  std::vector<Record> found(const std::string& match) {
    std::vector<Record> all;
    for (auto& record : destination_.records())
      if (!record.archived && record.field(scenario_.match_field) == match) all.push_back(std::move(record));
    return all;
  }
  Destination& destination() { return destination_; }
  uint64_t requests() const { return auditor_.requests(); }
  const std::vector<std::string>& problems() const { return auditor_.problems(); }

 private:
  Scenario scenario_;
  Destination destination_;
  Auditor auditor_;
  Machine machine_;
};

// Others delete a record and make another one with its match value. It is found, and gets all that the row
// has: also where only a field that was added to the mapping would have travelled.
TEST(Stories, WhatTookThePlaceOfARecordThatIsGoneGetsAllFields) {
  for (const char* mode : {"update", "upsert"})
    for (const auto& [object, field, kind] :
         {std::tuple("companies", "name", "search"), std::tuple("contacts", "email", "unique")}) {
      Play play(scenario(object, field, kind, mode));
      const std::string found_by = std::string("{\"") + field + "\":\"a@x.org\"}";
      (void)play.destination().create(found_by);
      Edition edition{.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()};
      (void)play.run(edition);
      play.destination().archive(play.found("a@x.org").at(0).id);
      const std::string second = play.destination().create(found_by);
      edition.fields.push_back({.name = "p_city", .origin = Origin::city});
      (void)play.run(edition);
      const auto records = play.found("a@x.org");
      ASSERT_EQ(records.size(), 1u) << mode << object;
      EXPECT_EQ(records[0].id, second);
      EXPECT_EQ(records[0].field("p_name"), "Ana") << mode << object;
      EXPECT_EQ(records[0].field("p_city"), "Oslo") << mode << object;
      EXPECT_EQ(play.problems(), std::vector<std::string>());
    }
}

// Access tokens end after some seconds, and do not say so. Requests wait longer than that for their turn, and
// then get a token that another one fetched: that it is refused is no reason to end the run.
TEST(Stories, TokensThatEndWhileRequestsWaitForTheirTurn) {
  for (uint64_t requests = 1; requests <= 4; ++requests) {
    Scenario s = scenario("contacts", "email", "unique", "upsert");
    s.refreshes_login = true, s.requests_per_10s = requests, s.concurrency = 8;
    Play play(std::move(s));
    play.destination().let_tokens_expire();
    Edition edition{.customers = {}, .fields = fields()};
    for (int64_t id = 1; id <= 40; ++id)
      edition.customers.push_back(customer(id, "u" + std::to_string(id) + "@x.org", "Ana"));
    const LifeEnd end = play.run(edition);
    ASSERT_TRUE(end.report);
    EXPECT_EQ(end.report->run.accepted, 40u) << requests << " " << end.report->run.error;
  }
}

// An event is in doubt, and a person asks for it again: then it is refused for what it says by now. When that
// is put right it goes, and nobody need be asked once more.
TEST(Stories, AnEventThatAPersonAskedForAgainMayBeThereTwice) {
  Play play(scenario("companies", "name", "search", "append"));
  FieldPlans mapped = fields();
  mapped.push_back({.name = "lifecyclestage", .origin = Origin::stage});
  Weather silence;
  silence.unanswered = 1;
  Customer event = customer(1, "One", "Ana");
  (void)play.run({.customers = {event}, .fields = mapped}, {}, RunKind::usual, silence);
  event.stage = "bogus";
  (void)play.run({.customers = {event}, .fields = mapped}, {}, RunKind::retry);
  event.stage = "lead";
  (void)play.run({.customers = {event}, .fields = mapped});
  EXPECT_EQ(play.found("One").size(), 2u);
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// Found by killing the process: a removal in doubt took the record away, a write in doubt made another one by
// the same match value, and then the row got a new one. The record that we know of is gone, the other one is
// not.
TEST(Stories, ARecordThatIsGoneIsLookedForByTheOldMatchValueBeforeItCountsAsGone) {
  Play play(scenario("contacts", "email", "unique", "upsert"));
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
  play.destination().archive(play.found("a@x.org").at(0).id);
  const std::string id = play.destination().create("{\"email\":\"a@x.org\"}");
  (void)play.run({.customers = {customer(1, "b@x.org", "Bo")}, .fields = fields()});
  EXPECT_TRUE(play.found("a@x.org").empty());
  ASSERT_EQ(play.found("b@x.org").size(), 1u);
  EXPECT_EQ(play.found("b@x.org")[0].id, id);
  EXPECT_EQ(play.found("b@x.org")[0].field("p_name"), "Bo");
}

// A create that never arrived, and nobody knows that; then the row gets the name of a record whose row has
// left. It takes that record over, which must not be deleted under it.
TEST(Stories, ARowThatWasPerhapsNeverWrittenTakesOverTheRecordOfOneThatLeft) {
  Scenario s = scenario("companies", "name", "search", "mirror");
  s.in_doubt = "resend";
  Play play(std::move(s));
  (void)play.run({.customers = {customer(1, "One", "Ana")}, .fields = fields()});
  Weather silence;
  silence.stalled_before = 1;
  (void)play.run({.customers = {customer(1, "One", "Ana"), customer(2, "Two", "Bo")}, .fields = fields()},
                 {.killed_after = 400ms}, RunKind::usual, silence);
  (void)play.run({.customers = {customer(2, "One", "Bo")}, .fields = fields()});
  ASSERT_EQ(play.found("One").size(), 1u);
  EXPECT_EQ(play.found("One")[0].field("p_name"), "Bo");
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// A row for which there was no record gets the name of one whose row has left. It had another name when it
// was skipped, and no record that it could follow.
TEST(Stories, ARowThatFoundNoRecordTakesOverTheOneOfARowThatLeft) {
  Scenario s = scenario("companies", "name", "search", "update");
  s.on_removed = "delete";
  Play play(std::move(s));
  (void)play.destination().create("{\"name\":\"One\"}");
  (void)play.run({.customers = {customer(1, "One", "Ana"), customer(2, "Two", "Bo")}, .fields = fields()});
  (void)play.run({.customers = {customer(2, "One", "Bo")}, .fields = fields()});
  ASSERT_EQ(play.found("One").size(), 1u);
  EXPECT_EQ(play.found("One")[0].field("p_name"), "Bo");
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// Under `match_change: new` a row leaves its record; it is refused where it goes, and then leaves the model.
// What has its new match value was never its own.
TEST(Stories, WhatARowWasRefusedForIsNotRemovedWithIt) {
  Scenario s = scenario("contacts", "email", "unique", "upsert");
  s.match_change = "new", s.on_removed = "delete";
  Play play(std::move(s));
  FieldPlans mapped = fields();
  mapped.push_back({.name = "lifecyclestage", .origin = Origin::stage});
  (void)play.run(
      {.customers = {customer(1, "a@x.org", "Ana"), customer(2, "b@x.org", "Bo")}, .fields = mapped});
  const std::string second = play.found("b@x.org").at(0).id;
  Customer refused = customer(1, "b@x.org", "Ana");
  refused.stage = "bogus";
  (void)play.run({.customers = {refused, customer(2, "a@x.org", "Bo")}, .fields = mapped});
  (void)play.run({.customers = {customer(2, "a@x.org", "Bo")}, .fields = mapped});
  ASSERT_EQ(play.found("b@x.org").size(), 1u) << "it stays as it was";
  EXPECT_EQ(play.found("b@x.org")[0].id, second);
  EXPECT_EQ(play.found("a@x.org").size(), 1u);
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// A row with a record of its own gets the name of one that is to be cleared. Nothing there forbids that, so
// that it does not take that record over.
TEST(Stories, ARecordThatLeftIsClearedThoughAnotherOneGetsItsName) {
  Scenario s = scenario("companies", "name", "search", "upsert");
  s.on_removed = "clear";
  Play play(std::move(s));
  (void)play.run({.customers = {customer(1, "One", "Ana"), customer(2, "Two", "Bo")}, .fields = fields()});
  const std::string second = play.found("Two").at(0).id;
  (void)play.run({.customers = {customer(2, "One", "Bo")}, .fields = fields()});
  ASSERT_EQ(play.found("One").size(), 2u);
  for (const auto& record : play.found("One"))
    EXPECT_EQ(record.field("p_name"), record.id == second ? "Bo" : "") << record.id;
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// The row means another record now, and nobody knows whether it was written. Then it leaves the model.
TEST(Stories, WhatARowInDoubtMayHaveBeenWrittenToIsRemovedWithIt) {
  Scenario s = scenario("companies", "hs_object_id", "id", "update");
  s.on_removed = "delete";
  Play play(std::move(s));
  const std::string first = play.destination().create("{\"name\":\"One\"}");
  const std::string second = play.destination().create("{\"name\":\"Two\"}");
  (void)play.run({.customers = {customer(1, first, "Ana")}, .fields = fields()});
  Weather silence;
  silence.stalled_after = 1;
  (void)play.run({.customers = {customer(1, second, "Ana")}, .fields = fields()}, {.killed_after = 2s},
                 RunKind::usual, silence);
  (void)play.run({.customers = {}, .fields = fields()});
  for (const auto& record : play.destination().records())
    EXPECT_EQ(record.archived, record.id == second) << record.id;
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// What was accepted under `if_empty` may never have been written. A field that is always written from now on
// is sent.
TEST(Stories, AFieldThatIsAlwaysWrittenFromNowOnIsSent) {
  Play play(scenario("contacts", "email", "unique", "upsert"));
  (void)play.destination().create("{\"email\":\"a@x.org\",\"p_city\":\"Rome\"}");
  FieldPlans careful = fields(), always = fields();
  careful.push_back({.name = "p_city", .origin = Origin::city, .write = "if_empty"});
  always.push_back({.name = "p_city", .origin = Origin::city});
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = careful});
  EXPECT_EQ(play.found("a@x.org").at(0).field("p_city"), "Rome");
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = always});
  EXPECT_EQ(play.found("a@x.org").at(0).field("p_city"), "Oslo");
  // The other way round nothing is to be done: it is filled.
  const uint64_t before = play.requests();
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = careful});
  EXPECT_EQ(play.requests(), before);
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// A key leaves, another one is written to its record, and then the first is back as it was. What was accepted
// for it is there no more.
TEST(Stories, AKeyThatIsBackIsSentAgainIfItsRecordWasAnothersMeanwhile) {
  Play play(scenario("contacts", "email", "unique", "upsert"));
  const FieldPlans more = {{.name = kKeyField, .origin = Origin::key}};
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
  (void)play.run({.customers = {customer(2, "a@x.org", "Bo")}, .fields = fields()});
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
  ASSERT_EQ(play.found("a@x.org").size(), 1u);
  EXPECT_EQ(play.found("a@x.org")[0].field("p_name"), "Ana");
  EXPECT_EQ(play.found("a@x.org")[0].field(kKeyField), "1");
  // The same where a mapping that writes less would have nothing to send.
  (void)play.run({.customers = {customer(2, "a@x.org", "Bo")}, .fields = fields()});
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = more});
  EXPECT_EQ(play.found("a@x.org")[0].field(kKeyField), "1");
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

// A row cannot be sent for a while, another one is written to its record, and then the first is back as it
// was. So it is where nobody knows whether the other one was written.
TEST(Stories, ARowThatIsValidAgainIsSentAgainIfItsRecordWasAnothersMeanwhile) {
  for (const bool dies : {false, true})
    for (const auto& [object, field, kind] :
         {std::tuple("companies", "name", "search"), std::tuple("contacts", "email", "unique")}) {
      Play play(scenario(object, field, kind, "upsert"));
      const Customer first = customer(1, "a@x.org", "Ana");
      Customer invalid = first;
      invalid.match.reset();
      (void)play.run({.customers = {first}, .fields = fields()});
      Weather silence;
      silence.stalled_after = 1;
      (void)play.run({.customers = {invalid, customer(2, "a@x.org", "Bo")}, .fields = fields()},
                     dies ? Doom{.killed_after = 200s} : Doom{}, RunKind::usual, dies ? silence : Weather());
      (void)play.run({.customers = {first}, .fields = fields()});
      ASSERT_EQ(play.found("a@x.org").size(), 1u) << object << dies;
      EXPECT_EQ(play.found("a@x.org")[0].field("p_name"), "Ana") << object << dies;
      EXPECT_EQ(play.found("a@x.org")[0].field(kKeyField), "1") << object << dies;
      EXPECT_EQ(play.problems(), std::vector<std::string>());
    }
}

// A record is handed over, nobody knows whether that was written, and then it is handed back.
TEST(Stories, ARecordThatWasPerhapsHandedOverIsHandedBack) {
  for (const auto& [object, field, kind] :
       {std::tuple("companies", "name", "search"), std::tuple("contacts", "email", "unique")}) {
    Play play(scenario(object, field, kind, "mirror"));
    (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
    Weather silence;
    silence.stalled_after = 1;
    (void)play.run({.customers = {customer(2, "a@x.org", "Bo")}, .fields = fields()}, {.killed_after = 200s},
                   RunKind::usual, silence);
    (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
    (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
    ASSERT_EQ(play.found("a@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("a@x.org")[0].field("p_name"), "Ana") << object;
    EXPECT_EQ(play.found("a@x.org")[0].field(kKeyField), "1") << object;
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

// Two rows swap their match values, and somebody has deleted the record of one: that one is not found by its
// old value, which is the other's by now.
TEST(Stories, ARowWhoseRecordIsGoneDoesNotTakeTheOneThatGetsItsOldMatchValue) {
  for (const auto& [object, field, kind] :
       {std::tuple("companies", "name", "search"), std::tuple("contacts", "email", "unique")}) {
    Scenario s = scenario(object, field, kind, "mirror");
    s.batch_rows = 100;
    Play play(std::move(s));
    (void)play.run(
        {.customers = {customer(1, "a@x.org", "Ana"), customer(2, "b@x.org", "Bo")}, .fields = fields()});
    const std::string second = play.found("b@x.org").at(0).id;
    play.destination().archive(play.found("a@x.org").at(0).id);
    (void)play.run(
        {.customers = {customer(1, "b@x.org", "Ana"), customer(2, "a@x.org", "Bo")}, .fields = fields()});
    ASSERT_EQ(play.found("a@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("a@x.org")[0].id, second) << object;
    EXPECT_EQ(play.found("a@x.org")[0].field("p_name"), "Bo") << object;
    ASSERT_EQ(play.found("b@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("b@x.org")[0].field("p_name"), "Ana") << object;
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

// A record is handed over to a row, and nobody knows whether that was written. Before it is, the row gets the
// name of another one, which gets its: it is made anew, and what the first key left behind is not forgotten.
TEST(Stories, ARecordThatWasPerhapsHandedOverIsNotForgottenWhenItsHeirGoesElsewhere) {
  for (const char* on_removed : {"clear", "delete"}) {
    Scenario s = scenario("companies", "name", "search", "upsert");
    s.on_removed = on_removed, s.in_doubt = "resend", s.concurrency = 4;
    Play play(std::move(s));
    const Customer other = customer(28, "Two", "Bo");
    (void)play.run(
        {.customers = {customer(3, "One", "Ana"), other, customer(50, "Three", "-")}, .fields = fields()});
    const std::string left = play.found("One").at(0).id;
    Weather silence;
    silence.stalled_before = 1;
    // What is allowed to go for the row that is known is allowed for the heir as well, which is looked for.
    (void)play.run(
        {.customers = {customer(83, "One", "Ana"), other, customer(50, "Three", "Zoë")}, .fields = fields()},
        {.killed_after = 400ms}, RunKind::usual, silence);
    const Edition last{
        .customers = {customer(83, "Two", "Ana"), customer(28, "One", "Bo"), customer(50, "Three", "Zoë")},
        .fields = fields()};
    for (int i = 0; i < 3; ++i) (void)play.run(last);
    for (const auto& record : play.destination().records()) {
      if (record.id != left) continue;
      EXPECT_TRUE(record.archived || record.field(kKeyField) != "3") << on_removed;
    }
    EXPECT_EQ(play.found("Two").size(), 1u) << on_removed;
    EXPECT_EQ(play.found("Two").at(0).field(kKeyField), "83") << on_removed;
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

// A row gets a new match value, and another one that is new gets its old one: it must not be written to the
// record of the first, which still has that value when it is looked for.
TEST(Stories, AMatchValueThatIsPassedOnMeansANewRecord) {
  for (const auto& [object, field, kind] :
       {std::tuple("companies", "name", "search"), std::tuple("contacts", "email", "unique")}) {
    Scenario s = scenario(object, field, kind, "upsert");
    s.batch_rows = 100;
    Play play(std::move(s));
    (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
    const std::string first = play.found("a@x.org").at(0).id;
    (void)play.run(
        {.customers = {customer(2, "a@x.org", "Bo"), customer(1, "b@x.org", "Ana")}, .fields = fields()});
    ASSERT_EQ(play.found("b@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("b@x.org")[0].id, first) << object;
    EXPECT_EQ(play.found("b@x.org")[0].field("p_name"), "Ana") << object;
    ASSERT_EQ(play.found("a@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("a@x.org")[0].field("p_name"), "Bo") << object;
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

// Nobody knows whether a write gave the record its new match value; then the row goes back to the old one.
TEST(Stories, AWriteInDoubtMayHaveGivenTheRecordItsNewMatchValue) {
  for (const auto& [object, field, kind] :
       {std::tuple("companies", "name", "search"), std::tuple("contacts", "email", "unique")}) {
    Play play(scenario(object, field, kind, "upsert"));
    (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
    Weather silence;
    silence.stalled_after = 1;
    const Doom doom{.killed_after = 2s};
    (void)play.run({.customers = {customer(1, "b@x.org", "Ana")}, .fields = fields()}, doom, RunKind::usual,
                   silence);
    ASSERT_EQ(play.found("b@x.org").size(), 1u) << object;
    (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
    EXPECT_EQ(play.found("a@x.org").size(), 1u) << object;
    EXPECT_TRUE(play.found("b@x.org").empty()) << object;
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

// A company gets the name of another one, which nothing there forbids. From then on a search finds both; the
// row's own is known.
TEST(Stories, OfSeveralRecordsThatMatchTheRowsOwnIsMeantWhereItIsKnown) {
  Play play(scenario("companies", "name", "search", "update"));
  const std::string own = play.destination().create("{\"name\":\"Deal 1\"}");
  (void)play.destination().create("{\"name\":\"Deal 2\"}");
  FieldPlans mapped = fields();
  mapped.push_back({.name = "p_city", .origin = Origin::city, .write = "if_empty"});
  (void)play.run({.customers = {customer(1, "Deal 1", "Ana")}, .fields = mapped});
  (void)play.run({.customers = {customer(1, "Deal 2", "Ana")}, .fields = mapped});
  const LifeEnd end = play.run({.customers = {customer(1, "Deal 2", "Bo")}, .fields = mapped});
  ASSERT_TRUE(end.report);
  EXPECT_EQ(end.report->run.accepted, 1u);
  for (const auto& record : play.found("Deal 2"))
    EXPECT_EQ(record.field("p_name"), record.id == own ? "Bo" : "");
}

// Under `match_change: new` another match value means another record, also where the record's id is known.
TEST(Stories, AChangedMatchValueMeansAnotherRecordWhereTheSyncSaysNew) {
  Scenario s = scenario("companies", "name", "search", "upsert");
  s.match_change = "new";
  Play play(std::move(s));
  (void)play.run({.customers = {customer(1, "Deal 1", "Ana")}, .fields = fields()});
  (void)play.run({.customers = {customer(1, "Deal 2", "Bo")}, .fields = fields()});
  ASSERT_EQ(play.found("Deal 1").size(), 1u);
  EXPECT_EQ(play.found("Deal 1")[0].field("p_name"), "Ana");
  ASSERT_EQ(play.found("Deal 2").size(), 1u);
  EXPECT_EQ(play.found("Deal 2")[0].field("p_name"), "Bo");
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

TEST(Stories, AnUpdateLooksForTheNewMatchValueWhereTheSyncSaysNew) {
  Scenario s = scenario("contacts", "email", "unique", "update");
  s.match_change = "new";
  Play play(std::move(s));
  (void)play.destination().create("{\"email\":\"a@x.org\"}");
  (void)play.destination().create("{\"email\":\"b@x.org\"}");
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()});
  (void)play.run({.customers = {customer(1, "b@x.org", "Bo")}, .fields = fields()});
  EXPECT_EQ(play.found("a@x.org").at(0).field("p_name"), "Ana");
  EXPECT_EQ(play.found("b@x.org").at(0).field("p_name"), "Bo");
  EXPECT_EQ(play.problems(), std::vector<std::string>());
}

TEST(Stories, AListedRowWhoseMatchValueChangedMeansTheRecordOfTheNewOne) {
  Play play(scenario("contacts", "email", "unique", "delete"));
  (void)play.destination().create("{\"email\":\"a@x.org\"}");
  (void)play.destination().create("{\"email\":\"b@x.org\"}");
  (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = {}});
  (void)play.run({.customers = {customer(1, "b@x.org", "Ana")}, .fields = {}}, {}, RunKind::full);
  EXPECT_TRUE(play.found("a@x.org").empty());
  EXPECT_TRUE(play.found("b@x.org").empty());
}

// The process dies twice while the match value moves on: what the second life may have written must
// be known to the third, or it makes another record and leaves the first behind.
TEST(Stories, ARowInDoubtWhoseMatchValueMovesAgainLeavesNothingBehind) {
  for (Duration first = 110ms; first < 200ms; first += 40ms)
    for (Duration second = 300ms; second < 900ms; second += 70ms) {
      Play play(scenario("contacts", "email", "unique", "mirror"));
      (void)play.run({.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()},
                     {.killed_after = first});
      (void)play.run({.customers = {customer(1, "b@x.org", "Ana")}, .fields = fields()},
                     {.killed_after = second});
      (void)play.run({.customers = {customer(1, "c@x.org", "Ana")}, .fields = fields()});
      EXPECT_EQ(play.found("c@x.org").size(), 1u) << first.count() << " " << second.count();
      EXPECT_TRUE(play.found("a@x.org").empty() && play.found("b@x.org").empty())
          << first.count() << " " << second.count();
      EXPECT_EQ(play.problems(), std::vector<std::string>());
    }
}

// A row was perhaps never written when it leaves the model, and another row gets its match value: what stands
// there by that value is the other one's record by now, and stays.
TEST(Stories, ARowInDoubtThatLeavesDoesNotTakeTheRecordOfTheRowThatGetsItsMatchValue) {
  for (Duration killed_after = 30ms; killed_after < 700ms; killed_after += 30ms) {
    Play play(scenario("contacts", "email", "unique", "mirror"));
    const Customer one = customer(1, "a@x.org", "Ana");
    (void)play.run({.customers = {one}, .fields = fields()});
    (void)play.run({.customers = {one, customer(2, "b@x.org", "Bo")}, .fields = fields()},
                   {.killed_after = killed_after});
    const Edition moved{.customers = {customer(1, "b@x.org", "Ana")}, .fields = fields()};
    (void)play.run(moved);
    (void)play.run(moved);
    ASSERT_EQ(play.found("b@x.org").size(), 1u) << "killed after " << in_seconds(killed_after);
    EXPECT_EQ(play.found("b@x.org")[0].field("p_name"), "Ana");
    EXPECT_TRUE(play.found("a@x.org").empty());
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

// Something in between answers 200 with a page of its own: nothing was deleted.
TEST(Stories, ADeletionCountsOnlyIfTheDestinationItselfSaysSo) {
  Play play(scenario("contacts", "email", "unique", "mirror"));
  const Edition both{.customers = {customer(1, "a@x.org", "Ana"), customer(2, "b@x.org", "Bo")},
                     .fields = fields()};
  Edition one = both;
  one.customers.pop_back();
  (void)play.run(both);
  (void)play.run(one, {}, RunKind::usual, fog());
  (void)play.run(one);
  EXPECT_TRUE(play.found("b@x.org").empty());
}

// Others delete a record; a changed mapping sends one field, which makes the record anew; the run is
// interrupted before the other fields go. The next run must not think that they are there.
TEST(Stories, ARecordMadeAnewGetsItsOtherFieldsAfterAnInterruption) {
  const Edition before{.customers = {customer(1, "a@x.org", "Ana")}, .fields = fields()};
  Edition after = before;
  after.fields.push_back({.name = "p_city", .origin = Origin::city});
  for (Duration interrupted_after = 60ms; interrupted_after < 600ms; interrupted_after += 60ms) {
    Play play(scenario("contacts", "email", "unique", "upsert"));
    (void)play.run(before);
    play.destination().archive(play.found("a@x.org").at(0).id);
    (void)play.run(after, {.interrupted_after = interrupted_after});
    (void)play.run(after);
    const auto records = play.found("a@x.org");
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].field("p_name"), "Ana") << "interrupted after " << in_seconds(interrupted_after);
    EXPECT_EQ(records[0].field("p_city"), "Oslo");
  }
}

// A row takes the match value that another one gives up, and its record with it, because the other's new
// value was refused. When the other one gets a good value, the record it once had is no longer its own.
TEST(Stories, ARecordThatAnotherRowHasTakenIsNotFollowed) {
  for (const char* object : {"contacts", "companies"}) {
    const bool contacts = object == std::string("contacts");
    Play play(scenario(object, contacts ? "email" : "name", contacts ? "unique" : "search", "mirror"));
    FieldPlans mapped = fields();
    mapped.push_back({.name = "lifecyclestage", .origin = Origin::stage});
    Customer one = customer(1, "a@x.org", "Ana"), two = customer(2, "b@x.org", "Bo");
    (void)play.run({.customers = {one, two}, .fields = mapped});
    one.match = "b@x.org", two.match = "c@x.org", two.stage = "bogus";
    (void)play.run({.customers = {one, two}, .fields = mapped});
    two.match = "d@x.org", two.stage = "lead";
    (void)play.run({.customers = {one, two}, .fields = mapped});
    (void)play.run({.customers = {one, two}, .fields = mapped});
    ASSERT_EQ(play.found("b@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("b@x.org")[0].field("p_name"), "Ana");
    ASSERT_EQ(play.found("d@x.org").size(), 1u) << object;
    EXPECT_EQ(play.found("d@x.org")[0].field("p_name"), "Bo");
    EXPECT_EQ(play.problems(), std::vector<std::string>());
  }
}

}  // namespace
}  // namespace penstock::sim
