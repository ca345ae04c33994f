// A record that two keys come to stand for, step by step: it is never removed while one of them is in the
// model.
#include <gtest/gtest.h>

#include "property/machine.h"

namespace penstock::property {
namespace {

class HandOver : public testing::Test {
 protected:
  HandOver() {
    question_.mapping.fields = {{.name = "firstname"}};
    question_.on_removed = OnRemoved::remove;
    question_.now = from_unix_micros(1'793'610'000'000'000);
  }

  static ModelRow customer(int64_t id, const char* email = "ana@x.org") { return {id, email, "ana", 1}; }

  // What the plan would send for this model: "added 11", ...
  std::vector<std::string> planned(Model model) {
    question_.model = std::move(model);
    planned_.emplace(machine_.plan(question_, std::nullopt).value());
    std::vector<std::string> rows;
    for (const auto& row : planned_->rows) rows.push_back(row.change + " " + row.key);
    return rows;
  }

  // Every planned row has this outcome, but for those in `rejected_`, and is written to one and the same
  // record; then the run ends, or dies before its end is recorded.
  void settle(Outcome outcome = Outcome::accepted, bool orderly = true) {
    std::vector<RowOutcome> outcomes;
    for (size_t i = 0; i < planned_->rows.size(); ++i) {
      RowOutcome& one = outcomes.emplace_back();
      one.ordinal = i;
      one.outcome = rejected_.contains(planned_->rows[i].key) ? Outcome::rejected : outcome;
      one.record_id = "r1";
    }
    RunEnding ending;
    ending.orderly = orderly;
    ASSERT_TRUE(machine_.settle(question_, *planned_, outcomes, ending, question_.now).ok());
  }

  using Rows = std::vector<std::string>;
  Machine machine_{1};
  PlanQuestion question_;
  std::optional<Machine::Planned> planned_;
  std::set<std::string> rejected_;
};

TEST_F(HandOver, IsKeptByARunThatDies) {
  planned({customer(4)});
  settle();
  EXPECT_EQ(planned({customer(11)}), Rows{"added 11"});
  settle(Outcome::accepted, false);
  EXPECT_EQ(planned({customer(11)}), Rows{});
  EXPECT_EQ(planned({}), Rows{"removed 11"});
}

TEST_F(HandOver, WaitsForTheRowThatTakesOver) {
  planned({customer(4)});
  settle();
  EXPECT_EQ(planned({customer(11)}), Rows{"added 11"});
  settle(Outcome::rejected);
  EXPECT_EQ(planned({customer(11)}), Rows{}) << "the new key waits, and the record is kept for it";
  EXPECT_EQ(planned({}), Rows{"removed 4"});
}

TEST_F(HandOver, IsNotNeededForAKeyThatIsThereAlready) {
  question_.on_removed = OnRemoved::ignore;
  planned({customer(4)});
  settle();
  planned({customer(11)});
  settle();
  question_.on_removed = OnRemoved::remove;
  EXPECT_EQ(planned({customer(11)}), Rows{}) << "the record of 4 is that of 11";
}

TEST_F(HandOver, IsNotForARowThatKeepsItsRecord) {
  planned({customer(4), customer(11, "bo@x.org")});
  settle();
  EXPECT_EQ(planned({customer(11)}), (Rows{"changed 11", "removed 4"})) << "11 follows its own record";
  question_.follows = false;
  EXPECT_EQ(planned({customer(11)}), Rows{"changed 11"});
}

// 4 got the value that 11 gives up, but 11 was refused: its record is that of 4 now, and 11 has none.
TEST_F(HandOver, LeavesNothingToFollow) {
  planned({customer(4), customer(11, "bo@x.org")});
  settle();
  EXPECT_EQ(planned({customer(4, "bo@x.org"), customer(11, "cy@x.org")}), (Rows{"changed 4", "changed 11"}));
  EXPECT_EQ(planned_->rows[1].match_before, std::string(1, kIsAnothers) + "bo@x.org");
  rejected_ = {"11"};
  settle();
  EXPECT_EQ(planned({customer(4, "bo@x.org"), customer(11, "dee@x.org")}), Rows{"added 11"});
  EXPECT_EQ(planned_->rows[0].record_id, "");
  EXPECT_EQ(planned_->rows[0].match_before, "");
}

TEST_F(HandOver, IsNoReasonToOverwriteARowOfTheModel) {
  planned({customer(4)});
  settle();
  EXPECT_EQ(planned({customer(4), customer(11)}), Rows{});
  EXPECT_EQ(planned_->plan.counts.invalid, 2u);
}

}  // namespace
}  // namespace penstock::property
