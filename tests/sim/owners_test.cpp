// What stories of owners once found, told by hand: each of these was a bug.
#include <gtest/gtest.h>

#include "sim/owners_machine.h"

namespace penstock::sim {
namespace {

OwnersSync owners_sync(const char* mode) {
  OwnersSync s;
  s.object = "contacts", s.match_field = "email", s.match_kind = "unique", s.mode = mode;
  s.fields = {{.name = kOwnedKey}, {.name = "p_a"}, {.name = "p_b"}};
  return s;
}

OwnersSync with_field(OwnersSync sync, OwnedField field) {
  sync.fields.push_back(std::move(field));
  return sync;
}

OwnedRow owned_row(const OwnersSync& sync, int64_t id, const std::string& match, const std::string& value) {
  OwnedRow row{.id = id, .match = match, .values = {}};
  for (const auto& field : sync.fields)
    if (field.name != kOwnedKey) row.values[field.name] = value;
  return row;
}

// One machine and one destination, and others that do what they are told, when they are told.
class OwnersPlay {
 public:
  explicit OwnersPlay(OwnersSync sync)
      : sync_(std::move(sync)),
        destination_(sync_.object, 190, 1),
        twin_(sync_, destination_),
        machine_(
            1, sync_, destination_, twin_, [this] { act_before_request(); }, [](const std::string&) {}) {}

  OwnedRow row(int64_t id, const std::string& match, const std::string& value) const {
    return owned_row(sync_, id, match, value);
  }
  // The number of the run.
  size_t run(OwnedRows rows, const OwnersDoom& doom = {}, RunKind kind = RunKind::usual,
             const Weather& weather = {}) {
    rows_ = std::move(rows);
    twin_.begin_run();
    (void)live({.kind = OwnersTask::Kind::run, .run = kind, .undo = {}}, weather, doom);
    return note_run();
  }
  size_t undo(size_t run, bool created = false, const OwnersDoom& doom = {}) {
    const std::string id = twin_.runs()[run].id;
    twin_.begin_undo(run, created);
    OwnersTask task{.kind = OwnersTask::Kind::undo, .run = RunKind::usual, .undo = {}};
    task.undo.run = id;
    task.undo.created = created;
    last_undo_ = live(task, {}, doom).undo;
    return note_run();
  }
  const UndoReport& last_undo() const { return *last_undo_; }
  // The keys that the next run would send.
  std::set<std::string> next() {
    twin_.begin_look();
    const OwnersEnd end =
        live({.kind = OwnersTask::Kind::plan, .run = RunKind::usual, .undo = {}}, Weather::fair(), {});
    std::set<std::string> keys;
    for (const auto& sample : end.plan->plan.samples) keys.insert(sample.key);
    return keys;
  }
  std::vector<std::string> drifted() {
    twin_.begin_look();
    const OwnersEnd end =
        live({.kind = OwnersTask::Kind::drift, .run = RunKind::usual, .undo = {}}, Weather::fair(), {});
    std::vector<std::string> fields;
    for (const auto& found : end.drifted)
      fields.push_back(found.key + " " + found.field + " " + found.theirs.value_or("NULL"));
    return fields;
  }
  // Others act before the request of this number, from now on, takes effect.
  void before_request(uint64_t number, std::function<void()> act) {
    act_at_ = requests_ + number;
    act_ = std::move(act);
  }
  std::string others_make(const std::string& match, const std::map<std::string, std::string>& fields = {}) {
    auto all = fields;
    all[sync_.match_field] = match;
    return twin_.others_create(all);
  }
  void others_write(const std::string& match, const std::string& field, const std::string& value) {
    twin_.others_write(found(match).id, field, value);
  }
  void others_delete(const std::string& match) { twin_.others_delete(found(match).id); }
  bool is_there(const std::string& match) { return !found(match).id.empty(); }
  std::string value(const std::string& match, const std::string& field) { return found(match).field(field); }
  const std::vector<std::string>& problems() const { return twin_.problems(); }

