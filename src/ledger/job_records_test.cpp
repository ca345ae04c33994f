#include <gtest/gtest.h>

#include "base/memory_disk.h"
#include "ledger/ledger.h"

namespace penstock {
namespace {

JobRecord begun(uint64_t number, std::vector<uint64_t> rows) {
  JobRecord job;
  job.number = number;
  job.stage = JobStage::created;
  job.id = "750";
  job.operation = "import";
  job.object = "people";
  job.match_kind = 1;
  job.step = 3;
  job.created = from_unix_micros(1'000'000);
  job.rows = std::move(rows);
  return job;
}

JobRecord later(uint64_t number, JobStage stage, std::vector<uint64_t> let_go = {}) {
  JobRecord job;
  job.number = number;
  job.stage = stage;
  job.rows = std::move(let_go);
  return job;
}

OutcomeGroup outcome(uint64_t row) {
  RowOutcome one;
  one.ordinal = row;
  one.request = 40 + row;
  return OutcomeGroup::of(one);
}

TEST(JobRecords, AreReadAsTheyWereWritten) {
  JobRecord job = begun(3, {7, 8, 9, 4, 5, 100});
  EXPECT_EQ(std::get<JobRecord>(*decode_record(encode_record(job))), job);
  job.record_ids = {"a", "b", "c", "d", "e", ""};
  EXPECT_EQ(std::get<JobRecord>(*decode_record(encode_record(job))), job);
}

TEST(JobRecords, OfAMillionRowsInOrderAreShort) {
  std::vector<uint64_t> rows(1'000'000);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  EXPECT_LT(encode_record(begun(1, rows)).size(), 60u);
}

TEST(RemovedMatchRecords, AreReadAsTheyWereWritten) {
  const Whereabouts learned{{0, 7, 300}, {"", "r1", "r2"}};
  const auto read = std::get<Whereabouts>(*decode_record(encode_record(learned)));
  EXPECT_EQ(read.rows, learned.rows);
  EXPECT_EQ(read.record_ids, learned.record_ids);
}

TEST(JobRecords, WithImpossibleLengthsAreRefused) {
  std::string bytes = encode_record(begun(1, {5}));
  // The length of the only run, in front of the number of record ids.
  bytes[bytes.size() - 2] = 0;
  EXPECT_FALSE(decode_record(bytes).ok());
}

class Left : public testing::Test {
 protected:
  LeftJobs left(const std::vector<JournalRecord>& records) {
    EXPECT_TRUE(disk.make_directories(paths.sync("s")).ok());
    auto writer = LogWriter::create(disk, paths.journal("s"), "run");
    EXPECT_TRUE(writer.ok());
    for (const auto& record : records) EXPECT_TRUE(writer->append(encode_record(record)).ok());
    EXPECT_TRUE(writer->sync().ok());
    auto found = left_jobs(disk, paths, "s");
    EXPECT_TRUE(found.ok());
    return *std::move(found);
  }
  MemoryDisk disk;
  StatePaths paths{"state"};
};

TEST_F(Left, AreTheJobsThatHaveNotEnded) {
  const LeftJobs found =
      left({begun(1, {1, 2}), begun(2, {3, 4, 5}), later(1, JobStage::starting), outcome(1), outcome(2),
            later(1, JobStage::ended), later(2, JobStage::running)});
  ASSERT_EQ(found.jobs.size(), 1u);
  EXPECT_EQ(found.jobs[0].job.number, 2u);
  EXPECT_EQ(found.jobs[0].job.stage, JobStage::running);
  EXPECT_EQ(found.jobs[0].settled, (std::vector<bool>{false, false, false}));
  EXPECT_EQ(found.jobs_begun, 2u);
}

TEST_F(Left, RowsThatHaveAnOutcomeOrWereLetGoAreSettled) {
  const LeftJobs found = left({outcome(3), begun(1, {1, 2, 3}), later(1, JobStage::created, {2}),
                               begun(2, {2, 9}), outcome(9), RunEnd{"interrupted", ""}});
  ASSERT_EQ(found.jobs.size(), 2u);
  EXPECT_EQ(found.jobs[0].settled, (std::vector<bool>{false, true, true}))
      << "one was let go, one has its outcome";
  EXPECT_EQ(found.jobs[1].settled, (std::vector<bool>{false, true}));
}

TEST_F(Left, AreNoneWithoutAJournal) {
  EXPECT_TRUE(left_jobs(disk, paths, "other")->jobs.empty());
}

}  // namespace
}  // namespace penstock
