// The history of runs, and who approved of plans: one SQLite file for the project, or tables that all
// machines share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace penstock {

// One run as people see it. Counts as in docs/design: rows = added + changed + unchanged + invalid + waiting,
// sent = accepted + rejected + skipped + in_doubt.
struct RunRow {
  std::string run, sync;
  std::string status = "running";  // running, succeeded, partial, failed, stopped, interrupted
  std::string kind = "run";        // run, full, baseline, retry
  Time started{};
  std::optional<Time> finished;
  uint64_t rows = 0, added = 0, changed = 0, removed = 0, unchanged = 0, invalid = 0, waiting = 0;
  uint64_t sent = 0, accepted = 0, rejected = 0, skipped = 0, in_doubt = 0, failed = 0;
  uint64_t requests = 0, throttled = 0;
  std::string error;
  std::string confirmed;    // guards that a person passed, separated by commas
  std::string plan;         // the digest of the plan file that was run
  std::string approved_by;  // who had approved it
  double seconds() const { return finished ? in_seconds(*finished - started) : 0; }
};

// What a RunRow consists of, but for its times: each part under the name by which it is kept everywhere.
template <class Value>
struct RunField {
  std::string_view name;
  Value RunRow::* value;
};
inline constexpr RunField<std::string> kRunTexts[] = {
    {"run", &RunRow::run},       {"sync", &RunRow::sync},
    {"status", &RunRow::status}, {"kind", &RunRow::kind},
    {"error", &RunRow::error},   {"confirmed", &RunRow::confirmed},
    {"plan", &RunRow::plan},     {"approved_by", &RunRow::approved_by}};
inline constexpr RunField<uint64_t> kRunCounts[] = {
    {"rows", &RunRow::rows},         {"added", &RunRow::added},         {"changed", &RunRow::changed},
    {"removed", &RunRow::removed},   {"unchanged", &RunRow::unchanged}, {"invalid", &RunRow::invalid},
    {"waiting", &RunRow::waiting},   {"sent", &RunRow::sent},           {"accepted", &RunRow::accepted},
    {"rejected", &RunRow::rejected}, {"skipped", &RunRow::skipped},     {"in_doubt", &RunRow::in_doubt},
    {"failed", &RunRow::failed},     {"requests", &RunRow::requests},   {"throttled", &RunRow::throttled}};
// All of their names, and then "started" and "finished".
std::vector<std::string> run_columns();

// That a person approves of a plan: of the file with this digest.
struct ApprovalRow {
  std::string plan, sync, by;
  Time at{};
  std::string note;
};

// Where the records of runs are kept. Not thread-safe. Errors are of kind `disk`; of kind `locked` where the
// lease of the run's sync was lost.
class RunRecords {
 public:
  virtual ~RunRecords() = default;
  // Inserts the run or replaces what is known of it.
  virtual Result<void> put(const RunRow& run) = 0;
  virtual Result<std::optional<RunRow>> find(const std::string& run) = 0;
  // Newest first; of all syncs for an empty name.
  virtual Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit) = 0;
  // A person approves of a plan once; the last word counts.
  virtual Result<void> put(const ApprovalRow& approval) = 0;
  // Of the plan with this digest, oldest first.
  virtual Result<std::vector<ApprovalRow>> approvals(const std::string& plan) = 0;
};

// The records of a project, wherever they are.
class RunStore {
 public:
  explicit RunStore(std::unique_ptr<RunRecords> records) : records_(std::move(records)) {}
  // In an SQLite file, which several processes may use. Creates it and brings an older one up to date.
  static Result<RunStore> open(const std::string& path);
  // Nullopt when there is no file: nothing has run yet, and nothing is created for a question.
  static Result<std::optional<RunStore>> open_existing(const std::string& path);

  Result<void> put(const RunRow& run) { return records_->put(run); }
  Result<std::optional<RunRow>> find(const std::string& run) { return records_->find(run); }
  Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit) {
    return records_->list(sync, limit);
  }
  Result<void> put(const ApprovalRow& approval) { return records_->put(approval); }
  Result<std::vector<ApprovalRow>> approvals(const std::string& plan) { return records_->approvals(plan); }

 private:
  std::unique_ptr<RunRecords> records_;
};

}  // namespace penstock
