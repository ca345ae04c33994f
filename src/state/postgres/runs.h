// Records of runs in PostgreSQL.
#pragma once

#include "ledger/run_store.h"
#include "state/leases.h"
#include "state/postgres/server.h"

namespace penstock::state {

// A run is written under the lease of its sync, where this process holds one.
class PostgresRuns final : public RunRecords {
 public:
  // Both must outlive this.
  PostgresRuns(PostgresServer& server, const Leases& leases) : server_(server), leases_(leases) {}
  Result<void> put(const RunRow& run) override;
  Result<std::optional<RunRow>> find(const std::string& run) override;
  Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit) override;
  Result<void> put(const ApprovalRow& approval) override;
  Result<std::vector<ApprovalRow>> approvals(const std::string& plan) override;

 private:
  PostgresServer& server_;
  const Leases& leases_;
};

}  // namespace penstock::state
