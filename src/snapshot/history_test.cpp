// Random histories of commits against a naive twin: a std::map of what was put last.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/memory_disk.h"
#include "base/random.h"
#include "snapshot/snapshot.h"

namespace penstock {
namespace {

using Twin = std::map<KeyHash, KeyState>;

// How the keys of a history lie in the space of hashes.
enum class Spread {
  even,
  equal_hi,  // told apart by `lo` only
  top,       // all want the last slots: a long tail behind the table's capacity
  bottom,
  clusters,
};

KeyHash random_key(Random& random, Spread spread) {
  const uint64_t lo = random.chance(0.1) ? random.below(4) : random.next();
  switch (spread) {
    case Spread::even:
      return {random.next() | 1, lo};
    case Spread::equal_hi:
      return {uint64_t{1} + random.below(3) * 0x7FFFFFFFFFFFFFFF, lo};
    case Spread::top:
      return {~uint64_t{0} - random.below(5), lo};
    case Spread::bottom:
      return {1 + random.below(5), lo};
    case Spread::clusters:
      return {(random.below(7) << 61) + 1 + random.below(20), lo};
  }
  return {};
}

std::string random_text(Random& random) {
  return std::string(random.chance(0.02) ? random.below(3000) : random.below(20),
                     static_cast<char>('a' + random.below(26)));
}

Waiting random_waiting(Random& random) {
  Waiting waiting;
  waiting.fingerprint = random.next();
  waiting.kind = static_cast<Waiting::Kind>(random.below(5));
  waiting.attempts = static_cast<uint32_t>(random.next());
  waiting.since = from_unix_micros(static_cast<int64_t>(random.next()));
  waiting.next_try = from_unix_micros(static_cast<int64_t>(random.next()));
  waiting.cause = random.next();
  waiting.code = random_text(random);
  waiting.message = random_text(random);
  return waiting;
}

KeyState random_state(Random& random, bool plain) {
  KeyState state;
  if (random.chance(0.9)) state.accepted = random.chance(0.1) ? kUnknownPayload : random.below(5) + 1;
  if (plain) return state;
  state.gone = random.chance(0.1);
  state.foreign = random.chance(0.1);
  if (random.chance(0.5)) {
    state.details.emplace();
    state.details->key = random_text(random);
    state.details->record_id = random_text(random);
    for (uint64_t i = random.below(3); i > 0; --i) state.details->match.push_back(random_text(random));
    if (random.chance(0.3)) state.details->waiting = random_waiting(random);
  }
  return state;
}

class History {
 public:
  History(uint64_t seed, Spread spread, uint64_t keys) : random_(seed) {
    for (uint64_t i = 0; i < keys; ++i) pool_.push_back(random_key(random_, spread));
    plain_ = random_.chance(0.3);
  }

  void run(int rounds) {
    check_all();
    for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
      if (random_.chance(0.1)) abandon();
      commit_round();
      check_all();
    }
  }

 private:
  KeyHash any_key() { return pool_[random_.below(pool_.size())]; }
  Snapshot open(Verify verify) {
    auto snapshot = Snapshot::open(disk_, "sync", verify);
    EXPECT_TRUE(snapshot.ok()) << (snapshot.ok() ? "" : snapshot.error().message);
    return std::move(snapshot).value();
  }
  uint64_t round_size() {
    switch (random_.below(4)) {
      case 0:
        return random_.below(3);
      case 1:
        return random_.below(pool_.size() + 1);
      case 2:
        return random_.below(2 * pool_.size() + 1);
      default:
        return random_.below(pool_.size() / 20 + 2);
    }
  }

  void change(ChangeSet& changes, Twin& twin, std::set<KeyHash>& named) {
    for (uint64_t left = round_size(); left > 0; --left) {
      const KeyHash key = any_key();
      named.insert(key);
      if (random_.chance(0.25)) {
        ASSERT_TRUE(changes.erase(key).ok());
        twin.erase(key);
      } else {
        const KeyState state = random_state(random_, plain_);
        ASSERT_TRUE(changes.put(key, state).ok());
        twin[key] = state;
      }
    }
  }

  void abandon() {
    auto changes = ChangeSet::begin(disk_, "sync");
    ASSERT_TRUE(changes.ok());
    Twin ignored;
    std::set<KeyHash> named;
    change(*changes, ignored, named);
  }

  void commit_round() {
    const Snapshot old = open(random_.chance(0.5) ? Verify::headers : Verify::everything);
    auto changes = ChangeSet::begin(disk_, "sync");
    ASSERT_TRUE(changes.ok());
    ManifestUpdate update;
    if (random_.chance(0.1))
      update.refingerprint = [](uint64_t, Fingerprint accepted) { return (accepted * 3 + 1) % 7; };
    Twin next = twin_;
    std::set<KeyHash> named;
    change(*changes, next, named);
    if (update.refingerprint)
      for (auto& [key, state] : next)
        if (!named.contains(key) && state.accepted) state.accepted = update.refingerprint(0, *state.accepted);
    const auto done = commit(old, std::move(changes).value(), update);
    ASSERT_TRUE(done.ok()) << done.error().message;
    twin_ = std::move(next);
  }

