#include "ledger/outcomes.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "base/random.h"

namespace penstock {
namespace {

RowOutcome accepted(uint64_t row, uint64_t request) {
  RowOutcome one;
  one.ordinal = row;
  one.operation = "upsert";
  one.attempt = 1;
  one.status = 200;
  one.record_id = std::to_string(1000 + row);
  one.request = request;
  one.at = from_unix_micros(5);
  one.latency = 7ms;
  return one;
}

OutcomeGroup group_of(const std::vector<uint64_t>& rows, uint64_t request) {
  OutcomeGroup group = OutcomeGroup::of(accepted(rows[0], request));
  for (size_t i = 1; i < rows.size(); ++i) group.add(accepted(rows[i], request));
  return group;
}

class OutcomesOf : public testing::Test {
 protected:
  void add(const std::vector<uint64_t>& rows, uint64_t request) {
    outcomes.add(records.emplace_back(encode_record(group_of(rows, request))), group_of(rows, request));
  }
  // "row:request", with * where the end is that of the others.
  std::string told(uint64_t rows) {
    std::string text;
    for (uint64_t row = 0; row < rows; ++row) {
      const RowOutcome* one = cursor.find(row);
      if (one == nullptr) continue;
      EXPECT_EQ(one->ordinal, row);
      EXPECT_EQ(one->record_id, one->request == 0 ? "" : std::to_string(1000 + row));
      text += (text.empty() ? "" : " ") + std::to_string(row) + ":" + std::to_string(one->request);
    }
    return text;
  }
  std::deque<std::string> records;
  Outcomes outcomes;
  Outcomes::Cursor cursor{outcomes};
};

TEST_F(OutcomesOf, RowsAreFoundWhereverTheirGroupsLie) {
  add({4, 5, 0}, 2);
  add({2, 1}, 1);
  ASSERT_TRUE(outcomes.complete().ok());
  EXPECT_EQ(told(8), "0:2 1:1 2:1 4:2 5:2");
}

TEST_F(OutcomesOf, OthersAreThoseOfWhichNothingIsKnown) {
  add({2, 3}, 1);
  add({6}, 2);
  ASSERT_TRUE(outcomes.complete().ok());
  EXPECT_EQ(outcomes.add_others(5, {9, 6, 1, 9}, RowOutcome{}), 4u);
  EXPECT_EQ(told(12), "0:0 1:0 2:1 3:1 4:0 6:2 9:0");
}

TEST_F(OutcomesOf, ARowEndsOnce) {
  add({2, 3}, 1);
  add({3}, 2);
  const auto completed = outcomes.complete();
  ASSERT_FALSE(completed.ok());
  EXPECT_NE(completed.error().message.find("row 3"), std::string::npos);
}

TEST_F(OutcomesOf, AreThoseOfAMapWhateverTheOrder) {
  Random random(20261126);
  std::vector<uint64_t> rows(3000);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  std::map<uint64_t, uint64_t> expected;
  for (size_t at = 0; at < rows.size();) {
    const size_t size = std::min<size_t>(1 + random.below(40), rows.size() - at);
    std::vector<uint64_t> batch(rows.begin() + static_cast<ptrdiff_t>(at),
                                rows.begin() + static_cast<ptrdiff_t>(at + size));
    at += size;
    if (random.below(4) == 0) continue;
    if (random.below(2) == 0) std::swap(batch.front(), batch.back());
    for (const uint64_t row : batch) expected[row] = at;
    add(batch, at);
  }
  ASSERT_TRUE(outcomes.complete().ok());
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t row = random.below(3100);
    const RowOutcome* one = cursor.find(row);
    const auto known = expected.find(row);
    ASSERT_EQ(one != nullptr, known != expected.end()) << row;
    if (one != nullptr) ASSERT_EQ(one->request, known->second) << row;
  }
}

TEST(OutcomeGroups, AreReadAsTheyWereWritten) {
  const OutcomeGroup group = group_of({7, 8, 9, 3}, 4);
  const auto read = std::get<OutcomeGroup>(*decode_record(encode_record(group)));
  EXPECT_EQ(read.rows, group.rows);
  EXPECT_EQ(read.record_ids, group.record_ids);
  EXPECT_TRUE(read.takes(accepted(10, 4)));
  EXPECT_FALSE(read.takes(accepted(10, 5)));
}

TEST(OutcomeGroups, WithoutIdsTakeAFewBytesForAnyNumberOfRows) {
  RowOutcome one = accepted(0, 1);
  one.record_id.clear();
  OutcomeGroup group = OutcomeGroup::of(one);
  for (one.ordinal = 1; group.takes(one); ++one.ordinal) group.add(one);
  EXPECT_EQ(group.rows.size(), kGroupRowsMax);
  EXPECT_LT(encode_record(group).size(), 40u);
  EXPECT_EQ(std::get<OutcomeGroup>(*decode_record(encode_record(group))).record_ids.size(), kGroupRowsMax);
}

TEST(OutcomeGroups, OfOneRowAreReadAsEarlierVersionsWroteThem) {
  // O, row 7, rejected, "ab", attempt 2, status 400, "C", "no", "r1", request 3, at 5 µs, latency 6 µs,
  // flags.
  const std::string bytes(
      "O\x07\x01\x02"
      "ab\x02\x90\x03\x01"
      "C\x02no\x02r1\x03\x05\x06\x03",
      21);
  const auto group = std::get<OutcomeGroup>(*decode_record(bytes));
  const RowOutcome one = group.one(0);
  EXPECT_EQ(group.rows, std::vector<uint64_t>{7});
  EXPECT_EQ(one.outcome, Outcome::rejected);
  EXPECT_EQ(one.operation, "ab");
  EXPECT_EQ(one.status, 400);
  EXPECT_EQ(one.message, "no");
  EXPECT_EQ(one.record_id, "r1");
  EXPECT_EQ(one.latency, Duration(6));
  EXPECT_TRUE(one.foreign && one.effect_unknown);
}

TEST(OutcomeGroups, OfAnEndThatNobodyKnowsAreRefused) {
  std::string bytes = encode_record(group_of({7}, 4));
  bytes[1] = 9;
  EXPECT_FALSE(decode_record(bytes).ok());
}

TEST(OutcomeTries, AreKeptWithTheGroupAndTellGroupsApart) {
  RowOutcome first = accepted(1, 7);
  first.tries = {3, 5};
  OutcomeGroup group = OutcomeGroup::of(first);
  RowOutcome second = accepted(2, 7);
  EXPECT_FALSE(group.takes(second));
  second.tries = {3, 5};
  ASSERT_TRUE(group.takes(second));
  group.add(second);
  for (const bool created : {false, true}) {
    if (created) group.created = {2};
    const auto read = decode_record(encode_record(group));
    ASSERT_TRUE(read.ok());
    const auto& same = std::get<OutcomeGroup>(*read);
    EXPECT_EQ(same.shared.tries, (std::vector<uint64_t>{3, 5}));
    EXPECT_EQ(same.rows, group.rows);
    EXPECT_EQ(same.created, group.created);
  }
}

TEST(RequestHeaders, AreReadAgainAndMayBeMissing) {
  RequestRecord request;
  request.number = 4;
  request.url = "http://example.com";
  request.reply_body = "{}";
  const auto without = decode_record(encode_record(request));
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(std::get<RequestRecord>(*without).request_headers, "");
  request.reply_headers = R"({"retry-after":"3"})";
  const auto with = decode_record(encode_record(request));
  ASSERT_TRUE(with.ok());
  EXPECT_EQ(std::get<RequestRecord>(*with).reply_headers, request.reply_headers);
  EXPECT_EQ(std::get<RequestRecord>(*with).reply_body, "{}");
}

}  // namespace
}  // namespace penstock
