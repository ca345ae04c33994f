// One suite for every place that keeps a queue of runs. tests/state/queue_test.py runs it with a PostgreSQL
// server: PENSTOCK_TEST_STATE names it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <thread>

#include "base/random.h"
#include "base/temp_directory.h"
#include "state/state.h"

namespace penstock::state {
namespace {

constexpr Time kNoon{std::chrono::hours(12)};

class Queue : public testing::Test {
 protected:
  void SetUp() override {
    const char* elsewhere = std::getenv("PENSTOCK_TEST_STATE");
    auto place = parse_place(elsewhere != nullptr ? elsewhere : directory_.path());
    ASSERT_TRUE(place.ok());
    if (elsewhere != nullptr) place->schema = fmt::format("q{}", Random::from_system().below(1'000'000'000));
    auto opened = State::open(real_disk(), *place, join_path(directory_.path(), "cache"));
    ASSERT_TRUE(opened.ok());
    state_ = *std::move(opened);
    auto queue = state_->queue();
    ASSERT_TRUE(queue.ok()) << queue.error().message;
    queue_ = *std::move(queue);
  }

  static QueuedRun run(const std::string& id, const std::string& sync, Duration after = 0s) {
    QueuedRun run;
    run.run = id;
    run.sync = sync;
    run.destination = "to_" + sync;
    run.asked = kNoon + after;
    return run;
  }
  void put(const QueuedRun& run) {
    const auto put = queue_->put(run);
    ASSERT_TRUE(put.ok()) << put.error().message;
    ASSERT_TRUE(put->added);
  }
  std::string take(const std::string& worker = "w") {
    const auto taken = queue_->take(worker, fmt::format("claim {}", ++claims_), kNoon);
    EXPECT_TRUE(taken.ok());
    return taken.ok() && *taken ? (*taken)->run : "";
  }

  TempDirectory directory_;
  std::unique_ptr<State> state_;
  std::unique_ptr<RunQueue> queue_;
  int claims_ = 0;
};

TEST_F(Queue, GivesRunsInTheirOrderAndNoneTwice) {
  put(run("2", "b", 2s));
  put(run("1", "a", 1s));
  EXPECT_EQ(take(), "1");
  EXPECT_EQ(take(), "2");
  EXPECT_EQ(take(), "");
}

TEST_F(Queue, ASyncRunsOnceAtATime) {
  put(run("1", "a"));
  EXPECT_EQ(take(), "1");
  QueuedRun second = run("2", "a", 1s);
  second.kind = "full";
  put(second);
  put(run("3", "b", 2s));
  EXPECT_EQ(take(), "3");
  EXPECT_EQ(take(), "");
  ASSERT_TRUE(queue_->end("1", R"({"status":"succeeded"})", kNoon).ok());
  EXPECT_EQ(take(), "2");
  const auto ended = queue_->find("1");
  ASSERT_TRUE(ended.ok() && *ended);
  EXPECT_EQ((*ended)->state, QueuedRun::State::ended);
  EXPECT_EQ((*ended)->report, R"({"status":"succeeded"})");
}

TEST_F(Queue, PriorityGoesFirstThenTheDestinationThatIsIdle) {
  for (int i = 0; i < 3; ++i) {
    QueuedRun slow = run(fmt::format("s{}", i), fmt::format("slow{}", i), std::chrono::seconds(i));
    slow.destination = "slow";
    put(slow);
  }
  put(run("other", "other", 9s));
  QueuedRun urgent = run("urgent", "urgent", 10s);
  urgent.priority = 1;
  put(urgent);
  EXPECT_EQ(take(), "urgent");
  EXPECT_EQ(take(), "s0");
  EXPECT_EQ(take(), "other");
  EXPECT_EQ(take(), "s1");
}

TEST_F(Queue, AskingTwiceIsAskingOnce) {
  QueuedRun first = run("1", "a");
  first.once = "key";
  put(first);
  QueuedRun again = run("2", "a");
  again.once = "key";
  const auto same = queue_->put(again);
  ASSERT_TRUE(same.ok());
  EXPECT_FALSE(same->added);
  EXPECT_EQ(same->run.run, "1");
  // One that waits stands for another of its kind; once it runs, the other is one of its own.
  const auto equal = queue_->put(run("3", "a"));
  ASSERT_TRUE(equal.ok());
  EXPECT_EQ(equal->run.run, "1");
  EXPECT_EQ(take(), "1");
  const auto later = queue_->put(run("4", "a"));
  ASSERT_TRUE(later.ok());
  EXPECT_TRUE(later->added);
  // The key holds as long as the run is remembered.
  ASSERT_TRUE(queue_->end("1", "", kNoon).ok());
  EXPECT_EQ(queue_->put(again)->run.run, "1");
  ASSERT_TRUE(queue_->forget(kNoon + 1s).ok());
  again.kind = "full";
  EXPECT_TRUE(queue_->put(again)->added);
}

TEST_F(Queue, OneSchedulerOfSeveralPutsWhatIsDue) {
  ASSERT_TRUE(queue_->note_seen("a", kNoon).ok());
  ASSERT_TRUE(queue_->note_seen("a", kNoon + 1h).ok());
  EXPECT_EQ((*queue_->marks())["a"].seen, kNoon);
  EXPECT_TRUE(*queue_->put_due(run("1", "a", 1s), std::nullopt));
  EXPECT_FALSE(*queue_->put_due(run("2", "a", 1s), std::nullopt));
  EXPECT_EQ((*queue_->marks())["a"].due, kNoon + 1s);
  // While one waits, a later due time moves the mark, and nothing waits twice.
  EXPECT_TRUE(*queue_->put_due(run("3", "a", 2s), kNoon + 1s));
  EXPECT_EQ(queue_->open_runs()->size(), 1u);
}

TEST_F(Queue, AWorkerThatIsGoneIsNoticed) {
  put(run("1", "a"));
  EXPECT_EQ(take("gone"), "1");
  EXPECT_TRUE(queue_->beat("gone", {"1"}, kNoon + 10s)->empty());
  EXPECT_TRUE(queue_->silent(kNoon + 10s)->empty());
  ASSERT_EQ(queue_->silent(kNoon + 11s)->size(), 1u);
  // Another run takes its place: it waits until the lost one is ended.
  QueuedRun another = run("2", "a");
  another.once = "instead of 1";
  put(another);
  EXPECT_EQ(take("other"), "");
  ASSERT_TRUE(queue_->end("1", R"({"status":"interrupted"})", kNoon).ok());
  EXPECT_EQ(take("other"), "2");
  // Should the worker come back, it hears that the run is not its own.
  EXPECT_EQ(*queue_->beat("gone", {"1"}, kNoon + 12s), std::vector<std::string>{"1"});
  ASSERT_TRUE(queue_->give_back("2").ok());
  EXPECT_EQ(take("other"), "2");
}

TEST_F(Queue, CancellingEndsWhatWaitsAndTellsTheWorkerOfWhatRuns) {
  put(run("1", "a"));
  put(run("2", "b", 1s));
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(*queue_->cancel("1", kNoon));
  EXPECT_TRUE(*queue_->cancel("2", kNoon));
  EXPECT_FALSE(*queue_->cancel("2", kNoon));
  EXPECT_FALSE(*queue_->cancel("never", kNoon));
  EXPECT_EQ(take(), "");
  EXPECT_EQ(*queue_->beat("w", {"1"}, kNoon), std::vector<std::string>{"1"});
  EXPECT_EQ((*queue_->find("2"))->state, QueuedRun::State::ended);
}

TEST_F(Queue, PausesAreRemembered) {
  ASSERT_TRUE(queue_->set_paused("a", "eve", kNoon).ok());
  EXPECT_EQ((*queue_->marks())["a"].paused_by, "eve");
  EXPECT_EQ((*queue_->marks())["a"].paused, kNoon);
  ASSERT_TRUE(queue_->set_paused("a", std::nullopt, kNoon).ok());
  EXPECT_FALSE((*queue_->marks())["a"].paused);
}

TEST_F(Queue, TheSameClaimIsTheSameRun) {
  put(run("1", "a"));
  put(run("2", "b"));
  const auto first = queue_->take("w", "lost answer", kNoon);
  ASSERT_TRUE(first.ok() && *first);
  const auto again = queue_->take("w", "lost answer", kNoon);
  ASSERT_TRUE(again.ok() && *again);
  EXPECT_EQ((*again)->run, (*first)->run);
}

TEST_F(Queue, RemembersWhatWasEntered) {
  EXPECT_TRUE(queue_->entered()->empty());
  ASSERT_TRUE(queue_->note_entered({}).ok());
  ASSERT_TRUE(queue_
                  ->note_entered({{"b:443", "destinations/b.yaml", "eve", kNoon},
                                  {"a'\\:80", "destinations/a.yaml", "bob", kNoon + 1s}})
                  .ok());
  ASSERT_TRUE(queue_->note_entered({{"b:443", "destinations/c.yaml", "bob", kNoon + 2s}}).ok());
  const auto all = queue_->entered();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().address, "a'\\:80");
  EXPECT_EQ(all->front().at, kNoon + 1s);
  EXPECT_EQ(all->back().file, "destinations/b.yaml");
  EXPECT_EQ(all->back().by, "eve");
}

// Workers on many threads: every run is had once, and no sync by two at a time.
TEST_F(Queue, ManyWorkersAtOnce) {
  constexpr int kRuns = 60, kWorkers = 4;
  for (int i = 0; i < kRuns; ++i) {
    QueuedRun one = run(fmt::format("{:03}", i), fmt::format("s{}", i % 7));
    one.options = fmt::to_string(i);
    put(one);
  }
  std::mutex mutex;
  std::set<std::string> done, busy;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker)
    threads.emplace_back([&, worker] {
      for (int tries = 0; tries < 2000; ++tries) {
        const auto taken =
            queue_->take(fmt::format("w{}", worker), fmt::format("{} {}", worker, tries), kNoon);
        ASSERT_TRUE(taken.ok());
        if (!*taken) {
          const std::lock_guard lock(mutex);
          if (done.size() == kRuns) return;
          continue;
        }
        {
          const std::lock_guard lock(mutex);
          EXPECT_TRUE(busy.insert((*taken)->sync).second) << (*taken)->sync << " by two at once";
          EXPECT_TRUE(done.insert((*taken)->run).second) << (*taken)->run << " twice";
          busy.erase((*taken)->sync);
        }
        ASSERT_TRUE(queue_->end((*taken)->run, "", kNoon).ok());
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done.size(), static_cast<size_t>(kRuns));
}

}  // namespace
}  // namespace penstock::state
