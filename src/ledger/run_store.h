// The history of runs, and who approved of plans: one SQLite file for the project.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct sqlite3;

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

// That a person approves of a plan: of the file with this digest.
struct ApprovalRow {
  std::string plan, sync, by;
  Time at{};
  std::string note;
};

// Several processes may use one file. Not thread-safe. Errors are of kind `disk`.
class RunStore {
 public:
  // Creates the file and brings an older one up to date.
  static Result<RunStore> open(const std::string& path);
  // Nullopt when there is no file: nothing has run yet, and nothing is created for a question.
  static Result<std::optional<RunStore>> open_existing(const std::string& path);
  RunStore(RunStore&& other) noexcept;
  RunStore& operator=(RunStore&& other) noexcept;
  ~RunStore();

  // Inserts the run or replaces what is known of it.
  Result<void> put(const RunRow& run);
  Result<std::optional<RunRow>> find(const std::string& run);
  // Newest first; of all syncs for an empty name.
  Result<std::vector<RunRow>> list(const std::string& sync, uint64_t limit);

  // A person approves of a plan once; the last word counts.
  Result<void> put(const ApprovalRow& approval);
  // Of the plan with this digest, oldest first.
  Result<std::vector<ApprovalRow>> approvals(const std::string& plan);

 private:
  explicit RunStore(sqlite3* database) : database_(database) {}
  static Result<RunStore> open_read_only(const std::string& path);
  Result<void> execute(const char* sql);
  Result<void> bring_up_to_date();
  std::string columns() const;
  sqlite3* database_;
  uint64_t version_ = 0;  // of the file's format
};

}  // namespace penstock