  KeyState state_of(const Snapshot& snapshot, const Found& found) {
    KeyState state{.accepted = found.accepted, .gone = found.gone, .foreign = found.foreign};
    Details details = snapshot.details(found.slot).value();
    if (details != Details()) state.details = std::move(details);
    EXPECT_EQ(found.waiting, state.waiting());
    return state;
  }

  static KeyState normal(KeyState state) {  // empty texts are kept as none
    if (state.details == Details()) state.details.reset();
    return state;
  }

  void check_all() {
    const Snapshot snapshot = open(Verify::everything);
    check_visit(snapshot);
    check_probes(snapshot);
    check_unseen(snapshot);
    check_counts(snapshot);
    const Snapshot unverified = open(Verify::headers);
    check_probes(unverified);
  }

  void check_visit(const Snapshot& snapshot) {
    auto expected = twin_.begin();
    ASSERT_TRUE(snapshot
                    .for_each([&](const Found& found) -> Result<void> {
                      EXPECT_NE(expected, twin_.end());
                      if (expected == twin_.end()) return Error{};
                      EXPECT_EQ(found.key, expected->first);
                      EXPECT_EQ(state_of(snapshot, found), normal(expected->second));
                      ++expected;
                      return success();
                    })
                    .ok());
    EXPECT_EQ(expected, twin_.end());
  }

  void check_probes(const Snapshot& snapshot) {
    std::vector<KeyHash> keys = pool_;
    for (int i = 0; i < 20; ++i) keys.push_back(random_key(random_, Spread::even));
    std::vector<Fingerprint> fingerprints;
    for (size_t i = 0; i < keys.size(); ++i) fingerprints.push_back(random_.below(5) + 1);
    std::vector<Probe> probes(keys.size());
    ASSERT_TRUE(snapshot.probe(keys, fingerprints, probes).ok());
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto twin = twin_.find(keys[i]);
      const auto found = snapshot.find(keys[i]).value();
      ASSERT_EQ(found.has_value(), twin != twin_.end());
      ASSERT_EQ(probes[i].standing == Standing::absent, twin == twin_.end());
      if (!found) continue;
      EXPECT_EQ(found->slot, probes[i].slot);
      EXPECT_EQ(snapshot.at(found->slot).value().key, keys[i]);
      const KeyState& state = twin->second;
      const bool same =
          state.accepted == fingerprints[i] && !state.gone && !state.foreign && !state.waiting();
      EXPECT_EQ(probes[i].standing == Standing::same, same);
    }
  }

  void check_unseen(const Snapshot& snapshot) {
    SeenBits seen(snapshot.slot_count());
    std::vector<KeyHash> expected;
    const double share = random_.fraction();
    for (const auto& [key, state] : twin_) {
      const auto found = snapshot.find(key).value();
      ASSERT_TRUE(found.has_value());
      if (random_.chance(share))
        EXPECT_FALSE(seen.mark(found->slot));
      else
        expected.push_back(key);
    }
    std::vector<KeyHash> unseen;
    ASSERT_TRUE(snapshot
                    .for_each_unseen(seen,
                                     [&](const Found& found) -> Result<void> {
                                       unseen.push_back(found.key);
                                       return success();
                                     })
                    .ok());
    EXPECT_EQ(unseen, expected);
  }

  void check_counts(const Snapshot& snapshot) {
    KeyCounts counts;
    std::vector<KeyHash> expected, waiting;
    for (const auto& [key, state] : twin_) {
      ++counts.keys;
      counts.accepted += state.accepted.has_value();
      counts.current += state.accepted.has_value() && !state.gone;
      counts.gone += state.gone;
      counts.foreign += state.foreign;
      counts.waiting += state.waiting();
      if (state.waiting()) expected.push_back(key);
    }
    EXPECT_EQ(snapshot.manifest().counts, counts);
    ASSERT_TRUE(snapshot
                    .for_each_waiting([&](const Found& found) -> Result<void> {
                      waiting.push_back(found.key);
                      return success();
                    })
                    .ok());
    EXPECT_EQ(waiting, expected);
  }

  Random random_;
  MemoryDisk disk_;
  std::vector<KeyHash> pool_;
  bool plain_;
  Twin twin_;
};

TEST(History, EverySnapshotIsWhatWasPutLast) {
  constexpr Spread kSpreads[] = {Spread::even, Spread::equal_hi, Spread::top, Spread::bottom,
                                 Spread::clusters};
  constexpr uint64_t kSizes[] = {1, 3, 20, 300};
  for (uint64_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed, kSpreads[seed % 5], kSizes[seed / 5 % 4]).run(12);
  }
}

// Deltas are merged with each other and into the base again and again.
TEST(History, ManyGenerationsOfAGreaterSnapshot) {
  for (uint64_t seed = 1; seed <= 3 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed, Spread::even, 12'000).run(25);
  }
}

}  // namespace
}  // namespace penstock
