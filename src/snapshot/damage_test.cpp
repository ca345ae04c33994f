// Every byte of a snapshot's files is damaged, every length cut off: it is refused, or it reads as before.
#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <map>

#include "base/memory_disk.h"
#include "base/random.h"
#include "snapshot/snapshot.h"

namespace penstock {
namespace {

using Contents = std::map<KeyHash, KeyState>;

KeyState state_of(int i) {
  KeyState state{.accepted = static_cast<Fingerprint>(100 + i)};
  if (i % 3 == 0) state.details = Details{.key = std::to_string(i), .record_id = "r"};
  if (i % 6 == 0) state.details->waiting = Waiting{.fingerprint = 9, .code = "CODE", .message = "message"};
  state.gone = i % 7 == 1;
  return state;
}

KeyHash key_of(int i) {
  return {Random(static_cast<uint64_t>(i)).next() | 1, static_cast<uint64_t>(i)};
}

// Everything a snapshot can tell, by every way it can be asked.
Result<Contents> read_all(Disk& disk, const std::string& directory, Verify verify) {
  auto snapshot = Snapshot::open(disk, directory, verify);
  if (!snapshot.ok()) return snapshot.error();
  Contents contents;
  const auto collect = [&](const Found& found) -> Result<void> {
    auto details = snapshot->details(found.slot);
    if (!details.ok()) return details.error();
    KeyState& state = contents[found.key];
    state = {.accepted = found.accepted, .gone = found.gone, .foreign = found.foreign};
    if (*details != Details()) state.details = std::move(details).value();
    return success();
  };
  if (auto visited = snapshot->for_each(collect); !visited.ok()) return visited.error();
  const SeenBits none_seen(snapshot->slot_count());
  if (auto visited = snapshot->for_each_unseen(none_seen, collect); !visited.ok()) return visited.error();
  if (auto visited = snapshot->for_each_waiting(collect); !visited.ok()) return visited.error();
  for (int i = 0; i < 30; ++i) {
    const KeyHash key = key_of(i);
    auto found = snapshot->find(key);
    if (!found.ok()) return found.error();
    if (found->has_value() != contents.contains(key)) return Error{ErrorKind::internal, "find differs", ""};
    const Fingerprint fingerprint = Fingerprint{100} + static_cast<Fingerprint>(i);
    Probe probe;
    auto probed = snapshot->probe({&key, 1}, {&fingerprint, 1}, {&probe, 1});
    if (!probed.ok()) return probed.error();
  }
  return contents;
}

class DamageTest : public testing::Test {
 protected:
  void SetUp() override {
    make_files();
    original_ = read_all(disk_, kSync, Verify::everything).value();
    ASSERT_EQ(original_.size(), 23u);
    files_ = disk_.list(kSync).value();
    ASSERT_EQ(files_.size(), 3u) << "manifest and two tables";
  }

  void make_files() {
    commit_range(0, 20);
    commit_range(15, 25);  // a newer table that shadows a part
  }
  void commit_range(int begin, int end) {
    auto old = Snapshot::open(disk_, kSync, Verify::everything).value();
    auto changes = ChangeSet::begin(disk_, kSync).value();
    for (int i = begin; i < end; ++i) ASSERT_TRUE(changes.put(key_of(i), state_of(i)).ok());
    if (begin > 0) {
      ASSERT_TRUE(changes.erase(key_of(0)).ok());
      ASSERT_TRUE(changes.erase(key_of(16)).ok());
    }
    ASSERT_TRUE(commit(old, std::move(changes), {.last_run = "r"}).ok());
  }

  std::string bytes_of(const std::string& name) { return disk_.read(join_path(kSync, name)).value(); }
  void set_bytes(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(disk_.replace(join_path(kSync, name), bytes).ok());
  }