 private:
  void act_before_request() {
    if (++requests_ == act_at_) act_();
  }
  OwnersEnd live(const OwnersTask& task, const Weather& weather, const OwnersDoom& doom) {
    destination_.clock().pass(1h);
    return machine_.live(rows_, task, weather, doom);
  }
  size_t note_run() {
    twin_.heard().id = machine_.newest_run()->run;
    return twin_.runs().size() - 1;
  }
  Record found(const std::string& match) {
    for (const auto& [id, record] : twin_.live())
      if (twin_.has_match(record, match)) return record;
    return {};
  }

  OwnersSync sync_;
  Destination destination_;
  OwnersTwin twin_;
  OwnersMachine machine_;
  OwnedRows rows_;
  std::optional<UndoReport> last_undo_;
  uint64_t requests_ = 0, act_at_ = 0;
  std::function<void()> act_;
};

const std::vector<std::string> kNothing;
constexpr const char* kAnn = "ann@x.org";
constexpr const char* kBob = "bob@x.org";

TEST(Owners, AValueThatOthersEmptiedStaysEmptyWhenTheRunIsUndone) {
  OwnersPlay play(owners_sync("upsert"));
  play.others_make(kAnn, {{"p_a", "theirs"}, {"p_b", "theirs"}});
  const size_t run = play.run({play.row(1, kAnn, "ours")});
  play.others_write(kAnn, "p_a", "");
  play.undo(run);
  EXPECT_EQ(play.value(kAnn, "p_a"), "");
  EXPECT_EQ(play.value(kAnn, "p_b"), "theirs");
  EXPECT_EQ(play.last_undo().left_values, 1u);
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, ARecordThatOthersMadeAgainIsNotFilledByAnUndo) {
  OwnersPlay play(owners_sync("mirror"));
  play.run({play.row(1, kAnn, "ours"), play.row(2, kBob, "ours")});
  const size_t removal = play.run({play.row(2, kBob, "ours")});
  ASSERT_FALSE(play.is_there(kAnn));
  play.others_make(kAnn, {{"p_a", "theirs"}});
  play.undo(removal);
  EXPECT_EQ(play.value(kAnn, "p_a"), "theirs");
  EXPECT_EQ(play.value(kAnn, "p_b"), "");
  ASSERT_EQ(play.last_undo().left.size(), 1u);
  EXPECT_EQ(play.last_undo().left[0].why, "somebody made it again");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, AFieldThatTheRunLeftEmptyAndOthersFilledKeepsTheRecordThere) {
  OwnersPlay play(with_field(owners_sync("upsert"), {.name = "p_c", .omit_null = true}));
  OwnedRow row = play.row(1, kAnn, "ours");
  row.values["p_c"] = std::nullopt;
  const size_t run = play.run({row});
  play.others_write(kAnn, "p_c", "theirs");
  play.undo(run, true);
  EXPECT_TRUE(play.is_there(kAnn));
  EXPECT_EQ(play.problems(), kNothing);
}

// Between our looking for the record, in vain, and our upsert.
TEST(Owners, ARecordThatCameInBetweenWasNotMadeByTheRun) {
  OwnersPlay play(owners_sync("upsert"));
  play.before_request(2, [&] { play.others_make(kAnn, {{"other", "1"}}); });
  const size_t run = play.run({play.row(1, kAnn, "ours")});
  EXPECT_EQ(play.value(kAnn, "p_a"), "ours");
  play.undo(run, true);
  EXPECT_TRUE(play.is_there(kAnn));
  EXPECT_EQ(play.problems(), kNothing);
}

// The run wrote 2 over 1; its undo dies before anything is written, and is repeated.
TEST(Owners, AnUndoThatIsRepeatedIsNotTakenForOneThatIsTakenBack) {
  OwnersPlay play(owners_sync("upsert"));
  play.run({play.row(1, kAnn, "1")});
  const size_t run = play.run({play.row(1, kAnn, "2")});
  play.undo(run, false, {.killed_at = 2, .killed_after_effect = false});
  EXPECT_EQ(play.value(kAnn, "p_a"), "2");
  play.undo(run);
  EXPECT_EQ(play.value(kAnn, "p_a"), "1");
  EXPECT_EQ(play.next(), std::set<std::string>());
  EXPECT_EQ(play.drifted(), kNothing);
  play.run({play.row(1, kAnn, "2")}, {}, RunKind::retry);
  EXPECT_EQ(play.value(kAnn, "p_a"), "2") << "released, it goes again";
}

TEST(Owners, TwoRunsAreUndoneOneAfterTheOther) {
  OwnersPlay play(owners_sync("upsert"));
  play.others_make(kAnn, {{"p_a", "theirs"}});
  const size_t first = play.run({play.row(1, kAnn, "1")});
  const size_t second = play.run({play.row(1, kAnn, "2")});
  play.undo(second);
  const size_t undo = play.undo(first);
  EXPECT_EQ(play.value(kAnn, "p_a"), "theirs");
  EXPECT_EQ(play.drifted(), kNothing);
  play.undo(undo);
  EXPECT_EQ(play.value(kAnn, "p_a"), "1") << "what the second one had found";
  EXPECT_EQ(play.drifted(), kNothing) << "it is not what the model says, and nobody else did that";
  EXPECT_EQ(play.next(), std::set<std::string>());
}

// The run's record is gone, and a later run made another one for its row.
TEST(Owners, AnUndoOfAnOldRecordDoesNotForgetTheNewOne) {
  OwnersPlay play(owners_sync("upsert"));
  const size_t run = play.run({play.row(1, kAnn, "ours")});
  play.others_delete(kAnn);
  play.run({play.row(1, kAnn, "newer")});
  play.undo(run, true);
  EXPECT_EQ(play.value(kAnn, "p_a"), "newer");
  EXPECT_EQ(play.next(), std::set<std::string>());
  play.run({play.row(1, kBob, "newer")});
  EXPECT_FALSE(play.is_there(kAnn)) << "it is followed";
  EXPECT_EQ(play.value(kBob, "p_a"), "newer");
}

TEST(Owners, WhatAnUpdatingSyncRemovedIsMadeAgain) {
  OwnersSync sync = owners_sync("update");
  sync.on_removed = "delete";
  OwnersPlay play(std::move(sync));
  play.others_make(kAnn);
  play.run({play.row(1, kAnn, "ours")});
  const size_t removal = play.run({});
  ASSERT_FALSE(play.is_there(kAnn));
  play.undo(removal);
  EXPECT_EQ(play.value(kAnn, "p_a"), "ours");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, ClearingLeavesWhatOthersWroteToAFieldThatIsWrittenUnchanged) {
  OwnersSync sync = with_field(owners_sync("upsert"), {.name = "p_c", .write = "if_unchanged"});
  sync.on_removed = "clear", sync.keeps_before = false;
  OwnersPlay play(std::move(sync));
  play.run({play.row(1, kAnn, "ours"), play.row(2, kBob, "ours")});
  play.others_write(kAnn, "p_c", "theirs");
  play.run({});
  EXPECT_EQ(play.value(kAnn, "p_a"), "");
  EXPECT_EQ(play.value(kAnn, "p_c"), "theirs");
  EXPECT_EQ(play.value(kBob, "p_c"), "");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, AValueThatWeNeverWroteHasNotDrifted) {
  OwnersPlay play(with_field(owners_sync("upsert"), {.name = "p_c", .write = "if_unchanged"}));
  play.others_make(kAnn, {{"p_c", "theirs"}});
  play.run({play.row(1, kAnn, "1"), play.row(2, kBob, "1")});
  EXPECT_EQ(play.drifted(), kNothing);
  play.others_write(kBob, "p_c", "theirs");
  play.run({play.row(1, kAnn, "2"), play.row(2, kBob, "2")});
  EXPECT_EQ(play.drifted(), std::vector<std::string>{"2 p_c theirs"});
  play.others_write(kBob, "p_c", "1");
  EXPECT_EQ(play.drifted(), kNothing) << "it is what we wrote last";
}

// The record that the row was written to is gone; another one has its match value.
TEST(Owners, AnothersRecordIsReadBeforeItTakesThePlaceOfOneThatIsGone) {
  OwnersPlay play(with_field(owners_sync("upsert"), {.name = "p_c", .write = "if_unchanged"}));
  play.run({play.row(1, kAnn, "1")});
  play.others_delete(kAnn);
  play.others_make(kAnn, {{"p_a", "theirs"}, {"p_c", "theirs"}});
  const size_t run = play.run({play.row(1, kAnn, "2")});
  EXPECT_EQ(play.value(kAnn, "p_c"), "theirs");
  play.undo(run, true);
  EXPECT_EQ(play.value(kAnn, "p_a"), "theirs");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, AnothersRecordIsReadBeforeItIsWrittenUnderANewMatchValue) {
  OwnersPlay play(with_field(owners_sync("upsert"), {.name = "p_c", .write = "if_unchanged"}));
  // The record was never known to be made, and never was.
  play.run({play.row(1, kAnn, "1")}, {.killed_at = 2, .killed_after_effect = false});
  play.others_make(kBob, {{"p_c", "theirs"}});
  play.run({play.row(1, kBob, "2")});
  EXPECT_EQ(play.value(kBob, "p_a"), "2");
  EXPECT_EQ(play.value(kBob, "p_c"), "theirs");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, ARowThatWasPerhapsWrittenToAnothersRecordDoesNotTakeItAway) {
  OwnersPlay play(owners_sync("mirror"));
  play.others_make(kAnn, {{"p_a", "theirs"}});
  play.run({play.row(1, kAnn, "ours"), play.row(2, kBob, "ours")},
           {.killed_at = 2, .killed_after_effect = false});
  play.run({play.row(2, kBob, "ours")});
  EXPECT_EQ(play.value(kAnn, "p_a"), "theirs");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, WhatWasPerhapsWrittenIsOursWhereItStands) {
  OwnersPlay play(with_field(owners_sync("upsert"), {.name = "p_c", .write = "if_unchanged"}));
  play.run({play.row(1, kAnn, "1")});
  play.run({play.row(1, kAnn, "2")}, {.killed_at = 2, .killed_after_effect = true});
  EXPECT_EQ(play.value(kAnn, "p_c"), "2");
  play.run({play.row(1, kAnn, "3")});
  EXPECT_EQ(play.value(kAnn, "p_c"), "3");
  EXPECT_EQ(play.problems(), kNothing);
}

TEST(Owners, AnUpdatingSyncFindsTheRecordThatTookThePlaceOfOneThatIsGone) {
  OwnersPlay play(owners_sync("update"));
  play.others_make(kAnn);
  play.run({play.row(1, kAnn, "1")});
  play.others_delete(kAnn);
  play.others_make(kAnn);
  play.run({play.row(1, kAnn, "2")});
  EXPECT_EQ(play.value(kAnn, "p_a"), "2");
}

// Removed with the undo of the run that made it, then in the model again under another address.
TEST(Owners, ANewRowIsNotLookedForByTheMatchValueThatItOnceHad) {
  OwnersPlay play(owners_sync("upsert"));
  const size_t run = play.run({play.row(1, kAnn, "ours")});
  play.undo(run, true);
  play.others_make(kAnn, {{"p_a", "theirs"}});
  play.run({play.row(1, kBob, "ours")});
  EXPECT_EQ(play.value(kAnn, "p_a"), "theirs");
  EXPECT_EQ(play.value(kBob, "p_a"), "ours");
  EXPECT_EQ(play.problems(), kNothing);
}

}  // namespace
}  // namespace penstock::sim
