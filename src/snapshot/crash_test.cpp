// A commit is struck at each of its disk operations: by a power cut, a full disk, a read-only disk.
#include <gtest/gtest.h>

#include <map>

#include "base/faulty_disk.h"
#include "base/memory_disk.h"
#include "base/random.h"
#include "snapshot/snapshot.h"

namespace penstock {
namespace {

using Contents = std::map<KeyHash, KeyState>;
using Fault = FaultyDisk::Fault;

class Struck {
 public:
  explicit Struck(uint64_t seed) : random_(seed), disk_(memory_, seed) {}

  // Commits again and again, the n-th time struck at the n-th operation, until one is too short for that.
  void strike_everywhere(Fault fault) {
    for (uint64_t operation = 0; !testing::Test::HasFailure(); ++operation) {
      SCOPED_TRACE("operation " + std::to_string(operation));
      const Changes changes = random_changes();
      disk_.arm(fault, operation);
      const Result<void> done = attempt(changes);
      const bool struck = disk_.struck();
      if (fault == Fault::power_cut)
        ASSERT_TRUE(disk_.power_on().ok());
      else
        disk_.disarm();
      check_outcome(fault, done, changes);
      if (!struck) break;
      ++strikes_;
    }
    check_no_leftovers();
  }
  uint64_t strikes() const { return strikes_; }

 private:
  using Changes = std::map<KeyHash, std::optional<KeyState>>;

  Changes random_changes() {
    Changes changes;
    for (uint64_t left = 1 + random_.below(random_.chance(0.1) ? 6000 : 100); left > 0; --left) {
      auto& change = changes[{random_.below(8000) << 50 | 1, 5}];
      if (random_.chance(0.2)) continue;
      change = KeyState{.accepted = random_.next()};
      if (random_.chance(0.3))
        change->details = Details{.key = "k", .record_id = std::to_string(random_.next())};
    }
    return changes;
  }

  Result<void> attempt(const Changes& wanted) {
    auto old = Snapshot::open(disk_, sync_, random_.chance(0.5) ? Verify::headers : Verify::everything);
    if (!old.ok()) return old.error();
    auto changes = ChangeSet::begin(disk_, sync_);
    if (!changes.ok()) return changes.error();
    for (const auto& [key, state] : wanted) {
      auto noted = state ? changes->put(key, *state) : changes->erase(key);
      if (!noted.ok()) return noted;
    }
    return commit(*old, std::move(changes).value(), {.last_run = "r" + std::to_string(++run_)});
  }

  void check_outcome(Fault fault, const Result<void>& done, const Changes& changes) {
    Contents next = contents_;
    for (const auto& [key, state] : changes)
      if (state)
        next[key] = *state;
      else
        next.erase(key);
    const Contents now = read_all();
    if (done.ok()) {
      EXPECT_EQ(now, next);
    } else {
      EXPECT_EQ(done.error().kind, ErrorKind::disk);
      if (fault != Fault::power_cut) {
        EXPECT_FALSE(done.error().remedy.empty()) << done.error().message;
        EXPECT_EQ(now, contents_);
      } else {
        EXPECT_TRUE(now == contents_ || now == next);
      }
    }
    contents_ = now;
  }

  Contents read_all() {
    Contents contents;
    auto snapshot = Snapshot::open(disk_, sync_, Verify::everything);
    EXPECT_TRUE(snapshot.ok()) << (snapshot.ok() ? "" : snapshot.error().message);
    if (!snapshot.ok()) return contents;
    EXPECT_TRUE(snapshot
                    ->for_each([&](const Found& found) -> Result<void> {
                      KeyState& state = contents[found.key];
                      state = {.accepted = found.accepted, .gone = found.gone, .foreign = found.foreign};
                      Details details = snapshot->details(found.slot).value();
                      if (details != Details()) state.details = std::move(details);
                      return success();
                    })
                    .ok());
    EXPECT_EQ(snapshot->manifest().counts.keys, contents.size());
    return contents;
  }

  // The last commit was a good one: it leaves its tables and nothing else.
  void check_no_leftovers() {
    const auto snapshot = Snapshot::open(disk_, sync_, Verify::headers);
    ASSERT_TRUE(snapshot.ok());
    EXPECT_EQ(disk_.list(sync_).value().size(), 1 + snapshot->manifest().tables.size());
  }

  Random random_;
  MemoryDisk memory_;
  std::string sync_ = "state/sync";
  FaultyDisk disk_;
  Contents contents_;
  uint64_t run_ = 0;
  uint64_t strikes_ = 0;
};

class CrashTest : public testing::TestWithParam<Fault> {};

TEST_P(CrashTest, TheOldOrTheNewSnapshotIsFound) {
  uint64_t strikes = 0;
  for (uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Struck struck(seed);
    struck.strike_everywhere(GetParam());
    struck.strike_everywhere(GetParam());  // once more, on what the first left behind
    strikes += struck.strikes();
  }
  EXPECT_GT(strikes, 400u);
}

std::string name_of_fault(const testing::TestParamInfo<Fault>& which) {
  switch (which.param) {
    case Fault::full:
      return "Full";
    case Fault::read_only:
      return "ReadOnly";
    case Fault::power_cut:
      return "PowerCut";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Faults, CrashTest, testing::Values(Fault::power_cut, Fault::full, Fault::read_only),
                         name_of_fault);

}  // namespace
}  // namespace penstock
