#include <algorithm>
#include <map>
#include <unordered_map>

#include "ledger/ledger.h"

namespace penstock {
namespace {

using Take = std::function<void(JournalRecord&)>;

Result<void> read_journal(Disk& disk, const std::string& path, const Take& take) {
  auto report = read_log(disk, path, [&](std::string_view bytes) -> Result<void> {
    auto record = decode_record(bytes);
    if (!record.ok()) return record.error();
    take(*record);
    return success();
  });
  if (!report.ok()) return report.error();
  return success();
}

// First the jobs that have not ended, with the rows that they let go of.
class JobsOf {
 public:
  void take(JournalRecord& record) {
    if (auto* facts = std::get_if<RunFacts>(&record)) left.facts = std::move(*facts);
    if (const auto* request = std::get_if<RequestRecord>(&record))
      left.requests = std::max(left.requests, request->number);
    auto* job = std::get_if<JobRecord>(&record);
    if (job == nullptr) return;
    left.jobs_begun = std::max(left.jobs_begun, job->number);
    const auto known = jobs.find(job->number);
    if (known == jobs.end()) return (void)jobs.emplace(job->number, UnfinishedJob{std::move(*job), {}});
    if (job->stage == JobStage::ended) return (void)jobs.erase(known);
    known->second.job.stage = job->stage;
    let_go[job->number].insert(let_go[job->number].end(), job->rows.begin(), job->rows.end());
  }

  LeftJobs left;
  std::map<uint64_t, UnfinishedJob> jobs;
  std::map<uint64_t, std::vector<uint64_t>> let_go;
};

// Where the rows of those jobs are found.
class RowsOf {
 public:
  explicit RowsOf(JobsOf& jobs) {
    for (auto& [number, job] : jobs.jobs) {
      job.settled.assign(job.job.rows.size(), false);
      std::unordered_map<uint64_t, size_t> places;
      for (size_t i = 0; i < job.job.rows.size(); ++i) places.emplace(job.job.rows[i], i);
      for (const uint64_t row : jobs.let_go[number])
        if (const auto place = places.find(row); place != places.end()) {
          job.settled[place->second] = true;
          places.erase(place);
        }
      for (const auto& [row, place] : places) found_.insert_or_assign(row, std::pair(&job, place));
    }
  }
  void take(JournalRecord& record) {
    const auto* group = std::get_if<OutcomeGroup>(&record);
    if (group == nullptr) return;
    for (const uint64_t ordinal : group->rows)
      if (const auto row = found_.find(ordinal); row != found_.end())
        row->second.first->settled[row->second.second] = true;
  }

 private:
  std::unordered_map<uint64_t, std::pair<UnfinishedJob*, size_t>> found_;
};

}  // namespace

Result<LeftJobs> left_jobs(Disk& disk, const StatePaths& paths, const std::string& sync) {
  auto needed = needs_recovery(disk, paths, sync);
  if (!needed.ok()) return needed.error();
  if (!*needed) return LeftJobs{};
  const std::string journal = paths.journal(sync);
  JobsOf jobs;
  if (auto read = read_journal(disk, journal, [&](auto& record) { jobs.take(record); }); !read.ok())
    return read.error();
  if (jobs.jobs.empty()) return std::move(jobs.left);
  RowsOf rows(jobs);
  if (auto read = read_journal(disk, journal, [&](auto& record) { rows.take(record); }); !read.ok())
    return read.error();
  for (auto& [number, job] : jobs.jobs) jobs.left.jobs.push_back(std::move(job));
  return std::move(jobs.left);
}

}  // namespace penstock