  // With these bytes in the file's place: refused with words that help, or the very same contents.
  void expect_refused_or_same(const std::string& name, const std::string& bytes, const std::string& what) {
    const std::string good = bytes_of(name);
    set_bytes(name, bytes);
    auto contents = read_all(disk_, kSync, Verify::everything);
    set_bytes(name, good);
    if (contents.ok()) {
      EXPECT_EQ(*contents, original_) << name << " " << what;
      return;
    }
    ++refused_;
    const Error& error = contents.error();
    EXPECT_EQ(error.kind, ErrorKind::disk) << name << " " << what << ": " << error.message;
    EXPECT_NE(error.message.find(join_path(kSync, name)), std::string::npos) << error.message;
    EXPECT_FALSE(error.remedy.empty()) << error.message;
  }

  static constexpr const char* kSync = "state/sync";
  MemoryDisk disk_;
  Contents original_;
  std::vector<std::string> files_;
  uint64_t refused_ = 0;
};

TEST_F(DamageTest, EveryDamagedByteIsRefusedOrHarmless) {
  Random random(1);
  for (const std::string& name : files_) {
    const std::string bytes = bytes_of(name);
    for (size_t at = 0; at < bytes.size() && !HasFailure(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
      expect_refused_or_same(name, damaged, "with another byte " + std::to_string(at));
    }
  }
  EXPECT_GT(refused_, 3000u);
}

TEST_F(DamageTest, EveryLostTailIsRefused) {
  for (const std::string& name : files_) {
    const std::string bytes = bytes_of(name);
    for (size_t size = 0; size < bytes.size() && !HasFailure(); ++size) {
      const uint64_t before = refused_;
      expect_refused_or_same(name, bytes.substr(0, size), "cut to " + std::to_string(size));
      EXPECT_EQ(refused_, before + 1) << name << " cut to " << size;
    }
    const uint64_t before = refused_;
    expect_refused_or_same(name, bytes + '\0', "with one byte more");
    EXPECT_EQ(refused_, before + 1);
  }
}

TEST_F(DamageTest, ExchangedAndMissingFilesAreRefused) {
  expect_refused_or_same(files_[2], bytes_of(files_[1]), "taken from the other table");
  EXPECT_EQ(refused_, 1u);
  ASSERT_TRUE(disk_.remove(join_path(kSync, files_[2])).ok());
  EXPECT_NE(Snapshot::open(disk_, kSync, Verify::headers).error().message.find(files_[2]), std::string::npos);
  ASSERT_TRUE(disk_.remove(join_path(kSync, "manifest")).ok());
  const Error lost = Snapshot::open(disk_, kSync, Verify::headers).error();
  EXPECT_EQ(lost.kind, ErrorKind::disk) << "not taken for an empty snapshot";
  EXPECT_FALSE(ChangeSet::begin(disk_, kSync).ok());
}

TEST_F(DamageTest, ALaterFormatIsRefusedByItsNumber) {
  std::string text = manifest_text(Manifest());
  text.replace(text.find("\"version\": 1"), 12, "\"version\": 2");
  text.resize(text.rfind("xxh3:"));
  text += fmt::format("xxh3:{:016x}\n", XXH3_64bits(text.data(), text.size()));
  const auto refused = parse_manifest(text, "the/manifest");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("version 2"), std::string::npos) << refused.error().message;
}

// A commit that merges tables reads them: what is damaged must not get a new, valid checksum.
TEST_F(DamageTest, DamageIsNotCopiedIntoANewTable) {
  const ManifestUpdate rewrite{.refingerprint = [](uint64_t, Fingerprint accepted) { return accepted; }};
  for (const size_t table : {1, 2}) {
    const std::string name = files_[table];
    const size_t size = bytes_of(name).size();
    for (size_t at = table; at < size && !HasFailure(); at += 3) {
      std::string damaged = bytes_of(name);
      damaged[at] = static_cast<char>(damaged[at] ^ 4);
      set_bytes(name, damaged);
      auto old = Snapshot::open(disk_, kSync, Verify::headers);
      const bool rewritten = old.ok() && commit(*old, ChangeSet::begin(disk_, kSync).value(), rewrite).ok();
      if (rewritten)
        EXPECT_EQ(read_all(disk_, kSync, Verify::everything).value(), original_) << "byte " << at;
      if (!rewritten) ++refused_;
      ASSERT_TRUE(disk_.remove(kSync).ok());
      make_files();
    }
  }
  EXPECT_GT(refused_, 1000u);
}

}  // namespace
}  // namespace penstock
