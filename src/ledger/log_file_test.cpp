#include "ledger/log_file.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/faulty_disk.h"
#include "base/memory_disk.h"
#include "base/random.h"
#include "base/temp_directory.h"

namespace penstock {
namespace {

using Fault = FaultyDisk::Fault;
using Records = std::vector<std::string>;

struct Read {
  Records records;
  LogReport report;
};

Result<Read> read(Disk& disk, const std::string& path) {
  Read read;
  auto report = read_log(disk, path, [&](std::string_view record) -> Result<void> {
    read.records.emplace_back(record);
    return success();
  });
  if (!report.ok()) return report.error();
  read.report = *report;
  return read;
}

std::string random_record(Random& random) {
  return std::string(1 + random.below(random.chance(0.1) ? 2000 : 30), static_cast<char>(random.next()));
}

bool is_prefix(const Records& part, const Records& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(LogFile, KeepsRecordsInOrder) {
  const TempDirectory directory;
  const std::string path = directory.path("log");
  {
    LogWriter log = LogWriter::create(real_disk(), path, "run 7").value();
    ASSERT_TRUE(log.append("one").ok());
    ASSERT_TRUE(log.append(std::string(300'000, 'x')).ok());
    ASSERT_TRUE(log.sync().ok());
    ASSERT_TRUE(log.append("three").ok());
    ASSERT_TRUE(log.flush().ok());
    EXPECT_EQ(log.size_bytes(), real_disk().read(path).value().size());
  }
  Read found = read(real_disk(), path).value();
  EXPECT_EQ(found.report.id, "run 7");
  EXPECT_FALSE(found.report.torn());
  EXPECT_EQ(found.records, (Records{"one", std::string(300'000, 'x'), "three"}));

  LogWriter more = LogWriter::reopen(real_disk(), path, found.report, "").value();
  ASSERT_TRUE(more.append("four").ok());
  ASSERT_TRUE(more.sync().ok());
  EXPECT_EQ(read(real_disk(), path).value().records.back(), "four");
}

TEST(LogFile, WhatIsNotFlushedIsNotThere) {
  MemoryDisk disk;
  LogWriter log = LogWriter::create(disk, "log", "").value();
  ASSERT_TRUE(log.append("one").ok());
  EXPECT_TRUE(read(disk, "log").value().records.empty());
  ASSERT_TRUE(log.sync().ok());
  EXPECT_EQ(read(disk, "log").value().records, Records{"one"});
}

TEST(LogFile, RefusesWhatItCannotKeep) {
  MemoryDisk disk;
  LogWriter log = LogWriter::create(disk, "log", "").value();
  EXPECT_FALSE(log.append("").ok());
  EXPECT_FALSE(LogWriter::create(disk, "log", "").ok()) << "it exists";
  EXPECT_FALSE(read(disk, "none").ok());
}

TEST(LogFile, AnErrorOfTheReaderIsHandedOn) {
  MemoryDisk disk;
  LogWriter log = LogWriter::create(disk, "log", "").value();
  ASSERT_TRUE(log.append("one").ok() && log.sync().ok());
  const auto stopped = read_log(disk, "log", [](std::string_view) -> Result<void> {
    return Error{ErrorKind::interrupted, "enough", ""};
  });
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

// A log whose last group was never synced: `durable` records and then some more.
struct Sample {
  MemoryDisk disk;
  Records records;
  size_t durable = 0;
  std::string bytes;

  explicit Sample(bool with_tail) {
    Random random(4);
    LogWriter log = LogWriter::create(disk, "log", "id").value();
    const auto add = [&](int count) {
      for (; count > 0; --count) {
        records.push_back(random_record(random));
        EXPECT_TRUE(log.append(records.back()).ok());
      }
    };
    for (const int group : {3, 1, 5}) {
      add(group);
      EXPECT_TRUE(log.sync().ok());
    }
    durable = records.size();
    if (with_tail) add(4);
    EXPECT_TRUE(log.flush().ok());
    bytes = disk.read("log").value();
  }
};

TEST(LogFile, CutOffAnywhereItEndsWithTheLastWholeRecord) {
  Sample sample(true);
  size_t before = 0;
  for (size_t size = 0; size <= sample.bytes.size(); ++size) {
    ASSERT_TRUE(sample.disk.replace("log", sample.bytes.substr(0, size)).ok());
    const auto found = read(sample.disk, "log");
    ASSERT_TRUE(found.ok()) << size << ": " << found.error().message;
    ASSERT_TRUE(is_prefix(found->records, sample.records)) << size;
    ASSERT_GE(found->records.size(), before);
    EXPECT_EQ(found->report.valid_bytes + found->report.dropped_bytes, size);
    before = found->records.size();
    // And it can be gone on with.
    LogWriter log = LogWriter::reopen(sample.disk, "log", found->report, "id").value();
    ASSERT_TRUE(log.append("more").ok() && log.sync().ok());
    const Read again = read(sample.disk, "log").value();
    ASSERT_EQ(again.records.size(), before + 1);
    EXPECT_EQ(again.records.back(), "more");
    EXPECT_FALSE(again.report.torn());
  }
  EXPECT_EQ(before, sample.records.size());
}

TEST(LogFile, ADamagedByteIsRefusedWhereItWasDurableAndElseEndsTheLog) {
  Sample sample(true);
  const Read whole = read(sample.disk, "log").value();
  for (size_t at = 0; at < sample.bytes.size(); ++at) {
    std::string damaged = sample.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    ASSERT_TRUE(sample.disk.replace("log", damaged).ok());
    const auto found = read(sample.disk, "log");
    if (!found.ok()) {
      EXPECT_EQ(found.error().kind, ErrorKind::disk);
      EXPECT_NE(found.error().message.find("log is damaged at byte"), std::string::npos);
      EXPECT_FALSE(found.error().remedy.empty());
      continue;
    }
    EXPECT_TRUE(found->report.torn());
    ASSERT_TRUE(is_prefix(found->records, sample.records)) << at;
    EXPECT_GE(found->records.size(), sample.durable) << "a durable record is lost in silence at byte " << at;
  }
}

TEST(LogFile, AfterASyncNoDamageGoesUnnoticed) {
  Sample sample(false);
  for (size_t at = 0; at + 20 < sample.bytes.size(); ++at) {  // all but the last mark
    std::string damaged = sample.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    ASSERT_TRUE(sample.disk.replace("log", damaged).ok());
    EXPECT_FALSE(read(sample.disk, "log").ok()) << at;
  }
}

TEST(LogFile, RecordsOfAnotherLogAreNotTakenForOnesOwn) {
  MemoryDisk disk;
  for (const char* id : {"a", "b"}) {
    LogWriter log = LogWriter::create(disk, id, id).value();
    ASSERT_TRUE(log.append(id).ok() && log.sync().ok());
  }
  const std::string a = disk.read("a").value(), b = disk.read("b").value();
  ASSERT_TRUE(disk.replace("a", a.substr(0, 256) + b.substr(256)).ok());
  const Read found = read(disk, "a").value();
  EXPECT_TRUE(found.records.empty());
  EXPECT_TRUE(found.report.torn());
}

// Random writing, cut off by faults at random: what was synced is always there, nothing is made up.
void write_until_struck(uint64_t seed, Fault fault) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  MemoryDisk memory;
  FaultyDisk disk(memory, seed);
  Records records;
  size_t durable = 0;
  for (int boot = 0; boot < 5; ++boot) {
    disk.arm(fault, random.below(60));
    while (!disk.struck()) {
      const bool there = disk.exists("log").ok() && memory.exists("log").value();
      auto found = there ? read(disk, "log") : Result<Read>(Read());
      auto log = !found.ok() ? Result<LogWriter>(found.error())
                 : there     ? LogWriter::reopen(disk, "log", found->report, "id")
                             : LogWriter::create(disk, "log", "id");
      if (!log.ok()) break;
      records = found->records;
      while (!random.chance(0.02)) {
        records.push_back(random_record(random));
        if (!log->append(records.back()).ok()) break;
        if (random.chance(0.3) && !log->flush().ok()) break;
        if (random.chance(0.3)) {
          if (!log->sync().ok()) break;
          durable = records.size();
        }
      }
      if (disk.struck()) EXPECT_TRUE(!log->flush().ok() || fault != Fault::power_cut);
    }
    if (fault == Fault::power_cut)
      ASSERT_TRUE(disk.power_on().ok());
    else
      disk.disarm();
    if (!memory.exists("log").value()) continue;
    const auto found = read(disk, "log");
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_TRUE(is_prefix(found->records, records));
    EXPECT_GE(found->records.size(), durable);
    records = found->records;
    durable = std::min(durable, records.size());
  }
}

TEST(LogFile, WhatWasSyncedSurvivesPowerCuts) {
  for (uint64_t seed = 1; seed <= 2000 && !testing::Test::HasFailure(); ++seed)
    write_until_struck(seed, Fault::power_cut);
}

TEST(LogFile, WhatWasSyncedSurvivesFullAndReadOnlyDisks) {
  for (uint64_t seed = 1; seed <= 500 && !testing::Test::HasFailure(); ++seed) {
    write_until_struck(seed, Fault::full);
    write_until_struck(seed, Fault::read_only);
  }
}

}  // namespace
}  // namespace penstock
