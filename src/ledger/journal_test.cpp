// A journal whose file may be somebody else's by now.
#include "ledger/journal.h"

#include <gtest/gtest.h>

#include <atomic>

#include "async/real_loop.h"
#include "base/memory_disk.h"

namespace penstock {
namespace {

struct Lease {
  std::atomic<bool> lost = false;
  std::atomic<int> syncs = 0;
  std::atomic<bool> slow = false;
};

class LeasedFile final : public AppendFile {
 public:
  LeasedFile(std::unique_ptr<AppendFile> file, Lease& lease) : file_(std::move(file)), lease_(lease) {}
  Result<void> append(std::string_view bytes) override { return file_->append(bytes); }
  Result<void> sync() override {
    ++lease_.syncs;
    while (lease_.slow && !lease_.lost) std::this_thread::yield();
    return file_->sync();
  }
  uint64_t size() const override { return file_->size(); }
  std::optional<Error> lost() const override {
    return lease_.lost ? std::optional(Error{ErrorKind::locked, "lost", ""}) : std::nullopt;
  }

 private:
  std::unique_ptr<AppendFile> file_;
  Lease& lease_;
};

class LeasedDisk final : public Disk {
 public:
  explicit LeasedDisk(Lease& lease) : lease_(lease) {}
  Result<void> make_directories(const std::string& path) override { return disk_.make_directories(path); }
  Result<bool> exists(const std::string& path) override { return disk_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& path) override { return disk_.list(path); }
  Result<std::string> read(const std::string& path) override { return disk_.read(path); }
  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override { return disk_.map(path); }
  Result<std::unique_ptr<AppendFile>> append_to(const std::string& path) override {
    auto file = disk_.append_to(path);
    if (!file.ok()) return file.error();
    return std::unique_ptr<AppendFile>(std::make_unique<LeasedFile>(*std::move(file), lease_));
  }
  Result<void> truncate(const std::string& path, uint64_t size) override {
    return disk_.truncate(path, size);
  }
  Result<void> replace(const std::string& path, std::string_view bytes) override {
    return disk_.replace(path, bytes);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return disk_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override { return disk_.remove(path); }

 private:
  MemoryDisk disk_;
  Lease& lease_;
};

RunFacts facts_of_a_run() {
  RunFacts facts;
  facts.run = "run-1";
  facts.sync = "contacts";
  return facts;
}

Task<void> lose_it_between_batches(Loop& loop, Disk& disk, Lease& lease) {
  auto journal = *Journal::create(loop, disk, "journal", facts_of_a_run());
  EXPECT_TRUE(co_await journal->allow_through(10));
  EXPECT_TRUE(co_await journal->allow_through(20)) << "declared in advance";
  lease.lost = true;
  EXPECT_FALSE(co_await journal->allow_through(30)) << "though it is declared durably";
  EXPECT_FALSE(co_await journal->allow_rows({31}));
  EXPECT_FALSE(co_await journal->durable());
  EXPECT_EQ(journal->failure()->kind, ErrorKind::locked);
}

TEST(JournalTest, NothingMayBeSentOnceTheLeaseIsLost) {
  Lease lease;
  LeasedDisk disk(lease);
  RealLoop loop(2);
  loop.run(lose_it_between_batches(loop, disk, lease));
}

// The journal is forgotten as soon as it says that it failed: no group may be on its way then.
Task<void> lose_it_while_a_group_is_written(Loop& loop, Disk& disk, Lease& lease) {
  auto journal = *Journal::create(loop, disk, "journal", facts_of_a_run());
  const int before = lease.syncs;
  lease.slow = true;
  journal->add(Intent{.through = 5, .rows = {}});
  while (lease.syncs == before) co_await loop.sleep_for(1ms);
  lease.lost = true;
  EXPECT_FALSE(co_await journal->allow_through(1));
  EXPECT_FALSE(co_await journal->durable());
  journal.reset();
  co_await loop.sleep_for(20ms);
}

TEST(JournalTest, EndsOnlyAfterTheGroupThatIsOnItsWay) {
  for (int i = 0; i < 20; ++i) {
    Lease lease;
    LeasedDisk disk(lease);
    RealLoop loop(2);
    loop.run(lose_it_while_a_group_is_written(loop, disk, lease));
  }
}

}  // namespace
}  // namespace penstock
