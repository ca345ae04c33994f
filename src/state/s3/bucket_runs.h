// Records of runs as objects of a bucket: runs/RUN~SYNC.json, approvals/PLAN/NAME.json.
#pragma once

#include "ledger/run_store.h"
#include "state/leases.h"
#include "state/s3/heads.h"

namespace penstock::state {

class BucketRuns final : public RunRecords {
 public:
  // All three must outlive this.
  BucketRuns(Bucket& bucket, BucketHeads& heads, const Leases& leases)
      : bucket_(bucket), heads_(heads), leases_(leases) {}
  Result<void> put(const RunRow& run) override;
  Result<std::optional<RunRow>> find(const std::string& run) override;
  Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit) override;
  Result<void> put(const ApprovalRow& approval) override;
  Result<std::vector<ApprovalRow>> approvals(const std::string& plan) override;

 private:
  Bucket& bucket_;
  BucketHeads& heads_;
  const Leases& leases_;
};

}  // namespace penstock::state
