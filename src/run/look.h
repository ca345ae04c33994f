// Reads what the destination holds of a plan's records, and writes nothing there.
#pragma once

#include "run/run.h"

namespace penstock {

// What is read for, and how. All of it outlives the reading.
struct LookParts {
  RunParts& run;
  Access& access;
  const connector::Target& target;
  const Router& router;  // that looks only
  const MappedModel& model;
  duck::Connection& connection;  // of the plan file
  double rate_share = 1;
};

// What was read, in a file like that of before-images; removed with this.
class LookedAt {
 public:
  LookedAt(Disk& disk, std::string directory) : disk_(&disk), directory_(std::move(directory)) {}
  LookedAt(LookedAt&& other) noexcept
      : disk_(std::exchange(other.disk_, nullptr)),
        directory_(std::move(other.directory_)),
        requests(other.requests) {}
  LookedAt(const LookedAt&) = delete;
  LookedAt& operator=(const LookedAt&) = delete;
  ~LookedAt() {
    if (disk_ != nullptr) (void)disk_->remove(directory_);
  }
  LookFiles files(const std::string& plan) const {
    return {.plan = plan, .journal = join_path(directory_, "journal"), .images = images()};
  }
  std::string images() const { return join_path(directory_, "images.parquet"); }

 private:
  Disk* disk_;
  std::string directory_;

 public:
  uint64_t requests = 0;
};

// `facts`: of the run that this would be. Errors: the destination's, the disk's; of kind `interrupted` when a
// person stopped it.
Task<Result<LookedAt>> look(LookParts parts, const std::string& plan, RunFacts facts);

// Of all rows of the plan.
Result<LookCounts> count_looked(const LookedAt& looked);

// Fills in what the destination holds.
void add_values_there(const LookedAt& looked, std::vector<SampleRow>& samples);

}  // namespace penstock
