// The rules of grouping by hand, and then random histories against an auditor that knows only what was said
// and what was true. A failure prints its seed; to see one again:
//     alert_test --gtest_filter='*Histories*' with PENSTOCK_SEED=seed
#include "alert/outages.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/random.h"

namespace penstock::alert {
namespace {

const Time kStart = from_unix_micros(1'793'610'000'000'000);

config::Alert usual_alert() {
  config::Alert alert;
  alert.name = "ops";
  alert.on = {AlertEvent::failed, AlertEvent::stopped, AlertEvent::late, AlertEvent::recovered};
  return alert;
}

Notice about(std::string sync, AlertEvent event, std::string cause, Time at) {
  Notice notice;
  notice.sync = std::move(sync);
  notice.event = event;
  notice.lasting = cause.starts_with("destination");
  notice.cause = std::move(cause);
  notice.since = notice.at = at;
  return notice;
}

class OneAlert : public testing::Test {
 protected:
  void fails(const std::string& sync, const std::string& cause = "destination crm: down",
             AlertEvent event = AlertEvent::failed) {
    outages.add(about(sync, event, cause, now), now);
  }
  void works(const std::string& sync) { outages.add(about(sync, AlertEvent::recovered, "", now), now); }
  void partial(const std::string& sync, uint64_t sent, uint64_t rejected) {
    Notice notice = about(sync, AlertEvent::partial, "model m: rows", now);
    notice.rows = {.rows = sent, .sent = sent, .accepted = sent - rejected, .rejected = rejected};
    outages.add(notice, now);
  }

  // What is said after so much time, and that it arrives: "broke a,b", with "+" before those that work again.
  std::string said_after(Duration wait, Arrival arrival = Arrival::arrived) {
    now += wait;
    auto message = outages.take(now);
    if (!message) return "";
    outages.told(arrival, now);
    std::string text;
    for (const auto& [saying, outage] : message->items) {
      text += fmt::format("{}{}", text.empty() ? "" : "; ", name_of(saying));
      std::string separator = " ";
      for (const auto& [sync, member] : outage.members) {
        text += separator + (member.restored ? "+" : "") + sync;
        separator = ",";
      }
    }
    return text;
  }

  Time now = kStart;
  config::Alert alert = usual_alert();
  Outages outages{alert};
};

TEST_F(OneAlert, SyncsThatFailForOneCauseAreOneMessage) {
  fails("a");
  now += 10s;
  fails("b");
  fails("c", "source warehouse");
  EXPECT_EQ(said_after(20s), "");
  EXPECT_EQ(said_after(30s), "broke a,b");
  EXPECT_EQ(said_after(10s), "broke c");
  EXPECT_EQ(said_after(1h), "");
}

TEST_F(OneAlert, WhoComesToALastingCauseLaterIsInTheReminder) {
  fails("a");
  EXPECT_EQ(said_after(1min), "broke a");
  now += 1h;
  fails("b");
  EXPECT_EQ(said_after(1h), "");
  EXPECT_EQ(said_after(4h), "still a,b");
}

TEST_F(OneAlert, WhoComesToAnyOtherCauseLaterIsToldAtOnce) {
  fails("a", "schedule", AlertEvent::late);
  EXPECT_EQ(said_after(1min), "broke a");
  now += 1h;
  fails("b", "schedule", AlertEvent::late);
  EXPECT_EQ(said_after(1min), "broke b");
}

TEST_F(OneAlert, ASyncThatGoesOnFailingIsToldAgainAfterTheReminderOnly) {
  fails("a");
  EXPECT_EQ(said_after(1min), "broke a");
  for (int i = 0; i < 23; ++i) {
    fails("a", i % 2 == 0 ? "destination crm: auth" : "source warehouse");
    EXPECT_EQ(said_after(15min), "") << i;
  }
  fails("a");
  EXPECT_EQ(said_after(15min), "still a");
  EXPECT_EQ(said_after(5h), "");
  EXPECT_EQ(said_after(1h), "still a");
}

TEST_F(OneAlert, RecoveryIsToldWhenAllWorkAgain) {
  fails("a");
  fails("b");
  EXPECT_EQ(said_after(1min), "broke a,b");
  works("a");
  EXPECT_EQ(said_after(5min), "");
  works("b");
  EXPECT_EQ(said_after(30s), "");
  EXPECT_EQ(said_after(30s), "recovered +a,+b");
  EXPECT_TRUE(outages.open().empty());
}

TEST_F(OneAlert, WhatPassesBeforeItIsToldIsNotToldAtAll) {
  fails("a");
  now += 30s;
  works("a");
  EXPECT_EQ(said_after(1h), "");
  EXPECT_FALSE(outages.next(now).has_value());
}

TEST_F(OneAlert, ARecoveryThatDoesNotLastIsNotTold) {
  fails("a");
  EXPECT_EQ(said_after(1min), "broke a");
  works("a");
  now += 30s;
  fails("a");
  EXPECT_EQ(said_after(1h), "");
  EXPECT_EQ(said_after(5h), "still a");
}

TEST_F(OneAlert, WhatMayHaveBeenToldIsToldToBeOver) {
  fails("a");
  EXPECT_EQ(said_after(1min, Arrival::unknown), "broke a");
  works("a");
  EXPECT_EQ(said_after(2min), "recovered +a");
}

TEST_F(OneAlert, WhatDidNotArriveIsTriedAgainMoreAndMoreSlowly) {
  fails("a");
  EXPECT_EQ(said_after(1min, Arrival::not_arrived), "broke a");
  EXPECT_EQ(said_after(59s), "");
  EXPECT_EQ(said_after(1s, Arrival::not_arrived), "broke a");
  EXPECT_EQ(said_after(119s), "");
  EXPECT_EQ(said_after(1s, Arrival::not_arrived), "broke a");
  EXPECT_EQ(outages.next(now), now + 4min);
  works("a");
  EXPECT_EQ(said_after(1h), "");
}

TEST_F(OneAlert, WhatGrowsWorseIsToldOnce) {
  fails("a", "schedule", AlertEvent::late);
  EXPECT_EQ(said_after(1min), "broke a");
  fails("a");
  EXPECT_EQ(said_after(1min), "worse a");
  fails("a", "schedule", AlertEvent::late);
  fails("a");
  EXPECT_EQ(said_after(1h), "");
}

TEST_F(OneAlert, ALateRunThatComesIsNotLateAnyMore) {
  alert.on = {AlertEvent::late, AlertEvent::recovered};
  outages = Outages(alert);
  fails("a", "schedule", AlertEvent::late);
  EXPECT_EQ(said_after(1min), "broke a");
  fails("a");  // it came, and that it failed is not asked for
  EXPECT_EQ(said_after(1min), "recovered +a");
}

TEST_F(OneAlert, RowsThatAreStillRefusedAreNotOver) {
  alert.on.push_back(AlertEvent::partial);
  outages = Outages(alert);
  partial("a", 100, 3);
  EXPECT_EQ(said_after(1min), "broke a");
  Notice waiting = about("a", AlertEvent::recovered, "", now);
  waiting.rows = {.rows = 100, .waiting = 3};
  outages.add(waiting, now);
  EXPECT_EQ(said_after(1h), "");
  works("a");
  EXPECT_EQ(said_after(1min), "recovered +a");
}

TEST_F(OneAlert, AShareOfRefusedRowsIsABound) {
  alert.rejected_over = config::ShareOrCount{config::Share{0.05}, std::nullopt};
  outages = Outages(alert);
  partial("a", 100, 5);
  EXPECT_EQ(said_after(1h), "");
  partial("a", 100, 6);
  EXPECT_EQ(said_after(1min), "broke a");
  partial("a", 100, 5);
  EXPECT_EQ(said_after(1min), "recovered +a");
}

TEST_F(OneAlert, MoreThanAllowedIsSummedUp) {
  alert.at_most = 2;
  outages = Outages(alert);
  for (const char* sync : {"a", "b", "c", "d"}) fails(sync, fmt::format("model {}: guard x", sync));
  EXPECT_EQ(said_after(1min), "broke a");
  auto last = outages.take(now);
  ASSERT_TRUE(last && last->silent_until);
  EXPECT_EQ(*last->silent_until, now + 1h);
  outages.told(Arrival::arrived, now);
  EXPECT_EQ(said_after(1s), "");
  works("a");
  EXPECT_EQ(said_after(59min), "");
  EXPECT_EQ(outages.next(now), now + 59s);
  EXPECT_EQ(said_after(59s), "recovered +a; broke c,d");
  works("c");
  EXPECT_EQ(said_after(2min), "");
  works("d");
  EXPECT_EQ(said_after(2min), "recovered +c,+d");
}

TEST_F(OneAlert, ASyncThatIsNotWatchedAnyMoreIsOver) {
  fails("a");
  EXPECT_EQ(said_after(1min), "broke a");
  outages.watch_only({"b"}, now);
  EXPECT_EQ(said_after(1min), "recovered +a");
}

TEST_F(OneAlert, AMessageWhoseSenderDiedIsSentAgain) {
  fails("a");
  now += 1min;
  ASSERT_TRUE(outages.take(now));
  auto after = Outages::from_json(alert, outages.json());
  ASSERT_TRUE(after.ok());
  outages = *std::move(after);
  EXPECT_EQ(said_after(9min), "");
  EXPECT_EQ(said_after(3min), "broke a");
}

TEST_F(OneAlert, AClockThatIsSetBackSilencesNobody) {
  now += 48h;
  fails("a");
  EXPECT_EQ(said_after(1min), "broke a");
  now -= 47h;
  EXPECT_EQ(said_after(6h), "");  // from here on it counts anew
  EXPECT_EQ(said_after(6h), "still a");
}

TEST(OutagesJson, BrokenTextIsAnError) {
  Outages outages(usual_alert());
  outages.add(about("a", AlertEvent::failed, "x", kStart), kStart);
  const std::string good = outages.json();
  ASSERT_TRUE(Outages::from_json(usual_alert(), good).ok());
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(Outages::from_json(usual_alert(), good.substr(0, size)).ok()) << size;
  for (const char* bad :
       {"[]", "1", R"({"outages":[{}]})", R"({"outages":[{"id":"x","syncs":[{"notice":1}]}]})",
        R"({"failures":-1})", R"({"messages":["x"]})"})
    EXPECT_FALSE(Outages::from_json(usual_alert(), bad).ok()) << bad;
}

// ---- Random histories

// Knows what is true of each sync, and what was said; holds one to the other.
class Auditor {
 public:
  explicit Auditor(const config::Alert& alert) : alert_(alert) {}

  void fails(const std::string& sync) { works_.erase(sync); }
  void works(const std::string& sync) {
    works_.insert(sync);
    told_broken_.erase(sync);
  }

  // `arrival`: nullopt: nobody knows, since the sender died.
  void said(const Message& message, Arrival arrival, Time now) {
    if (arrival != Arrival::not_arrived) sent_.push_back(now);
    EXPECT_LE(std::count_if(sent_.begin(), sent_.end(), [&](Time at) { return at > now - 1h; }),
              alert_.at_most);
    for (const auto& [saying, outage] : message.items) said_of(saying, outage, arrival, now);
  }

  // When all is calm: everybody who heard of an outage heard of its end, once.
  void expect_all_told_to_be_over() {
    for (const auto& [id, heard] : heard_)
      EXPECT_TRUE(heard.over || !heard.broke) << id << " was told, and its end was not";
  }

 private:
  struct Heard {
    bool broke = false, maybe = false, over = false;
    Time last{};
    Severity severity = Severity::none;
  };

  void said_of(Saying saying, const Outage& outage, Arrival arrival, Time now) {
    Heard& heard = heard_[outage.id];
    EXPECT_FALSE(heard.over) << outage.id << " is told after its end";
    if (saying == Saying::recovered) {
      EXPECT_TRUE(heard.broke || heard.maybe) << "the end of what nobody heard of: " << outage.id;
      for (const auto& [sync, member] : outage.members) EXPECT_TRUE(member.restored) << sync;
      if (arrival == Arrival::arrived) heard.over = true;
      return;
    }
    bool somebody = false;
    for (const auto& [sync, member] : outage.members) {
      if (member.restored) continue;
      somebody = true;
      EXPECT_FALSE(works_.contains(sync)) << sync << " works, and is told not to";
      if (saying == Saying::broke)
        EXPECT_FALSE(told_broken_.contains(sync)) << sync << " is told a second time";
      if (arrival == Arrival::arrived) told_broken_.insert(sync);
    }
    EXPECT_TRUE(somebody) << outage.id << " is told without a sync that fails";
    if (saying == Saying::broke) {
      EXPECT_FALSE(heard.broke) << outage.id << " is told twice";
    } else {
      EXPECT_TRUE(heard.broke) << outage.id;
      if (outage.severity == heard.severity) EXPECT_GE(now - heard.last, alert_.remind_after) << outage.id;
    }
    if (arrival == Arrival::unknown) heard.maybe = true;
    if (arrival != Arrival::arrived) return;
    heard.broke = true;
    heard.last = now;
    heard.severity = std::max(heard.severity, outage.severity);
  }

  const config::Alert& alert_;
  std::set<std::string> works_, told_broken_;
  std::map<std::string, Heard> heard_;
  std::vector<Time> sent_;
};

class History {
 public:
  explicit History(uint64_t seed)
      : random_(seed), alert_(drawn_alert()), auditor_(alert_), outages_(alert_) {}

  void run() {
    for (int step = 0; step < 400; ++step) {
      const uint64_t things = 1 + random_.below(4);
      for (uint64_t i = 0; i < things; ++i) happens();
      speak(true);
      if (random_.chance(0.2)) restart();
      now_ += Duration(1s) * static_cast<int64_t>(random_.below(random_.chance(0.1) ? 20000 : 300));
    }
    calm();
  }

 private:
  config::Alert drawn_alert() {
    config::Alert alert = usual_alert();
    if (random_.chance(0.5)) alert.on.push_back(AlertEvent::partial);
    if (random_.chance(0.3)) alert.rejected_over = config::ShareOrCount{std::nullopt, 10};
    alert.group_within = Duration(1s) * static_cast<int64_t>(random_.below(120));
    alert.remind_after = Duration(1min) * static_cast<int64_t>(1 + random_.below(500));
    alert.at_most = 1 + static_cast<int64_t>(random_.below(random_.chance(0.5) ? 4 : 40));
    return alert;
  }

  void happens() {
    static const char* const kSyncs[] = {"a", "b", "c", "d", "e"};
    static const char* const kCauses[] = {"destination x: down", "destination x: auth", "source w",
                                          "model m: guard g"};
    const std::string sync = kSyncs[random_.below(std::size(kSyncs))];
    if (random_.chance(0.4)) {
      auditor_.works(sync);
      return outages_.add(about(sync, AlertEvent::recovered, "", now_), now_);
    }
    static constexpr AlertEvent kEvents[] = {AlertEvent::failed, AlertEvent::stopped, AlertEvent::broken,
                                             AlertEvent::late};
    Notice notice = about(sync, kEvents[random_.below(std::size(kEvents))],
                          kCauses[random_.below(std::size(kCauses))], now_);
    auditor_.fails(sync);
    outages_.add(notice, now_);
  }

  void speak(bool with_troubles) {
    while (auto message = outages_.take(now_, random_.chance(0.05))) {
      const double luck = with_troubles ? random_.fraction() : 1;
      const Arrival arrival = luck < 0.1   ? Arrival::not_arrived
                              : luck < 0.2 ? Arrival::unknown
                                           : Arrival::arrived;
      auditor_.said(*message, arrival, now_);
      if (arrival == Arrival::unknown && random_.chance(0.5)) return restart();  // the sender died
      if (random_.chance(0.3)) happens();                                        // while it is sent
      outages_.told(arrival, now_);
    }
  }

  void restart() {
    auto again = Outages::from_json(alert_, outages_.json());
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(again->json(), outages_.json());
    ASSERT_EQ(again->open(), outages_.open());
    outages_ = *std::move(again);
  }

  void calm() {
    for (const char* sync : {"a", "b", "c", "d", "e"}) {
      auditor_.works(sync);
      outages_.add(about(sync, AlertEvent::recovered, "", now_), now_);
    }
    // Nobody has to look more often than next() says.
    for (int i = 0; i < 200 && outages_.next(now_); ++i) {
      now_ = std::max(now_, *outages_.next(now_));
      while (auto message = outages_.take(now_)) {
        auditor_.said(*message, Arrival::arrived, now_);
        outages_.told(Arrival::arrived, now_);
      }
    }
    EXPECT_TRUE(outages_.open().empty()) << outages_.json();
    auditor_.expect_all_told_to_be_over();
  }

  Random random_;
  config::Alert alert_;
  Auditor auditor_;
  Outages outages_;
  Time now_ = kStart;
};

TEST(Outages, HoldInRandomHistories) {
  const char* one = std::getenv("PENSTOCK_SEED");
  const uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  for (uint64_t seed = first; seed < first + (one != nullptr ? 1 : 300) && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    History(seed).run();
  }
}

}  // namespace
}  // namespace penstock::alert
