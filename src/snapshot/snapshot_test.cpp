// The snapshot as its users see it: small stories, one at a time. Random histories: history_test.cpp;
// damage: damage_test.cpp; crashes and full disks: crash_test.cpp.
#include "snapshot/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "base/memory_disk.h"
#include "base/random.h"
#include "base/temp_directory.h"

namespace penstock {
namespace {

KeyHash key_of(std::string_view text) {
  const std::array parts{text};
  return hash_key(parts);
}

class SnapshotTest : public testing::Test {
 protected:
  Snapshot open() { return Snapshot::open(disk_, "sync", Verify::everything).value(); }
  ChangeSet begin() { return ChangeSet::begin(disk_, "sync").value(); }
  void commit_changes(ChangeSet changes, const ManifestUpdate& update = {}) {
    const Result<void> done = commit(open(), std::move(changes), update);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  void put(std::string_view key, const KeyState& state) {
    ChangeSet changes = begin();
    ASSERT_TRUE(changes.put(key_of(key), state).ok());
    commit_changes(std::move(changes));
  }
  Probe probe(const Snapshot& snapshot, std::string_view key, Fingerprint fingerprint) {
    const std::array keys{key_of(key)};
    const std::array fingerprints{fingerprint};
    std::array<Probe, 1> probes;
    EXPECT_TRUE(snapshot.probe(keys, fingerprints, probes).ok());
    return probes[0];
  }
  std::vector<uint64_t> unseen(const Snapshot& snapshot, const SeenBits& seen) {
    std::vector<uint64_t> slots;
    EXPECT_TRUE(snapshot
                    .for_each_unseen(seen,
                                     [&](const Found& found) -> Result<void> {
                                       slots.push_back(found.slot);
                                       return success();
                                     })
                    .ok());
    return slots;
  }

  MemoryDisk disk_;
};

TEST_F(SnapshotTest, NothingIsThereBeforeTheFirstCommit) {
  const Snapshot snapshot = open();
  EXPECT_EQ(snapshot.manifest(), Manifest());
  EXPECT_EQ(snapshot.slot_count(), 0u);
  EXPECT_EQ(probe(snapshot, "a", 7).standing, Standing::absent);
  EXPECT_FALSE(snapshot.find(key_of("a")).value().has_value());
}

TEST_F(SnapshotTest, TellsUnchangedFromChangedFromAdded) {
  put("a", {.accepted = 7});
  const Snapshot snapshot = open();
  EXPECT_EQ(probe(snapshot, "a", 7).standing, Standing::same);
  EXPECT_EQ(probe(snapshot, "a", 8).standing, Standing::other);
  EXPECT_EQ(probe(snapshot, "b", 7).standing, Standing::absent);
}

TEST_F(SnapshotTest, AnUnknownPayloadDiffersFromEverything) {
  put("a", {.accepted = kUnknownPayload, .foreign = true});
  put("b", {.accepted = kUnknownPayload});
  const Snapshot snapshot = open();
  for (const Fingerprint fingerprint : {Fingerprint{1}, kUnknownPayload, ~kUnknownPayload - 1})
    for (const char* key : {"a", "b"}) EXPECT_EQ(probe(snapshot, key, fingerprint).standing, Standing::other);
  const Found found = snapshot.find(key_of("a")).value().value();
  EXPECT_EQ(found.accepted, kUnknownPayload);
  EXPECT_TRUE(found.foreign);
  EXPECT_FALSE(found.removable());
  EXPECT_TRUE(snapshot.find(key_of("b")).value()->removable());
}

TEST_F(SnapshotTest, AnEqualFingerprintIsNotEnoughForAKeyThatIsGoneOrWaits) {
  put("gone", {.accepted = 7, .gone = true});
  put("waits", {.accepted = 7, .details = Details{.key = "waits", .waiting = Waiting{.fingerprint = 8}}});
  const Snapshot snapshot = open();
  EXPECT_EQ(probe(snapshot, "gone", 7).standing, Standing::other);
  EXPECT_EQ(probe(snapshot, "waits", 7).standing, Standing::other);
  const Found found = snapshot.at(probe(snapshot, "waits", 7).slot).value();
  EXPECT_EQ(found.accepted, Fingerprint{7});
  EXPECT_TRUE(found.waiting);
}

TEST_F(SnapshotTest, AKeyThatOnlyWaitsIsNeitherAcceptedNorRemovable) {
  put("a", {.details = Details{.key = "a", .waiting = Waiting{.fingerprint = 8}}});
  const Snapshot snapshot = open();
  EXPECT_FALSE(snapshot.find(key_of("a")).value()->removable());
  EXPECT_EQ(snapshot.manifest().counts, (KeyCounts{.keys = 1, .waiting = 1}));
}

TEST_F(SnapshotTest, KeepsTheTextsOfAKey) {
  const Details details{.key = "a",
                        .record_id = "31337",
                        .match = {"a@example.org", "", "\xC3\xA9"},
                        .waiting = Waiting{.fingerprint = 8,
                                           .kind = Waiting::Kind::in_doubt,
                                           .attempts = 300,
                                           .since = from_unix_micros(1'700'000'000'000'000),
                                           .next_try = from_unix_micros(-5),
                                           .cause = ~uint64_t{0},
                                           .code = "INVALID_EMAIL",
                                           .message = "no such thing"}};
  put("a", {.accepted = 7, .details = details});
  put("b", {.accepted = 9});
  const Snapshot snapshot = open();
  EXPECT_EQ(snapshot.details(probe(snapshot, "a", 1).slot).value(), details);
  EXPECT_EQ(snapshot.details(probe(snapshot, "b", 1).slot).value(), Details());
}

TEST_F(SnapshotTest, LongReasonsAreCutBetweenCharacters) {
  std::string message = "x";
  for (int i = 0; i < 4000; ++i) message += "\xC3\xA9";
  put("a", {.details = Details{.waiting = Waiting{.message = message}}});
  const Snapshot snapshot = open();
  const std::string kept = snapshot.details(probe(snapshot, "a", 1).slot).value().waiting->message;
  EXPECT_EQ(kept, message.substr(0, 4095));
}

TEST_F(SnapshotTest, TextsBeyondEightMegabytesAreRefused) {
  ChangeSet changes = begin();
  const auto refused = changes.put(key_of("a"), {.details = Details{.key = std::string(9 << 20, 'k')}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::config);
  EXPECT_LT(refused.error().message.size(), 300u);
}

TEST_F(SnapshotTest, TheLastWordAboutAKeyWins) {
  ChangeSet changes = begin();
  ASSERT_TRUE(changes.put(key_of("a"), {.accepted = 1, .details = Details{.key = "first"}}).ok());
  ASSERT_TRUE(changes.erase(key_of("a")).ok());
  ASSERT_TRUE(changes.put(key_of("a"), {.accepted = 2, .details = Details{.key = "second"}}).ok());
  ASSERT_TRUE(changes.put(key_of("b"), {.accepted = 1}).ok());
  ASSERT_TRUE(changes.erase(key_of("b")).ok());
  EXPECT_EQ(changes.size(), 5u);
  commit_changes(std::move(changes));
  const Snapshot snapshot = open();
  const Probe a = probe(snapshot, "a", 2);
  EXPECT_EQ(a.standing, Standing::same);
  EXPECT_EQ(snapshot.details(a.slot).value().key, "second");
  EXPECT_EQ(probe(snapshot, "b", 1).standing, Standing::absent);
  EXPECT_EQ(snapshot.manifest().counts.keys, 1u);
}

TEST_F(SnapshotTest, UnseenKeysAreTheRemovedOnesAlsoWhenANewerTableShadowsThem) {
  ChangeSet changes = begin();
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(changes.put(key_of(key), {.accepted = 1}).ok());
  commit_changes(std::move(changes));
  ChangeSet more = begin();
  ASSERT_TRUE(more.put(key_of("b"), {.accepted = 2}).ok());
  ASSERT_TRUE(more.put(key_of("c"), {.accepted = 2}).ok());
  ASSERT_TRUE(more.erase(key_of("d")).ok());
  commit_changes(std::move(more));
  const Snapshot snapshot = open();
  ASSERT_EQ(snapshot.manifest().tables.size(), 2u);

  SeenBits seen(snapshot.slot_count());
  const uint64_t a = probe(snapshot, "a", 1).slot, b = probe(snapshot, "b", 2).slot;
  EXPECT_FALSE(seen.mark(a));
  EXPECT_TRUE(seen.mark(a)) << "a second row with this key";
  EXPECT_FALSE(seen.mark(b));
  EXPECT_EQ(seen.count(), 2u);
  EXPECT_EQ(unseen(snapshot, seen), std::vector{probe(snapshot, "c", 2).slot});
}

TEST_F(SnapshotTest, VisitsWaitingKeysOnly) {
  put("a", {.accepted = 1});
  put("b", {.accepted = 1, .details = Details{.waiting = Waiting{.code = "B"}}});
  put("c", {.accepted = 1, .details = Details{.waiting = Waiting{.code = "C"}}});
  put("c", {.accepted = 2});
  const Snapshot snapshot = open();
  std::string codes;
  ASSERT_TRUE(snapshot
                  .for_each_waiting([&](const Found& found) -> Result<void> {
                    codes += snapshot.details(found.slot).value().waiting->code;
                    return success();
                  })
                  .ok());
  EXPECT_EQ(codes, "B");
}

TEST_F(SnapshotTest, AVisitorsErrorEndsTheVisit) {
  put("a", {.accepted = 1});
  put("b", {.accepted = 1});
  int visits = 0;
  const auto ended = open().for_each([&](const Found&) -> Result<void> {
    ++visits;
    return Error{ErrorKind::interrupted, "enough", ""};
  });
  EXPECT_EQ(ended.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(visits, 1);
}

TEST_F(SnapshotTest, TheManifestKeepsWhatIsNotGivenAnew) {
  commit_changes(begin(), {.last_run = "r1", .mappings = "{\"f\":\"\\u0001\"}", .extras = {{{"a", "b\n"}}}});
  commit_changes(begin(), {.last_run = "r2"});
  const Manifest manifest = open().manifest();
  EXPECT_EQ(manifest.generation, 2u);
  EXPECT_EQ(manifest.last_run, "r2");
  EXPECT_EQ(manifest.mappings, "{\"f\":\"\\u0001\"}");
  EXPECT_EQ(manifest.extras.at("a"), "b\n");
  EXPECT_TRUE(manifest.tables.empty());
}

TEST_F(SnapshotTest, ANewMappingRewritesTheFingerprintsOfUntouchedKeys) {
  ChangeSet changes = begin();
  const Details details{.key = "gone", .record_id = "17"};
  ASSERT_TRUE(changes.put(key_of("plain"), {.accepted = 1}).ok());
  ASSERT_TRUE(changes.put(key_of("gone"), {.accepted = 2, .gone = true, .details = details}).ok());
  ASSERT_TRUE(changes.put(key_of("waits"), {.details = Details{.waiting = Waiting{}}}).ok());
  ASSERT_TRUE(changes.put(key_of("sent"), {.accepted = 4}).ok());
  commit_changes(std::move(changes));

  const Snapshot old = open();
  ChangeSet sent = begin();
  ASSERT_TRUE(sent.put(key_of("sent"), {.accepted = 40}).ok());
  std::vector<Fingerprint> asked;
  const ManifestUpdate update{.mappings = "new", .refingerprint = [&](uint64_t slot, Fingerprint accepted) {
                                EXPECT_EQ(old.at(slot).value().accepted, accepted);
                                asked.push_back(accepted);
                                return accepted * 100;
                              }};
  ASSERT_TRUE(commit(old, std::move(sent), update).ok());
  std::sort(asked.begin(), asked.end());
  EXPECT_EQ(asked, (std::vector<Fingerprint>{1, 2}));

  const Snapshot snapshot = open();
  EXPECT_EQ(snapshot.manifest().tables.size(), 1u);
  EXPECT_EQ(probe(snapshot, "plain", 100).standing, Standing::same);
  EXPECT_EQ(probe(snapshot, "sent", 40).standing, Standing::same);
  const Found gone = snapshot.find(key_of("gone")).value().value();
  EXPECT_TRUE(gone.gone);
  EXPECT_EQ(gone.accepted, Fingerprint{200});
  EXPECT_EQ(snapshot.details(gone.slot).value(), details);
  EXPECT_FALSE(snapshot.find(key_of("waits")).value()->accepted.has_value());
}

TEST_F(SnapshotTest, AnOpenSnapshotIsNotDisturbedByCommits) {
  put("a", {.accepted = 1, .details = Details{.key = "first"}});
  const Snapshot before = open();
  ChangeSet changes = begin();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(changes.put(key_of(std::to_string(i)), {.accepted = 5}).ok());
  ASSERT_TRUE(changes.erase(key_of("a")).ok());
  commit_changes(std::move(changes));
  EXPECT_EQ(open().manifest().tables.size(), 1u) << "the old table is merged away";
  const Probe probed = probe(before, "a", 1);
  EXPECT_EQ(probed.standing, Standing::same);
  EXPECT_EQ(before.details(probed.slot).value().key, "first");
}

TEST_F(SnapshotTest, ACommitOnAStaleSnapshotIsRefused) {
  const Snapshot old = open();
  put("a", {.accepted = 1});
  const auto refused = commit(old, begin(), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::locked);
}

TEST_F(SnapshotTest, LeftoversOfACrashAreRemovedByTheNextCommit) {
  put("a", {.accepted = 1});
  for (const char* name : {"table-99.snap", "changes.tmp", "manifest.new"})
    ASSERT_TRUE(disk_.replace(join_path("sync", name), "half").ok());
  put("b", {.accepted = 1});
  EXPECT_EQ(disk_.list("sync").value(),
            (std::vector<std::string>{"manifest", "table-1.snap", "table-100.snap"}));
}

TEST(SnapshotOnDisk, IsFoundAgain) {
  const TempDirectory directory;
  const std::string sync = directory.path("state/sync");
  for (uint64_t round = 0; round < 5; ++round) {
    const Snapshot old = Snapshot::open(real_disk(), sync, Verify::everything).value();
    EXPECT_EQ(old.manifest().counts.accepted, round);
    ChangeSet changes = ChangeSet::begin(real_disk(), sync).value();
    ASSERT_TRUE(changes.put(key_of(std::to_string(round)), {.accepted = 1}).ok());
    ASSERT_TRUE(commit(old, std::move(changes), {}).ok());
  }
}

// Enough keys that two threads check the slots.
void find_a_million_keys(Disk& disk, const std::string& directory) {
  Random random(1);
  std::vector<KeyHash> keys(1'000'000);
  std::vector<Fingerprint> fingerprints(keys.size(), 7);
  ChangeSet changes = ChangeSet::begin(disk, directory).value();
  for (KeyHash& key : keys) {
    key = {random.next() | 1, random.next()};
    ASSERT_TRUE(changes.put(key, {.accepted = 7}).ok());
  }
  const Snapshot empty = Snapshot::open(disk, directory, Verify::headers).value();
  ASSERT_TRUE(commit(empty, std::move(changes), {}).ok());
  const Snapshot snapshot = Snapshot::open(disk, directory, Verify::everything).value();
  std::vector<Probe> probes(keys.size());
  ASSERT_TRUE(snapshot.probe(keys, fingerprints, probes).ok());
  SeenBits seen(snapshot.slot_count());
  for (const Probe& probe : probes) {
    ASSERT_EQ(probe.standing, Standing::same);
    ASSERT_FALSE(seen.mark(probe.slot));
  }

  // However the slots come into huge pages, they are checked.
  const std::string file = directory + "/table-1.snap";
  std::string bytes = disk.read(file).value();
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(disk.replace(file, bytes).ok());
  const auto damaged = Snapshot::open(disk, directory, Verify::everything);
  ASSERT_FALSE(damaged.ok());
  EXPECT_THAT(damaged.error().message, testing::HasSubstr("is damaged near byte"));
}

TEST(SnapshotOnDisk, AMillionKeysAreAllFound) {
  const TempDirectory directory;
  find_a_million_keys(real_disk(), directory.path("sync"));
}

// What cannot be mapped in huge pages is copied into such.
TEST(SnapshotInMemory, AMillionKeysAreAllFound) {
  MemoryDisk disk;
  find_a_million_keys(disk, "sync");
}

TEST(SeenBits, FindsWhatIsNotMarked) {
  SeenBits seen(200);
  for (uint64_t slot = 0; slot < 200; ++slot)
    if (slot != 5 && slot != 64 && slot != 191) seen.mark(slot);
  EXPECT_EQ(seen.next_unmarked(0, 200), 5u);
  EXPECT_EQ(seen.next_unmarked(5, 200), 5u);
  EXPECT_EQ(seen.next_unmarked(6, 200), 64u);
  EXPECT_EQ(seen.next_unmarked(65, 200), 191u);
  EXPECT_EQ(seen.next_unmarked(65, 100), 100u);
  EXPECT_EQ(seen.next_unmarked(192, 200), 200u);
}

TEST_F(SnapshotTest, BytesThatAreNotTextAreKeptOutOfTheManifest) {
  EXPECT_FALSE(commit(open(), begin(), {.last_run = "\xFF"}).ok());
  EXPECT_FALSE(commit(open(), begin(), {.extras = {{{"a", "\xC3"}}}}).ok());
}

TEST_F(SnapshotTest, FewTablesAtAnyTimeAndNoDeltaBeyondItsShare) {
  uint64_t committed = 0;
  for (int round = 0; round < 300; ++round) {
    ChangeSet changes = begin();
    for (int i = 0; i < 100; ++i)
      ASSERT_TRUE(changes.put(key_of(std::to_string(committed++)), {.accepted = 1}).ok());
    commit_changes(std::move(changes));
    const auto& tables = open().manifest().tables;
    ASSERT_LE(tables.size(), 6u);
    uint64_t deltas = 0;
    for (size_t i = 1; i < tables.size(); ++i) deltas += tables[i].entries;
    ASSERT_LE(deltas, std::max<uint64_t>(tables[0].entries / 16, 4096));
  }
  EXPECT_EQ(open().manifest().counts,
            (KeyCounts{.keys = committed, .accepted = committed, .current = committed}));
}

}  // namespace
}  // namespace penstock
